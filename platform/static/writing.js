// Helps to write in the forums: formatting, drafts that survive, quotes of a selection, keys.
// htmx and live.js change pages under it: it listens to the window, and the form itself holds what is known of it.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, selector, act, first) => addEventListener(type, (event) => {
  const found = event.target.closest?.(selector);
  if (found) act(found, event);
}, first);
const EDITOR = "[data-editor]", FORM = `form:has(${EDITOR})`, TOOL = "[role=toolbar] button";

// Words go in as if they were typed, so that the browser can undo them.
function put(area, words, from, to, select = words.length, size = 0) {
  area.focus();
  area.setSelectionRange(from, to);
  document.execCommand(words ? "insertText" : "delete", false, words);
  area.setSelectionRange(from + select, from + select + size);
}

// Formatting: each tool says in the page what it puts around words, before lines, or in place of nothing.
function around(area, mark, example, from, to) {
  const { value } = area, size = mark.length;
  while (from < to && /\s/.test(value[from])) from += 1;
  while (from < to && /\s/.test(value[to - 1])) to -= 1;
  let signs = 0; // * is italic, ** is bold, *** is both
  while (value[from - 1 - signs] === mark[0] && value[to + signs] === mark[0]) signs += 1;
  const words = value.slice(from, to) || example;
  if (size === 1 ? signs % 2 : signs > 1) put(area, words, from - size, to + size, 0, words.length);
  else put(area, mark + words + mark, from, to, size, words.length);
}

