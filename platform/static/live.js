// Keeps open pages true: one connection for all tabs.
const body = document.body, me = body.dataset.me;
const $ = (id) => document.getElementById(id);
const send = (address, fields) => fetch(address, { method: "POST", body: new URLSearchParams(fields) }).catch(() => {});
const QUIET = 52_000, HIDDEN = 60_000, MOST = 60_000;

// Cursors: room/kind/id@epoch:position.
const read = (text) => {
  const [, stream, epoch, position] = /^(.+)@(.+):(\d+)$/.exec(text);
  return { text, stream, epoch, position: Number(position) };
};
const followed = (page) => {
  const cursors = JSON.parse(page.getElementById("main").dataset.streams || "[]").map(read);
  return new Map(cursors.map((cursor) => [cursor.stream, cursor]));
};
let mine = followed(document);

// Putting fragments on the page.
const parse = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template;
};

function put(parcel) {
  const { put: how, to } = parcel.dataset;
  if (how === "delete") $(to)?.remove();
  for (const root of [...parcel.children]) place(root, how, $(to));
}

function place(root, how, list) {
  const old = $(root.id);
  if (old) return replace(old, root);
  if (how === "replace" || !list) return;
  if (list.dataset.whole === "false") return bar(list, root);
  const height = body.scrollHeight;
  list.insertBefore(root, after(root, list));
  entered(root);
  const { top } = root.getBoundingClientRect();
  if (top < 0 && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, body.scrollHeight - height);
  if (root.dataset.author !== me) {
    const author = root.querySelector(".author")?.textContent;
    say(author ? `Nouvelle réponse de ${author}` : "Du nouveau sur cette page");
    if (top > innerHeight) bar(list, root);
  }
  mark();
}

const ordered = (list) => [...list.children].filter((child) => child.dataset.order);
const after = (root, list) => ordered(list).find((child) => Number(child.dataset.order) > Number(root.dataset.order));

// Each element as it arrived: scripts change it since.
const asArrived = new WeakMap();
const FOCUSABLE = "textarea, a, button, summary, input";

function replace(old, root) {
  if (asArrived.get(old) === root.outerHTML) return;
  if (old.querySelector("textarea")) return; // someone is writing in it
  const focused = document.activeElement;
  const at = [...old.querySelectorAll(FOCUSABLE)].indexOf(focused);
  old.replaceWith(root);
  if (root.dataset.order !== old.dataset.order) root.parentNode.insertBefore(root, after(root, root.parentNode));
  entered(root);
  if (old.contains(focused)) focusIn(root, at);
}

function focusIn(root, at = 0) {
  const found = [...root.querySelectorAll(FOCUSABLE)];
  const next = [found[at], ...found].find((element) => element?.checkVisibility());
  if (!next) root.tabIndex = -1;
  (next ?? root).focus({ preventScroll: true });
}

function entered(root) {
  asArrived.set(root, root.outerHTML);
  root.classList.add("enters");
  setTimeout(() => root.classList.remove("enters"), 2_000);
  htmx.process(root);
  relative(root);
}

let waiting = 0;
function bar(list, root) {
  const found = $("news-bar");
  if (!found || root.dataset.author === me) return;
  waiting += 1;
  const link = found.firstElementChild;
  link.textContent = waiting > 1 ? `${waiting}\u00a0nouvelles réponses` : "Une nouvelle réponse";
  if (waiting === 1 && list.dataset.whole !== "false") {
    link.setAttribute("href", `#${root.id}`);
    root.tabIndex = -1; // the bar goes away: the focus goes where it leads
  }
  found.hidden = false;
}
const isAtFoot = (list) => list.dataset.whole !== "false" && list.getBoundingClientRect().bottom < innerHeight + 80;
addEventListener("scroll", () => {
  const list = $("posts");
  if (!list || !isAtFoot(list)) return;
  $("news-bar").hidden = true;
  waiting = 0;
  mark();
});

let spoken;
function say(words) {
  clearTimeout(spoken);
  spoken = setTimeout(() => { $("announce").textContent = words; }, 300);
}

// Fragments are shared, so their times are absolute; here they become near.
function relative(root) {
  for (const time of root.querySelectorAll("time.ago")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    time.dataset.exact ??= time.textContent;
    time.textContent = seconds < 60 ? "à l’instant"
      : seconds < 3600 ? `il y a ${Math.floor(seconds / 60)}\u00a0min`
      : seconds < 86400 ? `il y a ${Math.floor(seconds / 3600)}\u00a0h` : time.dataset.exact;
  }
}

// How far one has read, every 5 s at most, while the page is looked at.
let marking, marked = Number($("posts")?.dataset.marked);
function mark() {
  const list = $("posts");
  if (!list || marking || document.hidden || !isAtFoot(list)) return;
  marking = setTimeout(() => {
    marking = null;
    const number = Number(list.lastElementChild?.dataset.order);
    if (number > marked) send(list.dataset.read, { number: marked = number });
  }, 5_000);
}

