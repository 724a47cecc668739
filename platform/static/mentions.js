// Completion of « @ » while one writes: the keys and states of an editable combobox with a list (ARIA Authoring
// Practices), but for its role: a textarea of several lines may bear none, so what opens is said aloud.
// The editor may be replaced at any moment: everything is bound to the window, and known from the focused area.
const CALL = /(?:^|[\s([«"'’])@([\p{L}\p{N}:-]{0,60})$/u;
const AREA = "form textarea[name=body]", WAIT = 150;
const list = Object.assign(document.createElement("ul"), { id: "suggestions", className: "suggestions", tabIndex: 0, hidden: true });
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Personnes, communes et instances à prévenir");

let area, timer, asked, at = -1, dismissed;
const options = () => [...list.children];
const isOpen = () => !list.hidden;

// What is being typed after « @ », and where it begins.
function call() {
  if (!area || area.selectionStart !== area.selectionEnd) return null;
  const found = CALL.exec(area.value.slice(Math.max(0, area.selectionStart - 80), area.selectionStart));
  return found && { typed: found[1], from: area.selectionStart - found[1].length - 1, to: area.selectionStart };
}

// Where one writes decides who can read: the form says in which thread, over which message, or in which forum.
function place() {
  const [, kind, id] = /\/forums\/(?:(fils|messages)\/)?([^/]+)/.exec(area.form.getAttribute("action")) ?? [];
  return `${{ fils: "fil", messages: "message" }[kind] ?? "forum"}=${id}`;
}

function adopt(next) {
  if (area === next) return;
  close();
  area = next;
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  area.setAttribute("aria-haspopup", "listbox");
}

async function suggest() {
  const found = call();
  if (!found) return close();
  const address = `/forums/mentions?q=${encodeURIComponent(found.typed)}&${place()}`;
  asked = address;
  let html = "";
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    html = answer.ok ? await answer.text() : "";
  } catch { /* without the network, one goes on typing by hand */ }
  if (asked !== address || !call()) return;
  list.innerHTML = html;
  if (!list.firstElementChild) return close();
  open();
}

function open() {
  if (!list.isConnected) document.getElementById("main").append(list);
  list.hidden = false;
  stand();
  choose(0);
  const count = options().length;
  const words = count > 1 ? `${count}\u00a0suggestions` : "Une suggestion";
  document.getElementById("announce").textContent = `${words}, flèches pour choisir, Entrée pour insérer.`;
}

// Under the area's own caret line would need a mirror of it: under the area is calm, and never hides the words.
function stand() {
  const box = area.getBoundingClientRect(), below = innerHeight - box.bottom;
  const isAbove = below < list.offsetHeight + 8 && box.top > below;
  const free = Math.max(4, innerHeight - list.offsetHeight - 4);
  const [top, bottom] = isAbove ? ["auto", `${innerHeight - box.top + 4}px`] : [`${Math.min(box.bottom + 4, free)}px`, "auto"];
  const left = Math.max(4, Math.min(box.left, innerWidth - list.offsetWidth - 8));
  Object.assign(list.style, { left: `${left}px`, top, bottom });
}

function close() {
  clearTimeout(timer);
  asked = null;
  at = -1;
  if (list.hidden) return;
  list.hidden = true;
  area?.removeAttribute("aria-activedescendant");
}

function choose(next) {
  const all = options();
  at = (next + all.length) % all.length;
  all.forEach((option, index) => option.setAttribute("aria-selected", index === at));
  all[at].scrollIntoView({ block: "nearest" });
  area.setAttribute("aria-activedescendant", all[at].id);
}

function insert(option) {
  const found = call();
  close();
  if (!found) return;
  area.focus();
  area.setSelectionRange(found.from, found.to);
  const words = `${option.dataset.handle} `;
  // As if it were typed, so that the browser can undo it.
  if (!document.execCommand("insertText", false, words)) {
    area.setRangeText(words, found.from, found.to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

addEventListener("input", ({ target }) => {
  if (!target.matches?.(AREA)) return;
  adopt(target);
  clearTimeout(timer);
  const found = call();
  if (!found) { dismissed = null; return close(); }
  if (dismissed === found.from) return;
  timer = setTimeout(suggest, WAIT);
});

// Before the other listeners: while the list is open, these keys are its own.
addEventListener("keydown", (event) => {
  if (!isOpen() || event.target !== area || event.isComposing) return;
  const { key } = event;
  if (key === "ArrowDown") choose(at + 1);
  else if (key === "ArrowUp") choose(at - 1);
  else if ((key === "Enter" || key === "Tab") && !event.shiftKey && !event.ctrlKey && !event.metaKey) insert(options()[at]);
  else if (key === "Escape") { dismissed = call()?.from; close(); }
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.("#suggestions > li");
  if (option) { event.preventDefault(); insert(option); } else if (isOpen() && event.target !== area) close();
}, true);
addEventListener("focusout", ({ target }) => { if (target === area) close(); });
for (const type of ["resize", "scroll"]) addEventListener(type, () => { if (isOpen()) stand(); });
