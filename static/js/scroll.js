// Follows an answer as it grows if the reader was at the foot; else offers "Newest".

const NEAR_PX = 48;
const FAR_PX = 320;
const page = document.scrollingElement;
let isFollowing = true;
let lastTop = 0;
let unseen = 0;

const below = () => page.scrollHeight - page.clientHeight - page.scrollTop;

function toFoot() {
  isFollowing = true;
  page.scrollTo({ top: page.scrollHeight, behavior: "instant" });
  lastTop = page.scrollTop;
  offer();
}

function offer() {
  const button = document.getElementById("newest");
  if (!button) return;
  if (isFollowing) unseen = 0;
  button.hidden = isFollowing || (unseen === 0 && below() < FAR_PX);
  document.getElementById("newest-count").textContent = unseen || "";
}

// Only a way up ends the following: a page that grew under a reader at the foot has
// moved its foot, not its reader.
addEventListener("scroll", () => {
  if (below() < NEAR_PX) isFollowing = true;
  else if (page.scrollTop < lastTop - 1) isFollowing = false;
  lastTop = page.scrollTop;
  offer();
}, { passive: true });

const growth = new ResizeObserver(() => (isFollowing ? toFoot() : offer()));
const arrivals = new MutationObserver((changes) => {
  const isAtEnd = (node) => node.nodeName === "ARTICLE" && node.parentElement?.lastElementChild === node;
  if (!isFollowing) unseen += changes.flatMap((change) => [...change.addedNodes]).filter(isAtEnd).length;
  offer();
});

function start(scope) {
  const log = scope.querySelector("#messages");
  if (!log) return;
  growth.disconnect();
  arrivals.disconnect();
  growth.observe(log);
  growth.observe(document.getElementById("composer"));
  arrivals.observe(log, { childList: true });
  toFoot();
}

// Older messages come in above: what one reads stays where it is.
let anchor = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "older") return;
  const article = event.detail.target.nextElementSibling;
  document.documentElement.style.overflowAnchor = "none";
  anchor = article && { article, top: article.getBoundingClientRect().top };
});
document.addEventListener("htmx:afterSwap", () => {
  if (!anchor) return;
  page.scrollBy({ top: anchor.article.getBoundingClientRect().top - anchor.top, behavior: "instant" });
  lastTop = page.scrollTop;
  anchor = null;
  requestAnimationFrame(() => { document.documentElement.style.overflowAnchor = ""; });
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("#newest")) toFoot();
  // Who unfolds something wants to read it, not to be taken to the end.
  if (event.target.closest?.(".fold, summary, [data-note]")) isFollowing = false;
});
document.addEventListener("composer:accepted", toFoot);

history.scrollRestoration = "manual";
start(document);
htmx.onLoad((element) => { if (element !== document.body) start(element); });
