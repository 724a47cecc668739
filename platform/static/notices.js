// The centre follows the bell: when it moves, the list is taken again, and whoever was in it stays there.
const bell = () => document.getElementById("bell")?.textContent;
const key = (element) => element.getAttribute("href") ?? [...new FormData(element.form).values(), element.form.action].join();
let before = bell(), asked = 0;

async function refresh() {
  const mine = asked += 1;
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => ({}));
  if (!answer.ok || mine !== asked) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  const old = document.getElementById("notices"), list = fresh.content.getElementById("notices");
  if (!old || !list || mine !== asked) return;
  const focused = old.contains(document.activeElement) && document.activeElement.matches("a, button") && key(document.activeElement);
  old.replaceWith(list);
  htmx.process(list);
  const next = [...list.querySelectorAll("a, button")];
  if (focused) (next.find((each) => key(each) === focused) ?? next[0])?.focus({ preventScroll: true });
}

new MutationObserver(() => {
  if (bell() !== before) refresh();
  before = bell();
}).observe(document.querySelector(".tools"), { childList: true, subtree: true });
