// A sheet for paper: one button, the same as the browser's own.
document.getElementById("print").addEventListener("click", () => print());
