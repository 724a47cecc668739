// The plan as a list by day: when a row of the plan arrives, the list is taken again, as its filters have it.
const main = document.getElementById("main");
let waiting;

async function renew() {
  waiting = null;
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = document.createElement("template"); // inert: no style of that page is applied to this one
  page.innerHTML = await answer.text();
  const fresh = page.content.getElementById("plan-list");
  if (fresh) document.getElementById("plan-list").replaceChildren(...fresh.childNodes);
}

// Many pages hear of a change at once: they do not ask at once.
const news = main.querySelector("#plan-news"); // none when no unit answers to the filters
if (news) new MutationObserver(() => { waiting ??= setTimeout(() => renew().catch(() => {}), 100 + Math.random() * 500); })
  .observe(news, { childList: true });
