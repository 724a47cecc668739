// Reads a calendar as Thunderbird does (ical.js): every instant it finds, with what it is called, as JSON.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const MOST = 1000;
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf-8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const events = calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
const instant = (time) => (time.isDate ? time.toString() : time.toUnixTime());
const found = [];
for (const event of events.filter((each) => !each.isRecurrenceException())) {
  for (const change of events.filter((each) => each.isRecurrenceException() && each.uid === event.uid)) {
    event.relateException(change);
  }
  if (!event.isRecurring()) {
    found.push([event.uid, instant(event.startDate), instant(event.endDate), event.summary]);
    continue;
  }
  const dates = event.iterator();
  for (let date = dates.next(), count = 0; date && count < MOST; date = dates.next(), count += 1) {
    const { startDate, endDate, item } = event.getOccurrenceDetails(date);
    found.push([event.uid, instant(startDate), instant(endDate), item.summary]);
  }
}
process.stdout.write(JSON.stringify(found));