const BARE = /^(#{1,6} +|> ?|[-*+] +|\d+[.)] +)/;
function lines(area, prefix, start, end) {
  const from = area.value.slice(0, start).lastIndexOf("\n") + 1, to = `${area.value}\n`.indexOf("\n", end);
  const all = area.value.slice(from, to).split("\n");
  const mark = (index) => prefix.replace("1", index + 1);
  const is = all.every((line, index) => line.startsWith(mark(index)));
  const bare = (line) => (prefix === "> " ? line : line.replace(BARE, ""));
  const made = all.map((line, index) => (is ? line.slice(mark(index).length) : mark(index) + bare(line))).join("\n");
  put(area, made, from, to, ...(all[1] === undefined ? [] : [0, made.length]));
}

function block(area, text, from, to, at, size) {
  const before = area.value.slice(0, from), gap = /(^|\n\n)$/.test(before) ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  put(area, `${gap}${text}\n`, from, to, gap.length + at, size);
}

function link(area, words, from, to) {
  const isAddress = /^https?:\S+$/.test(words), text = !words || isAddress ? "texte du lien" : words;
  const select = text === words ? [text.length + 3, 8] : [1, text.length];
  put(area, `[${text}](${isAddress ? words : "https://"})`, from, to, ...select);
}

function use({ dataset: { around: mark, lines: prefix, block: text }, ariaLabel }, editor) {
  const area = $("textarea", editor), { selectionStart: from, selectionEnd: to } = area;
  const words = area.value.slice(from, to);
  if (text) block(area, text, from, to, 2, 7);
  else if (prefix) lines(area, prefix, from, to);
  else if (!mark) link(area, words, from, to);
  else if (mark === "`" && words.includes("\n")) block(area, `\`\`\`\n${words}\n\`\`\``, from, to, 4, words.length);
  else around(area, mark, ariaLabel.toLowerCase(), from, to);
}

on("click", TOOL, (button) => use(button, button.closest(EDITOR)));
on("keydown", `${EDITOR} textarea`, (area, event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const tool = $$(TOOL, area.closest(EDITOR)).find((each) => each.ariaKeyShortcuts === `Control+${event.key.toUpperCase()}`);
  if (!tool) return;
  event.preventDefault();
  use(tool, area.closest(EDITOR));
});
on("keydown", TOOL, (button, event) => {
  const all = $$("button", button.parentNode), at = all.indexOf(button);
  const next = all.at({ ArrowRight: (at + 1) % all.length, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key] ?? at);
  if (next === button) return;
  event.preventDefault();
  [button.tabIndex, next.tabIndex] = [-1, 0];
  next.focus();
});

// Drafts: the form names its sheet, about.place.id.turn.over.over_turn; turns only grow.
const DRAFTS = "/forums/brouillons", ALL = "entente-draft:", MINE = `${ALL}${document.body.dataset.me}:`;
let isOut = false; // whoever signs out leaves nothing here
const name = (sheet) => sheet.split(".")[2];
const waiting = new WeakMap(), sent = new WeakMap(); // form → since when it waits, and its timer; what it said last

// A copy stays in this browser until the server says that it has the text.
const copied = (sheet) => localStorage[MINE + name(sheet)];
const forget = (sheet) => { if (copied(sheet)?.includes(sheet)) delete localStorage[MINE + name(sheet)]; };
const copies = (prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

function turn(form, isPost) {
  clearTimeout(waiting.get(form)?.timer);
  waiting.delete(form);
  const { draft, title, body } = form.elements, text = { title: title?.value ?? "", body: body.value };
  const whole = JSON.stringify(text), next = (part, at) => (at === 3 ? Number(part) + 1 : part);
  // The same text again is the same turn: thrown away since, it does not come back.
  if (isPost || sent.get(form) !== whole) draft.value = draft.value.split(".").map(next).join(".");
  sent.set(form, whole);
  text.draft = draft.value;
  try { localStorage[MINE + name(text.draft)] = JSON.stringify(text); } catch { /* no room here: the server may have some */ }
  return text;
}

function later(form, pause) {
  const { since = Date.now(), timer } = waiting.get(form) ?? {};
  clearTimeout(timer);
  const wait = Math.min(pause, Math.max(0, since + 5_000 - Date.now()));
  waiting.set(form, { since, timer: setTimeout(() => save(form), wait) });
}

async function send(text, keepalive = false) {
  const body = new FormData();
  for (const field of Object.entries(text)) body.append(...field);
  try {
    const answer = await fetch(DRAFTS, { method: "POST", body, keepalive });
    const said = answer.ok || answer.status === 422 ? await answer.json() : { away: answer.status };
    if (said.draft) forget(text.draft);
    return said;
  } catch { return { away: 0 }; }
}

async function save(form, keepalive) {
  const text = turn(form), said = await send(text, keepalive), { draft } = form.elements;
  if (said.error) return tell(form, said.error);
  if ("away" in said) {
    waiting.set(form, { timer: setTimeout(() => save(form), 10_000) });
    const why = said.away === 401 ? "Votre session a pris fin" : "Le serveur ne répond pas";
    return tell(form, `${why}. Votre texte est gardé dans ce navigateur.`);
  }
  // Posted or thrown away in another window meanwhile: what was typed since goes on under another name.
  draft.value = draft.value.replace(name(text.draft), name(said.draft));
  if (!said.ended) tell(form, "Brouillon enregistré.", said.others);
}

function tell(form, words, others = 0) {
  const more = others > 1 ? `${others} autres brouillons existent` : others ? "Un autre brouillon existe" : "";
  const place = $("[data-draft-status]", form);
  if (place.textContent === `${words} ${more}`) return; // said once
  place.textContent = `${words} `;
  if (more) place.append(Object.assign(document.createElement("a"), { href: DRAFTS, textContent: more }));
}

on("input", FORM, (form, { target }) => {
  if (!/^(title|body)$/.test(target.name)) return;
  $(".preview", form)?.replaceChildren(); // it shows what was
  later(form, 1_000);
});
const leave = () => { if (!isOut) for (const form of $$(FORM)) if (waiting.has(form)) save(form, true); };
addEventListener("pagehide", leave);
addEventListener("visibilitychange", () => { if (document.hidden) leave(); });

// A post ends its draft: this turn is the last, and the copy stays until the answer.
on("submit", FORM, (form, { submitter }) => { if (submitter?.name !== "act") turn(form, true); }, true);
addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
  if (!elt.matches(FORM)) return;
  if (successful) forget(elt.elements.draft.value);
  else recover();
});
addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  if (elt.matches(FORM) && !$("[autofocus]", elt)) $("textarea", elt).focus({ preventScroll: true });
});

// What the server has not confirmed is sent again; what belongs on this page is put back.
async function recover() {
  for (const key of copies(MINE)) {
    const text = JSON.parse(localStorage[key]), said = await send(text);
    if (said.draft && !said.ended) offer(text, said.draft.split("."));
  }
}

