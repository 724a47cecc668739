// Which threads of a list are read. Rows are the same for everybody: what this person has read, on any device,
// arrives as marks, and becomes rules of style.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

function apply() {
  const read = [...document.querySelectorAll("#marks > [data-number]")]
    .map(({ id, dataset }) => `#${id.replace("mark-", "thread-")}[data-last="${dataset.number}"]`);
  sheet.replaceSync(`:is(${read.join() || "none"}) { .thread-title { font-weight: 500 } .dot { display: none } }`);
}

apply();
document.getElementById("read-so-far")?.remove();
new MutationObserver((changes) => {
  if (changes.some(({ target }) => target.id === "marks" || target.querySelector("#marks"))) apply();
}).observe(document.getElementById("main"), { childList: true, subtree: true });