// What arrives.
function receive({ type, id, data }) {
  const at = id && read(id);
  if (type === "fragment" || type === "passed") {
    const known = mine.get(at.stream);
    if (!known || (known.epoch === at.epoch && at.position <= known.position)) return;
    mine.set(at.stream, at);
    if (type === "fragment") [...parse(data).content.children].forEach(put);
  } else if (type === "reset" && mine.has(data)) {
    refresh();
  } else if (type === "gone" && mine.has(data)) {
    mine.delete(data);
    want();
    warn("Cette page ne vous est plus ouverte\u00a0: vous n’en recevez plus les nouvelles.");
  } else ({ presence, typing })[type]?.(JSON.parse(data));
}

function presence({ stream, count }) {
  const place = $("presence");
  if (place?.dataset.stream !== stream) return;
  place.hidden = count < 2;
  place.textContent = `${count}\u00a0personnes lisent ce fil`;
}

const writers = new Map();
function typing({ stream, id, name }) {
  if ($("presence")?.dataset.stream !== stream || id === me) return;
  clearTimeout(writers.get(id)?.timer);
  writers.set(id, { name, timer: setTimeout(() => { writers.delete(id); tellTyping(); }, 6_000) });
  tellTyping();
}
function tellTyping() {
  const names = [...writers.values()].map((writer) => writer.name).join(", ");
  $("typing").textContent = names && `${names}\u00a0: en train d’écrire…`;
}
let typed = 0;
addEventListener("input", (event) => {
  const stream = event.target.closest(".composer") && $("presence")?.dataset.stream;
  if (!stream || Date.now() - typed < 3_000) return;
  typed = Date.now();
  send("/live/frappe", { stream });
});

// Start afresh: only the living parts of the page are taken again, never what is being written.
let refreshing;
function refresh() {
  refreshing ??= fetch(location.href).then(async (answer) => {
    if (answer.status >= 500) throw answer.status;
    const fresh = parse(await answer.text()).content;
    for (const part of document.querySelectorAll("[data-living]")) renew(part, fresh.getElementById(part.id));
    mine = followed(fresh);
    if (!mine.size) warn(STALE);
    want();
  }).catch(() => setTimeout(refresh, 5_000 + Math.random() * 10_000)).finally(() => { refreshing = null; });
}

function renew(part, fresh) {
  if (!fresh) return;
  if (!part.matches("ol, ul")) return anew(part, fresh);
  part.dataset.whole = fresh.dataset.whole;
  for (const child of ordered(part)) if (!fresh.querySelector(`#${child.id}`)) child.remove();
  for (const child of ordered(fresh)) place(child, "beforeend", part);
}

// Rows may have moved: the focus follows its link.
function anew(part, fresh) {
  const { activeElement: it } = document, at = [...part.querySelectorAll(FOCUSABLE)].indexOf(it);
  part.replaceWith(fresh);
  entered(fresh);
  const link = it.href && [...fresh.querySelectorAll("a")].find(({ href }) => href === it.href);
  if (at >= 0) link ? link.focus({ preventScroll: true }) : focusIn(fresh, at);
}

function warn(words) {
  const box = Object.assign(document.createElement("div"), { className: "notice warning", textContent: words });
  document.querySelector("#main .once").replaceChildren(box);
}

const STALE = "Cette page n’est plus suivie en direct\u00a0: rechargez-la.";
const STATES = { live: "en direct", wait: "reconnexion…", off: "hors direct" };
function state(value) {
  const dot = $("link-state"), shown = paused || ended ? "off" : value;
  if (!dot || dot.dataset.state === shown) return;
  dot.dataset.state = shown;
  dot.setAttribute("aria-label", STATES[shown]);
}

// Who holds the lock leads, the other tabs of the same person say what they want.
const tab = String(Math.random()), name = `entente-live-${me}`, channel = new BroadcastChannel(name);
const tell = (message) => channel.postMessage({ tab, ...message });
const shareState = (value) => { link = value; tell({ state: value }); state(value); };
const wants = new Map(); // which streams each tab follows, as told to the leader
let link = "wait", paused = false, ended = false, release;

function want() {
  const streams = paused || ended ? [] : [...mine.values()];
  if (release) follow(tab, streams);
  else tell({ streams });
}

channel.addEventListener("message", ({ data: message }) => {
  if (message.event) receive(message.event);
  else if (message.state) state(message.state);
  else if (message.who) want();
  else if (release) follow(message.tab, message.streams);
});

const lead = () => new Promise((resolve) => {
  release = () => { release = null; wants.clear(); close(); resolve(); };
  tell({ who: true });
  want();
});

function leave() {
  tell({ streams: [] });
  release?.();
}

function end(words) {
  ended = true;
  state("off");
  warn(words);
  leave(); // another tab asks for itself
}

function start() {
  if (!me) return;
  if (!navigator.locks) return void lead(); // without TLS
  navigator.locks.request(name, lead);
  want();
}

