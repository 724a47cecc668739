// Carries a block of the plan to another time, or to another unit of its type, by the mouse or by keys. It sends the
// same form as « Déplacer », so the same rules refuse or accept.
const main = document.getElementById("main");
const rowOf = (element) => element.closest(".plan-row");
const form = (block) => `/reservations/${block.getAttribute("href").split("/").pop()}/deplacement`;
const say = (words) => { document.getElementById("announce").textContent = words; };
let carried;

function take(block, words) {
  carried?.classList.remove("carried");
  carried = block;
  carried?.classList.add("carried");
  say(words);
}

function refusal(cell) {
  if (rowOf(cell).dataset.type !== rowOf(carried).dataset.type) return "Ce n’est pas le même type de matériel.";
  return cell.matches('a[href^="r/"]') ? "" : "Ce n’est pas libre ici.";
}

function where(cell) {
  const { day, start } = moved(cell), time = new Date(`${day}T${start}`);
  const words = time.toLocaleString("fr", { weekday: "long", day: "numeric", hour: "numeric", minute: "2-digit" });
  return `${rowOf(cell).querySelector("a").textContent}, ${words}`;
}

function lay(cell) {
  const why = refusal(cell), row = rowOf(cell);
  if (!why) return send(form(carried), { ...moved(cell), ...row.id !== rowOf(carried).id && { unit: row.id.slice(5) } });
  const box = Object.assign(document.createElement("div"), { className: "notice warning", textContent: why });
  main.querySelector(".once").replaceChildren(box);
  box.scrollIntoView({ block: "nearest" });
}

const under = ({ target }) => carried && (target.closest('a[href^="r/"]') ?? target.closest("[role=gridcell]"));

// Times of the clock, never of a zone: eight o'clock stays eight o'clock, whatever the night in between.
const clock = (words) => Date.parse(`${words}Z`);
const fieldsOf = (moment) => new Date(moment).toISOString().slice(0, 16).split("T");

function moved(cell) {
  const [starts, ends] = carried.dataset.at.split("/").map(clock);
  const [, year, month, on, hour] = /(..)(..)(..)(?:T(..))?$/.exec(cell.getAttribute("href"));
  const begins = clock(`20${year}-${month}-${on}T${hour ? `${hour}:00` : carried.dataset.at.slice(11, 16)}`);
  const [day, start] = fieldsOf(begins), [last, end] = fieldsOf(begins + ends - starts);
  return { day, start, last_day: last, end };
}

function send(address, fields) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address, hidden: true });
  for (const [name, value] of Object.entries(fields)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}

const unmark = () => main.querySelector(".over")?.classList.remove("over");

main.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || !target.matches(".plan a")) return;
  if (key.toLowerCase() === "m" && target.draggable && target.matches(".block")) {
    take(target, "Bloc pris. Les flèches le portent, Entrée le pose, Échap le laisse.");
  } else if (key === "Escape" && carried) {
    take(null, "Bloc laissé à sa place.");
  } else if (key === "Enter" && carried) {
    event.preventDefault();
    lay(target);
  }
});
main.addEventListener("focusin", ({ target }) => {
  if (carried && target !== carried && target.matches(".plan a")) say(refusal(target) || where(target));
});
main.addEventListener("dragstart", (event) => {
  take(event.target.closest?.(".block[data-at]"), "");
  event.dataTransfer.effectAllowed = "move";
});
main.addEventListener("dragover", (event) => {
  unmark();
  const cell = under(event);
  if (!cell) return;
  event.preventDefault();
  if (!refusal(cell)) cell.classList.add("over");
});
main.addEventListener("drop", (event) => {
  const cell = under(event);
  if (!cell) return;
  event.preventDefault();
  lay(cell);
});
main.addEventListener("dragend", () => { unmark(); take(null, ""); });
