// Says when the socket is down, and fetches what it would have brought until it is back.

const SAID_AFTER_MS = 1000;
const POLL_EVERY_MS = 2000;
const CLOSED = { 4401: "signed-out", 4404: "conversation-gone" };
const shown = document.getElementById("connection");
let notice = 0;
let poll = 0;

function rest() {
  clearTimeout(notice);
  clearInterval(poll);
  notice = poll = 0;
  shown.textContent = "";
}

function fetchChanges() {
  const live = document.getElementById("live");
  if (!live) return rest();
  const url = `${live.dataset.changesUrl}?version=${live.dataset.version}`;
  htmx.ajax("GET", url, { source: live, swap: "none" });
}

function say(template) {
  rest();
  const words = document.getElementById(template).content.cloneNode(true);
  document.getElementById("composer-problem")?.replaceChildren(words);
}

document.addEventListener("htmx:wsOpen", rest);

document.addEventListener("htmx:wsClose", (event) => {
  const template = CLOSED[event.detail.event.code];
  if (template) return say(template);
  notice ||= setTimeout(() => { shown.textContent = "Reconnecting…"; }, SAID_AFTER_MS);
  poll ||= setInterval(fetchChanges, POLL_EVERY_MS);
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt.id !== "live") return;
  if (event.detail.xhr.status === 401) say("signed-out");
  if (event.detail.xhr.status === 404) say("conversation-gone");
});
