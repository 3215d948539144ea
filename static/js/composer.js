// The composer: keys, drafts, and a text that goes only once it has been accepted.

const form = () => document.getElementById("composer");
const text = () => document.getElementById("composer-text");
const draftName = () => `draft:${form().dataset.draftKey}`;
// While a process of the site is replaced nobody may answer for a moment.
const RESENT_FOR_MS = 20_000;
const RESENT_AFTER_MS = 500;
let sending = null;
let lost = null;

// Whoever signs in at this browser finds nothing of those before them.
function forgetOthers() {
  const mine = `draft:${form().dataset.draftKey.split(":")[0]}:`;
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("draft:") && !name.startsWith(mine)) localStorage.removeItem(name);
  }
}

function start() {
  forgetOthers();
  if (!text().value) text().value = localStorage.getItem(draftName()) ?? "";
  if (matchMedia("(hover: hover)").matches) text().focus({ preventScroll: true });
  grow();
  describeModel();
}

function remember() {
  if (text().value) localStorage.setItem(draftName(), text().value);
  else localStorage.removeItem(draftName());
}

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text().style.blockSize = "auto";
  text().style.blockSize = `${text().scrollHeight}px`;
}

function describeModel() {
  const [option] = form().elements.model.selectedOptions;
  document.getElementById("composer-note").textContent = option?.dataset.note ?? "";
}

const isEmpty = () => !text().value.trim() && !form().querySelector(".chip:not(.chip-error)");
const isUploading = () => form().querySelector(".chip[data-uploading], [data-restoring]") !== null;

function uploadsSettled() {
  return new Promise((resolve) => {
    const look = () => (isUploading() ? null : resolve(document.removeEventListener("attachments:settled", look)));
    document.addEventListener("attachments:settled", look);
    look();
  });
}

// One question at a time is on its way, however often one asks for it; another text
// follows it.
async function admit(event) {
  if (sending || isEmpty()) {
    event.preventDefault();
    if (sending?.text !== undefined && text().value !== sending.text) sending.next = true;
    text().focus({ preventScroll: true });
    return;
  }
  const { issueRequest } = event.detail;
  sending = { form: form(), draft: draftName() };
  form().dataset.busy = "true";
  if (!isUploading()) return;
  event.preventDefault();
  await uploadsSettled();
  if (sending.form.isConnected && !isEmpty()) issueRequest(true);
  else settle();
}

function settle() {
  delete sending.form.dataset.busy;
  sending = null;
}

// What was written or attached since then belongs to the next question.
function accepted({ text: words, chips, draft, form: sent, next }) {
  const written = sent.elements.text.value;
  const rest = written.startsWith(words) ? written.slice(words.length).trimStart() : written;
  localStorage.removeItem(draft);
  localStorage.removeItem(`${draft}:files`);
  for (const chip of chips) chip.remove();
  if (sent === form()) sent.elements.key.value = crypto.randomUUID();
  else document.getElementById("composer-attachments").append(...sent.querySelectorAll(".chip"));
  document.getElementById("composer-problem").replaceChildren();
  text().value = rest;
  remember();
  grow();
  text().focus({ preventScroll: true });
  document.dispatchEvent(new Event("composer:accepted"));
  // htmx holds the form until it has told everyone of the request that ended.
  if (next) setTimeout(() => form().requestSubmit());
}

// What did not arrive, or whose answer did not: the key makes it one question however
// often it is sent. A text that was changed meanwhile is another question.
function resend(sent) {
  lost ??= { since: Date.now(), text: sent.text, key: sent.form.elements.key.value };
  if (Date.now() - lost.since > RESENT_FOR_MS) {
    lost.since = Date.now();
    problem("unreachable");
    return;
  }
  problem("resending");
  setTimeout(() => {
    if (sending || sent.form !== form() || !lost) return;
    if (text().value === lost.text) form().requestSubmit();
    else problem("unreachable");
  }, RESENT_AFTER_MS);
}

const isWithoutWords = ({ status, responseText }) => [502, 503, 504].includes(status) && !responseText.includes("role=\"alert\"");
const isLost = (xhr) => isWithoutWords(xhr) || (xhr.status === 0 && navigator.onLine);

function problem(template) {
  const words = document.getElementById(template).content.cloneNode(true);
  document.getElementById("composer-problem").replaceChildren(words);
}

document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.elt === form()) admit(event);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt !== sending?.form) return;
  Object.assign(sending, { text: text().value, chips: [...form().querySelectorAll(".chip")] });
});
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, parameters } = event.detail;
  if (elt !== form() || !lost || text().value === lost.text) return;
  form().elements.key.value = crypto.randomUUID();
  parameters.key = form().elements.key.value;
  lost = null;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // What a proxy says is no part of the page.
  if (isWithoutWords(event.detail.xhr)) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  // The event itself comes from an ancestor where the answer has replaced the form.
  const { requestConfig, xhr } = event.detail;
  if (!sending || requestConfig.elt !== sending.form) return;
  const sent = sending;
  settle();
  if (isLost(xhr)) {
    resend(sent);
    return;
  }
  if (xhr.status) lost = null;
  if (xhr.status === 201) accepted(sent);
});
document.addEventListener("htmx:sendError", (event) => {
  // What the page fetches by itself is fetched again, and "Reconnecting…" is said.
  const isSentAgain = event.detail.elt === form() && navigator.onLine;
  if (event.detail.elt.id !== "live" && !isSentAgain) problem("unreachable");
});

document.addEventListener("input", (event) => {
  if (event.target !== text()) return;
  remember();
  grow();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "composer-model") describeModel();
});
document.addEventListener("click", (event) => {
  // A sign-out in another tab erased the draft; the same person goes on with it here.
  if (event.target.closest?.("[data-sign-in]")) remember();
  const suggestion = event.target.closest?.("[data-suggestion]");
  if (suggestion) {
    text().value = suggestion.textContent.trim();
    remember();
    grow();
    text().focus({ preventScroll: true });
  } else if (event.target.matches?.(".card, .tools")) {
    text().focus({ preventScroll: true });
  }
});
document.addEventListener("keydown", (event) => {
  // 229 is what a key reports in the middle of an input method's composition.
  const isComposing = event.isComposing || event.keyCode === 229;
  if (isComposing || event.defaultPrevented) return;
  const isPlain = !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey);
  if (event.key === "Enter" && isPlain && event.target === text()) {
    event.preventDefault();
    form().requestSubmit();
  } else if (event.key === "Escape" && !document.querySelector(":popover-open")) {
    document.querySelector("#stop:not([hidden])")?.click();
  }
});

htmx.onLoad((root) => {
  if (root.querySelector("#composer")) start();
});
