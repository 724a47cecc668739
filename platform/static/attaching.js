// Files are brought as soon as they are chosen, dropped or pasted; without this, the form itself brings them.
const DOOR = "/forums/fichiers/";
const blockOf = (element) => element.closest?.("form")?.querySelector(".attaching");
const say = (words) => { document.getElementById("announce").textContent = words; };
const make = (tag, known = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), known);
  made.append(...inside);
  return made;
};
const hidden = (words) => make("span", { className: "visually-hidden" }, words);
const parse = (innerHTML) => make("template", { innerHTML }).content.firstElementChild;

let queue = Promise.resolve();

function bring(block, files) {
  for (const file of files) {
    const row = shown(block, file);
    const there = block.querySelectorAll('[name="file"], [name="remove"], .sending').length;
    if (there > block.dataset.most) wrong(row, `C’est trop de fichiers pour un message\u00a0: ${block.dataset.most} au plus.`);
    else if (file.size > block.dataset.each * 1e6) wrong(row, `Ce fichier est trop lourd\u00a0: ${block.dataset.each}\u00a0Mo au plus.`);
    else queue = queue.then(() => row.isConnected && send(block, row, file));
  }
}

const named = (file) => file.name || "image.png";

function shown(block, file) {
  const name = named(file);
  const row = make("li", { className: "waiting-file sending" },
    make("span", { className: "waiting-name" }, name),
    make("progress", { max: 1, value: 0, ariaLabel: `Envoi de ${name}` }),
    make("button", { type: "button", className: "button small quiet" }, "Annuler", hidden(` l’envoi de ${name}`)));
  row.querySelector("button").addEventListener("click", () => {
    row.request?.abort();
    leave(row);
    say(`${name} n’est pas joint`);
  });
  block.querySelector(".waiting-files").append(row);
  return row;
}

const send = (block, row, file) => new Promise((done) => {
  const request = row.request = new XMLHttpRequest(), form = new FormData();
  form.append("context", block.dataset.attaching);
  form.append("files", file, named(file));
  request.upload.addEventListener("progress", ({ loaded, total }) => { row.querySelector("progress").value = loaded / total; });
  request.addEventListener("load", () => (request.status === 201 ? arrived(row, request.responseText) : wrong(row, reason(request))));
  request.addEventListener("error", () => wrong(row, "Le serveur ne répond pas\u00a0: recommencez."));
  request.addEventListener("loadend", done);
  request.open("POST", `${DOOR}depot`);
  request.send(form);
  say(`Envoi de ${named(file)}…`);
});

function reason(request) {
  if (request.status === 401) return "Votre session a pris fin\u00a0: reconnectez-vous dans un autre onglet.";
  return request.getResponseHeader("content-type")?.startsWith("text/plain") && request.responseText
    || "Ce fichier n’a pas pu être joint\u00a0: recommencez.";
}

function arrived(row, html) {
  const fresh = parse(html), isHere = row.contains(document.activeElement);
  const name = row.querySelector(".waiting-name").textContent;
  row.replaceWith(fresh);
  const words = fresh.querySelector("textarea");
  if (isHere) (words ?? fresh.querySelector("button")).focus();
  say(`${name} est joint.${words ? " Décrivez cette image." : ""}`);
}

function wrong(row, words) {
  const name = row.querySelector(".waiting-name").textContent;
  row.className = "waiting-file failed danger";
  row.querySelector("progress").replaceWith(make("span", { className: "error" }, hidden("Erreur\u00a0: "), words));
  row.querySelector("button").replaceChildren("Fermer", hidden(` l’erreur sur ${name}`));
  say(`${name}\u00a0: ${words}`);
}

function leave(row) {
  const block = row.closest(".attaching"), next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  (next?.querySelector("button, [type=checkbox]") ?? block.querySelector("[type=file]")).focus();
}

async function takeOff(button) {
  const row = button.closest("li"), name = row.querySelector(".waiting-name").firstChild.textContent.trim();
  button.disabled = true;
  const answer = await fetch(`${DOOR}${button.value}/retrait`, { method: "POST", headers: { "HX-Request": "true" } }).catch(() => ({}));
  if (!answer.ok && answer.status !== 404) {
    button.disabled = false;
    return say(`${name} n’a pas pu être retiré\u00a0: recommencez.`);
  }
  leave(row);
  say(`${name} est retiré.`);
}

addEventListener("change", ({ target }) => {
  if (!target.matches(".attaching [type=file]")) return;
  bring(target.closest(".attaching"), [...target.files]);
  target.value = "";
});
addEventListener("click", (event) => {
  const button = event.target.closest('.attaching [name="drop"]');
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  takeOff(button);
}, true);

// Where there are words too, the words are meant.
addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData, block = blockOf(event.target);
  if (!block || !files.length || types.includes("text/plain")) return;
  event.preventDefault();
  bring(block, [...files]);
});

const over = (form) => {
  for (const each of document.querySelectorAll("form.dropping")) each.classList.remove("dropping");
  form?.classList.add("dropping");
};
addEventListener("dragover", (event) => {
  const block = event.dataTransfer.types.includes("Files") && blockOf(event.target);
  if (block) event.preventDefault();
  over(block ? block.closest("form") : null);
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(); });
addEventListener("drop", (event) => {
  const block = event.dataTransfer.files.length && blockOf(event.target);
  over();
  if (!block) return;
  event.preventDefault();
  bring(block, [...event.dataTransfer.files]);
});

// A message waits for its files.
addEventListener("submit", (event) => {
  if (event.submitter?.formNoValidate || !event.target.querySelector?.(".attaching .sending")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say("Un fichier est encore en route\u00a0: attendez-le, ou annulez son envoi.");
}, true);
