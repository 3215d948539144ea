// How much of the model's window the next turn takes, fetched beside what one does: it
// waits for a pause in writing, and whatever goes wrong with it is nobody's trouble.

const PAUSE_MS = 700;
let due = 0;
let asking = null;

const form = () => document.getElementById("composer");
const place = () => document.getElementById("context");

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const shown = place();
  try {
    const answer = await fetch(form().dataset.contextUrl, { method: "POST", body: new FormData(form()), signal });
    if (answer.status !== 200) return;
    const html = await answer.text();
    if (shown !== place() || signal.aborted) return;
    shown.innerHTML = html;
    htmx.process(shown);
  } catch {
    // What was known before stays.
  }
}

function askSoon(pause = PAUSE_MS) {
  clearTimeout(due);
  due = setTimeout(ask, pause);
}

document.addEventListener("input", (event) => {
  if (event.target.id === "composer-text") askSoon();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "composer-model") askSoon(0);
});
for (const name of ["attachments:settled", "composer:accepted"]) document.addEventListener(name, () => askSoon());
document.addEventListener("live:applied", (event) => {
  if (event.detail.style === "state") askSoon();
});
htmx.onLoad((root) => {
  if (root.querySelector("#composer")) askSoon();
});