function offer(text, [about, place, id, turns]) {
  const form = $$(FORM).find((each) => each.elements.draft.value.startsWith(`${about}.${place}.`));
  if (!form || !text.body.trim() || form.elements.draft.value.includes(`.${id}.${turns}`)) return;
  const { draft, title, body } = form.elements, parts = draft.value.split(".");
  const isFree = !waiting.has(form) && body.value === body.defaultValue && (parts[4] === id || !body.value.trim());
  if (!isFree) return tell(form, "", 1);
  draft.value = [...parts.slice(0, 4), id, turns].join(".");
  body.value = text.body;
  if (title) title.value = text.title;
  tell(form, "Votre texte non enregistré est retrouvé.");
}
on("submit", "form[action='/deconnexion']", () => {
  leave();
  isOut = true;
  for (const key of copies(ALL)) delete localStorage[key];
}, true);

// Quoting what is selected in a message; nothing in it is formatting any more.
const plain = (line) => line.trim().replace(/[\\`*_[\]<>~|]|&(?=#?\w+;)/g, "\\$&")
  .replace(/^[#+=-]/, "\\$&").replace(/^(\d+)([.)])/, "$1\\$2");

function selected() {
  const selection = getSelection(), words = String(selection).trim();
  if (!words || !$("#composer")?.checkVisibility()) return null;
  const range = selection.getRangeAt(0), { startContainer: from, endContainer: to } = range;
  const post = (from.closest ? from : from.parentNode).closest(".post-body > .prose")?.closest(".post");
  // Three clicks select up to the beginning of what follows.
  return post && (post.contains(to) || !range.endOffset) ? { post, words, range } : null;
}

function cite({ post, words }) {
  const area = $("#field-body"), before = area.value.trimEnd(), author = plain($(".author", post).textContent);
  const head = `**${author}** [a écrit](/forums/messages/${post.id.slice(5)})\u00a0:`;
  const quote = [head, "", ...words.replace(/\n{2,}/g, "\n\n").split("\n").map(plain)].map((line) => `> ${line}`.trimEnd());
  put(area, `${before && "\n\n"}${quote.join("\n")}\n\n`, before.length, area.value.length);
  area.scrollIntoView({ block: "nearest" });
}

const button = $("#cite"), ANSWER = ".post-actions a[hx-post$='/citation']";
document.addEventListener("selectionchange", () => {
  const found = button && selected();
  if (button) button.hidden = !found;
  if (!found) return;
  const { bottom, right } = found.range.getBoundingClientRect();
  button.style.top = `${scrollY + bottom + 6}px`;
  button.style.left = `${Math.max(8, Math.min(right, innerWidth - 16) - button.offsetWidth)}px`;
});
on("mousedown", `#cite, ${ANSWER}`, (_, event) => { if (selected()) event.preventDefault(); }); // it stays selected
on("click", `#cite, ${ANSWER}`, (pressed, event) => {
  const found = selected();
  if (!found || (pressed !== button && !found.post.contains(pressed))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  cite(found);
}, true);

// Keys of one letter: never while writing, and off for whoever wants it so.
const isOff = () => document.cookie.includes("entente-keys=off");
const tick = () => { for (const box of $$("[data-keys]")) box.checked = !isOff(); };
on("change", "[data-keys]", ({ checked }) => {
  document.cookie = `entente-keys=off; path=/; samesite=lax; max-age=${checked ? 0 : 34_560_000}`;
});

function move(step) {
  const items = $$("#posts > li.post, #threads > li, .drafts > li");
  const here = items.findIndex((item) => item.contains(document.activeElement));
  const item = here < 0 ? items.find((each) => each.getBoundingClientRect().bottom > 80) : items[here + step];
  if (!item) return;
  const link = $(".thread-title a", item);
  if (!link) item.tabIndex = -1;
  (link ?? item).focus({ preventScroll: true });
  item.scrollIntoView({ block: link ? "nearest" : "start" });
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  r() {
    const found = selected();
    if (found) cite(found); else $("#field-body")?.focus();
  },
  "/": () => $("#search")?.focus(),
  "?": () => $("#keys")?.showModal(),
};
on("click", "a[href='/forums/raccourcis']", (_, event) => { event.preventDefault(); KEYS["?"](); });
addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || isOff() || !Object.hasOwn(KEYS, key)) return;
  if (target.closest?.("input, textarea, select, dialog")) return;
  event.preventDefault();
  KEYS[key]();
});

tick();
recover();
