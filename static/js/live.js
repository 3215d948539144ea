// Applies what the server sends about a conversation, over the socket, in the answer
// to a POST or from a poll: an htmx extension whose swap styles are the live events.
// Each may arrive twice or late, and must then change nothing.

const RUNNING = ["pending", "streaming"];
const ASK_EVERY_MS = 1000;
let askedAt = 0;
let due = 0;

// Give `old` the content of `fresh`, keeping the nodes that are equal, so that a
// selection, a scrolled code block or open details in them survive.
function merge(old, fresh, added) {
  let at = pastEdit(old.firstChild);
  for (const node of [...fresh.childNodes]) {
    if (at && sameButOpen(at, node)) {
      at = pastEdit(at.nextSibling);
    } else if (at && isSamePart(at, node)) {
      at.normalize();
      merge(at, node, added);
      at = pastEdit(at.nextSibling);
    } else {
      old.insertBefore(node, at);
      added.push(node);
    }
  }
  while (at) {
    const next = pastEdit(at.nextSibling);
    at.remove();
    at = next;
  }
}

// What a person is typing is theirs: no news replaces it.
function pastEdit(node) {
  return node instanceof Element && node.matches("form.edit") ? pastEdit(node.nextSibling) : node;
}

function sameButOpen(old, node) {
  if (old instanceof HTMLDetailsElement && node instanceof HTMLDetailsElement) {
    node.open = old.open;
  }
  if (old instanceof Element && node instanceof Element && old.matches(".fold") && node.matches(".fold")) {
    node.ariaExpanded = old.ariaExpanded;
  }
  return old.isEqualNode(node);
}

function isSamePart(old, node) {
  const parts = "[data-part=body], .closed, .open, .steps, .step, .step > details";
  return (
    old instanceof Element && node instanceof Element && old.matches(parts) &&
    old.className === node.className && old.dataset.step === node.dataset.step
  );
}

function setAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
}

function upsert(log, article) {
  article.removeAttribute("hx-swap-oob");
  const known = document.getElementById(article.id);
  if (!known) {
    // Questions may wait below the place of an answer that begins.
    const parent = document.getElementById(`message-${article.dataset.parent}`);
    if (parent) parent.after(article);
    else log.append(article);
    return [article];
  }
  if (Number(known.dataset.version) >= Number(article.dataset.version)) return [];
  const added = [];
  update(known, article, added);
  return added;
}

function update(known, article, added) {
  setAttributes(known, article);
  merge(known, article, added);
}

// What stays is not moved: focus, selection and the reader's place stay with it.
function resync(log, whole) {
  const known = new Map([...log.children].map((child) => [child.id, child]));
  const isKept = (child) => known.get(child.id)?.dataset.version === child.dataset.version;
  const added = [];
  const fresh = [...whole.children].map((child) => {
    const old = known.get(child.id);
    if (old && !isKept(child) && old.querySelector(":scope > form.edit")) update(old, child, added);
    else if (!old || !isKept(child)) return child;
    return old;
  });
  const kept = new Set(fresh);
  added.push(...fresh.filter((child) => child.parentElement !== log));
  let at = log.firstChild;
  for (const child of fresh) {
    while (at && !kept.has(at)) at = at.nextSibling;
    if (child === at) at = at.nextSibling;
    else log.insertBefore(child, at);
  }
  for (const child of [...log.childNodes]) if (!kept.has(child)) child.remove();
  return added;
}

function frame(article, news) {
  const held = Number(article.dataset.end ?? 0);
  const base = Number(news.dataset.base);
  const end = Number(news.dataset.end);
  if (!RUNNING.includes(article.dataset.status) || end < held) return [];
  if ("snapshot" in news.dataset) {
    showWhole(article, news);
  } else if (base === held) {
    showMore(article, news);
  } else {
    if (end > held) askAgain();
    return [];
  }
  article.dataset.end = end;
  if (end > 0) startStreaming(article);
  return [];
}

function showWhole(article, news) {
  const steps = news.querySelector(":scope > .steps") ?? document.createElement("div");
  merge(article.querySelector(":scope > .steps"), steps, []);
  for (const part of ["closed", "open"]) {
    const fresh = news.querySelector(`:scope > .${part}`) ?? document.createElement("div");
    merge(article.querySelector(`[data-part=body] > .${part}`), fresh, []);
  }
}