// The connection, and where it stands.
const at = new Map();
let tries = 0, controller, timer, quiet;

function follow(who, cursors) {
  wants.set(who, cursors.map((cursor) => cursor.stream));
  const wanted = new Set([...wants.values()].flat());
  for (const stream of at.keys()) if (!wanted.has(stream)) at.delete(stream);
  if (!wanted.size) return close();
  // A page that stands here, or after, needs no new connection.
  const missing = cursors.filter(({ stream, epoch, position }) => {
    const here = at.get(stream);
    return !here || (here.epoch !== epoch && epoch !== "0") || position < here.position;
  });
  for (const cursor of missing) at.set(cursor.stream, cursor);
  if (missing.length || !controller) connect(80); // several tabs ask at once
  shareState(link);
}

function close() {
  controller?.abort();
  clearTimeout(timer);
  clearTimeout(quiet);
  at.clear();
  controller = timer = null;
  link = "wait";
}

function connect(wait) {
  timer ??= setTimeout(() => { timer = null; open(); }, wait);
}

async function open() {
  controller?.abort();
  const current = controller = new AbortController();
  const query = new URLSearchParams([...at.values()].slice(0, 64).map((cursor) => ["s", cursor.text]));
  if (tries) query.set("try", tries);
  let wait;
  const heard = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => current.abort(), QUIET);
  };
  try {
    heard();
    const answer = await fetch(`/live?${query}`, { signal: current.signal });
    if (answer.status === 401) return end("Votre session a pris fin\u00a0: connectez-vous de nouveau pour suivre cette page.");
    if ([204, 403].includes(answer.status)) return end(STALE);
    wait = answer.headers.get("Retry-After") * 1000;
    if (answer.ok) {
      shareState("live");
      for await (const event of events(answer.body, heard)) obey(event);
    }
  } catch { /* the network: try again */ }
  if (controller !== current) return;
  controller = null;
  shareState("wait");
  tries += 1;
  connect(wait || 500 + Math.random() * Math.min(MOST, 250 * 2 ** tries)); // full jitter
}

function obey(event) {
  tries = 0;
  const cursor = event.id && read(event.id);
  if (cursor && at.has(cursor.stream)) at.set(cursor.stream, cursor);
  if (event.type === "refused") return end(event.data);
  tell({ event });
  receive(event);
}

async function* events(stream, heard) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = { data: [] };
      for (const line of block.split("\n")) {
        const [, name, rest] = /^(\w+): ?([^]*)$/.exec(line) || [];
        if (name === "data") event.data.push(rest); else event[name === "event" ? "type" : name] = rest;
      }
      if (event.type) yield { ...event, data: event.data.join("\n") };
    }
  }
}

// Life of the page.
let hiding;
addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => { paused = true; want(); state("off"); }, HIDDEN);
  else { paused = false; want(); mark(); }
});
addEventListener("online", () => {
  if (controller || !timer) return;
  timer = clearTimeout(timer);
  connect(Math.random() * 500);
});
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) { ended = false; start(); } });

// An answer to htmx may carry parcels, put as if they had arrived live.
addEventListener("htmx:beforeSwap", (event) => {
  // A form that was refused knows where it belongs, whatever the status.
  if (event.detail.xhr.getResponseHeader("HX-Retarget")) Object.assign(event.detail, { shouldSwap: true, isError: false });
  const answer = parse(event.detail.serverResponse);
  for (const parcel of answer.content.querySelectorAll("[data-put]")) { parcel.remove(); put(parcel); }
  event.detail.serverResponse = answer.innerHTML;
});
addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) document.querySelector("#main .once").replaceChildren();
  const next = () => $(detail.target.id) ?? detail.elt.parentElement ?? $("main");
  setTimeout(() => { if (document.activeElement === body) focusIn(next()); }, 50);
});
addEventListener("htmx:afterSettle", ({ detail: { elt } }) => {
  if (elt.matches("form") && !elt.querySelector("[autofocus]")) focusIn(elt);
});
const failed = (words) => warn(`${words} Votre texte est toujours là\u00a0: vous pouvez le renvoyer.`);
addEventListener("htmx:responseError", ({ detail: { xhr } }) => failed(xhr.status === 401
  ? "Votre session a pris fin. Connectez-vous dans un autre onglet."
  : parse(xhr.responseText).content.querySelector(".error-text")?.textContent.trim() || "Cela n’a pas marché."));
addEventListener("htmx:sendError", () => failed("Le serveur ne répond pas."));

const menus = () => document.querySelectorAll("details.menu[open]");
addEventListener("click", ({ target }) => { for (const menu of menus()) menu.open = menu.contains(target); });
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") for (const menu of menus()) { menu.open = false; menu.firstElementChild.focus(); }
});

for (const child of document.querySelectorAll("[data-order]")) asArrived.set(child, child.outerHTML);
relative(document);
setInterval(() => relative(document), 30_000);
start();
