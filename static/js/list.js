// Keeps the list at the side as the server has it: rows stand in the order of their
// last activity. Each piece of news may arrive twice, and must then change nothing.

const SPREAD_MS = 2000;
const search = document.querySelector("#sidebar [type=search]");
const list = () => document.getElementById("conversation-rows");

const rowsOf = (rows) => [...rows.querySelectorAll(":scope > .row")];
const updated = (row) => Number(row.dataset.updated);

function isFound(title) {
  const words = search.value.toLowerCase().split(/\s+/);
  return words.every((word) => title.toLowerCase().includes(word));
}

// What stays is not moved, and what moves keeps its open menu and the focus.
function put(rows, row, before) {
  if (row.parentElement === rows && row.nextElementSibling === before) return;
  if (row.isConnected && rows.moveBefore) rows.moveBefore(row, before);
  else rows.insertBefore(row, before);
}

function tell(known, row) {
  const [link, fresh] = [known, row].map((each) => each.querySelector("a"));
  known.dataset.updated = row.dataset.updated;
  if (link.dataset.title === fresh.dataset.title) return;
  link.dataset.title = fresh.dataset.title;
  link.textContent = fresh.textContent;
}

// Returns what is new in the page.
function place(rows, row) {
  const known = document.getElementById(row.id);
  const more = rows.querySelector(":scope > .rows-more");
  const later = rowsOf(rows).find((other) => other !== known && updated(other) < updated(row));
  if (known) tell(known, row);
  // It comes when one scrolls down to it.
  else if (more && !later) return [];
  put(rows, known ?? row, later ?? more);
  return known ? [] : [row];
}

function mark() {
  const open = document.getElementById("conversation").dataset.conversationId;
  for (const link of list().querySelectorAll("a")) {
    if (open && link.id === `conversation-link-${open}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function listed(rows, news) {
  const row = news.querySelector(".row");
  const known = document.getElementById(row.id);
  if ("trashed" in news.dataset) known?.remove();
  else if (known || isFound(row.querySelector("a").textContent)) return place(rows, row);
  return [];
}

// The first rows anew; those further down stay, as far as they have been loaded.
function relisted(rows, news) {
  const fresh = rowsOf(news);
  const more = news.querySelector(":scope > .rows-more");
  const ids = new Set(fresh.map((row) => row.id));
  const isBelow = (row) => more && fresh.length && updated(row) < updated(fresh.at(-1));
  const gone = rowsOf(rows).filter((row) => !ids.has(row.id) && !isBelow(row));
  const isKnown = rowsOf(rows).some((row) => ids.has(row.id));
  if (!isKnown) {
    // So much is new that there may be a gap: one scrolls down from the top again.
    rows.replaceChildren(...news.children);
    return [...rows.children];
  }
  for (const row of gone) row.remove();
  const sentinel = rows.querySelector(":scope > .rows-more");
  sentinel?.remove();
  const added = fresh.flatMap((row) => place(rows, row));
  const isWhole = rowsOf(rows).at(-1)?.id === fresh.at(-1)?.id;
  const next = isWhole ? more : sentinel;
  if (next) rows.append(next);
  return isWhole && more ? [...added, more] : added;
}

function fetchList() {
  const url = `${search.form.action}?${new URLSearchParams({ q: search.value })}`;
  // Where this fails the line is down, and the list is fetched once it is back.
  return htmx.ajax("GET", url, { source: "#live", target: "#conversation-rows", swap: "relisted" }).catch(() => null);
}

// Many pages may have missed the same news: they do not all ask in the same moment.
function unlisted() {
  setTimeout(fetchList, Math.random() * SPREAD_MS);
  return [];
}

const swaps = { listed, relisted, unlisted };

htmx.defineExtension("list", {
  isInlineSwap: (style) => style in swaps,
  handleSwap: (style, target, fragment) => {
    if (!(style in swaps)) return false;
    const added = swaps[style](target, style === "relisted" ? fragment : fragment.firstElementChild);
    mark();
    return added;
  },
});

document.addEventListener("list:behind", fetchList);
// Another conversation is open from here on: the row was told of before it was shown.
htmx.onLoad((root) => { if (root.id === "conversation") mark(); });
