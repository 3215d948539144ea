// Says when the socket is down, and fetches what it would have brought until it is back.

const SAID_AFTER_MS = 1000;
const POLL_EVERY_MS = 2000;
const COOKIE_ARRIVES_MS = 1000;
const SIGNED_OUT = 4401;
const GONE = 4404;
const shown = document.getElementById("connection");
let notice = 0;
let poll = 0;
let isBehind = false;

function rest() {
  clearTimeout(notice);
  clearInterval(poll);
  notice = poll = 0;
  shown.textContent = "";
}

// A page without a conversation has nothing but the list beside it.
function missedUrl({ changesUrl, version }) {
  return changesUrl ? `${changesUrl}?version=${version}` : document.querySelector("#sidebar .search").action;
}

function fetchChanges() {
  const live = document.getElementById("live");
  if (!live) rest();
  else if (!live.dataset.changesUrl) fetchList();
  // One that fails is followed by another.
  else htmx.ajax("GET", missedUrl(live.dataset), { source: live, swap: "none" }).catch(() => null);
}

function fetchList() {
  document.dispatchEvent(new Event("list:behind"));
}

function say(template) {
  rest();
  const words = document.getElementById(template).content.cloneNode(true);
  document.getElementById("composer-problem")?.replaceChildren(words);
}

// Another session may have taken the place of the one that ended, as after a change
// of password: only the answer to a request tells, once the new cookie has arrived.
async function makeSure(socket) {
  await new Promise((resolve) => { setTimeout(resolve, COOKIE_ARRIVES_MS); });
  const live = document.getElementById("live");
  const answer = await fetch(missedUrl(live.dataset)).catch(() => null);
  if (answer?.status === 401) say("signed-out");
  else if (answer?.status === 404) say("conversation-gone");
  else setTimeout(() => socket.reconnect(), POLL_EVERY_MS);
}

document.addEventListener("htmx:wsOpen", () => {
  rest();
  if (isBehind) fetchList();
  isBehind = false;
});

document.addEventListener("htmx:wsClose", (event) => {
  isBehind = true;
  const { code } = event.detail.event;
  if (code === SIGNED_OUT) return makeSure(event.detail.socketWrapper);
  if (code === GONE) return say("conversation-gone");
  notice ||= setTimeout(() => { shown.textContent = "Reconnecting…"; }, SAID_AFTER_MS);
  poll ||= setInterval(fetchChanges, POLL_EVERY_MS);
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.elt.id !== "live") return;
  if (event.detail.xhr.status === 401) say("signed-out");
  if (event.detail.xhr.status === 404) say("conversation-gone");
});
