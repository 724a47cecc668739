"""The views of time: a month, a week, a day, a list and a year, with calendars laid over each other."""
