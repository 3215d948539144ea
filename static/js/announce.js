// Says once, to those who listen, that an answer has arrived: not at each word.

const announcer = document.getElementById("announcer");
const writing = new Set();

function say(words) {
  announcer.textContent = "";
  // A live region speaks when its text changes, also to the same words again.
  requestAnimationFrame(() => { announcer.textContent = words; });
}

function look(log) {
  for (const article of log.querySelectorAll("article[data-role=assistant]")) {
    const id = article.dataset.messageId;
    if (article.ariaBusy === "true") writing.add(id);
    else if (writing.delete(id) && article.dataset.status === "complete") say("The answer has arrived.");
  }
}

htmx.onLoad((root) => {
  const log = root.querySelector("#messages");
  if (log) look(log);
});
document.addEventListener("live:applied", (event) => {
  const log = document.getElementById("messages");
  if (log && event.detail.style !== "frame") look(log);
});
document.addEventListener("announce", (event) => say(event.detail));