function showMore(article, news) {
  showSteps(article.querySelector(":scope > .steps"), news);
  const body = article.querySelector("[data-part=body]");
  const closed = news.querySelector(":scope > .closed");
  const open = news.querySelector(":scope > .open");
  const grow = news.querySelector(":scope > .grow > pre");
  if (closed) body.querySelector(":scope > .closed").append(...closed.childNodes);
  if (open) body.querySelector(":scope > .open").replaceChildren(...open.childNodes);
  if (grow) {
    const growing = body.querySelector(":scope > .open [data-grow]");
    growing.append(grow.textContent);
    growing.normalize();
  }
}

function showSteps(steps, news) {
  for (const fresh of news.querySelectorAll(":scope > .steps > .step")) {
    const known = steps.querySelector(`:scope > [data-step="${fresh.dataset.step}"]`);
    if (known) merge(known, fresh, []);
    else steps.append(fresh);
  }
  for (const thought of news.querySelectorAll(":scope > .thought")) {
    const growing = steps.querySelector(`:scope > [data-step="${thought.dataset.step}"] .thoughts`);
    growing.append(thought.querySelector("pre").textContent);
    growing.normalize();
  }
}

function startStreaming(article) {
  if (article.dataset.status === "streaming") return;
  article.dataset.status = "streaming";
  article.querySelector(":scope > .waiting")?.remove();
}

// Many events may lack the same one: one look a second is enough for all of them.
function askAgain() {
  due ||= setTimeout(lookAgain, Math.max(0, askedAt + ASK_EVERY_MS - Date.now()));
}

function lookAgain() {
  due = 0;
  askedAt = Date.now();
  const live = document.getElementById("live");
  if (!live) return;
  const url = `${live.dataset.changesUrl}?version=${live.dataset.version}`;
  // Where this fails the socket is down too, and polling has begun.
  htmx.ajax("GET", url, { source: live, swap: "none" }).catch(() => null);
}

function state(live, news) {
  const held = Number(live.dataset.version);
  if (Number(news.dataset.version) < held) return [];
  if (Number(news.dataset.since) > held) {
    // What changed in between never came: it is not skipped.
    askAgain();
    return [];
  }
  for (const name of ["version", "running", "queued"]) live.dataset[name] = news.dataset[name];
  const conversation = document.getElementById("conversation");
  conversation.dataset.running = news.dataset.running;
  document.getElementById("composer-parent").value = news.dataset.leaf;
  document.getElementById("stop").hidden = news.dataset.running !== "true";
  return [];
}

function waiting(article, news) {
  const words = article.querySelector(":scope > .waiting .waiting-words");
  if (words) words.replaceChildren(...news.childNodes);
  return [];
}

function heading(conversation, news) {
  const { title, trashed } = news.dataset;
  const link = document.getElementById(`conversation-link-${conversation.dataset.conversationId}`);
  const shown = document.getElementById("conversation-title");
  // Not by what stands in the page: the answer to the request may have changed that.
  document.title = `${title} · ${document.querySelector(".brand").textContent.trim()}`;
  shown.textContent = title;
  if (link) {
    link.textContent = title;
    link.dataset.title = title;
  }
  const problem = document.getElementById("composer-problem");
  if (trashed === "true" && !conversation.classList.contains("blank")) {
    problem.replaceChildren(document.getElementById("conversation-gone").content.cloneNode(true));
    problem.dataset.trashed = "";
  } else if (trashed === "false" && "trashed" in problem.dataset) {
    problem.replaceChildren();
    delete problem.dataset.trashed;
  }
  return [];
}

function withdrawn(composer, news) {
  const text = composer.querySelector("[name=text]");
  text.value = [news.querySelector("pre").textContent, text.value].filter(Boolean).join("\n\n");
  const chips = [...news.querySelectorAll("ul > *")];
  document.getElementById("composer-attachments").append(...chips);
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
  return chips;
}

const swaps = { frame, heading, resync, state, upsert, waiting, withdrawn };

htmx.defineExtension("live", {
  isInlineSwap: (style) => style in swaps,
  handleSwap: (style, target, fragment) => {
    if (!(style in swaps)) return false;
    const added = swaps[style](target, fragment.firstElementChild);
    target.dispatchEvent(new CustomEvent("live:applied", { bubbles: true, detail: { style } }));
    return added;
  },
});

// The server sends what changed after the version that the page holds when it connects.
htmx.createWebSocket = (url) => {
  const { version } = document.getElementById("live").dataset;
  const socket = new WebSocket(version ? `${url}?version=${version}` : url);
  socket.binaryType = htmx.config.wsBinaryType;
  return socket;
};
