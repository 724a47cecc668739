// The plan of the fleet: arrows go from cell to cell, and a block of one's own may be carried elsewhere (timeline_carry.js).
const main = document.getElementById("main"), me = document.body.dataset.me;
const keeps = new Set(main.querySelector(".plan")?.dataset.keeps.split(" "));
const stops = () => [...main.querySelectorAll(".plan a")].filter((each) => each.checkVisibility());
const isMine = (block) => block.dataset.author === me || keeps.has(block.closest("[data-owner]").dataset.owner);

// One stop for the Tab key, wherever one was last; rows that arrive live join in.
let current;
function settle() {
  const all = stops();
  if (!all.includes(current)) current = all.includes(document.activeElement) ? document.activeElement : all[0];
  for (const each of all) {
    each.tabIndex = each === current ? 0 : -1;
    each.draggable = Boolean(each.dataset.at && isMine(each));
  }
}

const middle = (element) => {
  const box = element.getBoundingClientRect();
  return box.left + box.width / 2;
};
const rowOf = (element) => element.closest(".plan-row");
const within = (row) => [...row?.querySelectorAll("a") ?? []].filter((each) => each.checkVisibility());

function beside(step) {
  const row = within(rowOf(current)).sort((one, other) => middle(one) - middle(other));
  return row[row.indexOf(current) + step];
}

function across(step) {
  const rows = [...main.querySelectorAll(".plan-row[id]")], at = middle(current);
  const far = (element) => Math.abs(middle(element) - at);
  return within(rows[rows.indexOf(rowOf(current)) + step]).sort((one, other) => far(one) - far(other))[0];
}

const ends = (last) => within(rowOf(current)).at(last ? -1 : 0);

const KEYS = {
  ArrowLeft: () => beside(-1), ArrowRight: () => beside(1), ArrowUp: () => across(-1), ArrowDown: () => across(1),
  Home: () => ends(false), End: () => ends(true),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !stops().includes(document.activeElement)) return;
  current = document.activeElement;
  if (event.key.toLowerCase() === "d" && current.matches(".block") && isMine(current)) {
    location.href = `/reservations/${current.getAttribute("href").split("/").pop()}/deplacement`;
  }
  const next = KEYS[event.key]?.();
  if (!next) return;
  event.preventDefault();
  next.focus();
}

main.addEventListener("keydown", pressed);
main.addEventListener("focusin", ({ target }) => {
  if (!target.matches(".plan a")) return;
  current = target;
  settle();
});
new MutationObserver(settle).observe(main, { childList: true, subtree: true });
settle();
const now = main.querySelector(".is-today"), frame = main.querySelector(".plan-scroll");
if (now) frame.scrollLeft = now.offsetLeft - frame.clientWidth / 2;
