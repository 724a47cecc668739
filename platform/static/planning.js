// The planning: arrows go from day to day, and one's own grid is asked again when a meeting it shows has changed.
const main = document.getElementById("main");
const grid = () => document.getElementById("grid");
const days = () => [...grid().querySelectorAll(".day-link")].filter((each) => each.checkVisibility());

// One stop for the Tab key among the days of a month, wherever one was last; events keep theirs.
let current;
function settle() {
  const all = days();
  if (!document.querySelector(".month") || !all.length) return;
  const known = all.find((each) => each.id === current) ?? all.find((each) => each.closest("[aria-current]")) ?? all[0];
  for (const each of all) each.tabIndex = each === known ? 0 : -1;
}

const placeOf = (element) => element.closest("td, section")?.querySelector(".day-link");
function step(from, by) {
  const all = days();
  return all[all.indexOf(from) + by];
}
function ofWeek(from, last) {
  const row = [...from.closest("tr")?.querySelectorAll(".day-link") ?? []];
  return row.at(last ? -1 : 0);
}
const week = () => (document.querySelector(".month") ? 7 : 1);
const KEYS = {
  ArrowLeft: (from) => step(from, -1), ArrowRight: (from) => step(from, 1),
  ArrowUp: (from) => step(from, -week()), ArrowDown: (from) => step(from, week()),
  Home: (from) => ofWeek(from, false), End: (from) => ofWeek(from, true),
};

main.addEventListener("keydown", (event) => {
  const from = grid().contains(event.target) && placeOf(event.target);
  if (!from || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const next = KEYS[event.key]?.(from);
  if (!next) return;
  event.preventDefault();
  next.focus();
});
main.addEventListener("focusin", ({ target }) => {
  if (!target.matches(".day-link")) return;
  current = target.id;
  settle();
});

// What arrives says which body; whoever shows it asks for the grid, a little apart from the others.
const APART = 400;
let asking, isAgain;
function heard() {
  const { body } = document.getElementById("grid-news").dataset, { watched } = grid().dataset;
  if (body && watched !== "*" && !watched.split(" ").includes(body)) return;
  if (asking) isAgain = true;
  else asking = setTimeout(renew, Math.random() * APART);
}

// In a template nothing of a page is applied: its style has the nonce of another answer.
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

async function renew() {
  isAgain = false;
  try {
    const answer = await fetch(location.href);
    if (answer.ok || answer.status === 422) put(parse(await answer.text()).getElementById("grid"));
  } catch { /* the network: the next news asks again */ }
  asking = isAgain ? setTimeout(renew, APART) : null;
}

function put(fresh) {
  if (!fresh) return;
  const focused = grid().contains(document.activeElement) ? document.activeElement : null;
  const day = focused && placeOf(focused)?.id;
  const known = new Set([...grid().querySelectorAll(".event[id]")].map((each) => each.outerHTML));
  grid().replaceWith(fresh);
  for (const each of fresh.querySelectorAll(".event[id]")) if (!known.has(each.outerHTML)) each.classList.add("enters");
  if (focused) (document.getElementById(focused.id) ?? document.getElementById(day) ?? main).focus({ preventScroll: true });
  document.getElementById("announce").textContent = "Le planning a changé.";
}

new MutationObserver(heard).observe(document.getElementById("news"), { childList: true });
new MutationObserver(settle).observe(main, { childList: true, subtree: true });
settle();
