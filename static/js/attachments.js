// Files picked, pasted or dropped: each is a chip at once and travels by itself.

const form = () => document.getElementById("composer");
const list = () => document.getElementById("composer-attachments");

function readable(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const whole = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;

function chipFor(file) {
  const chip = document.getElementById("chip").content.firstElementChild.cloneNode(true);
  const picture = chip.querySelector("img");
  const isPicture = file.type.startsWith("image/");
  chip.dataset.kind = isPicture ? "picture" : "document";
  chip.dataset.bytes = file.size;
  (isPicture ? chip.querySelector("span.chip-picture") : picture).remove();
  if (isPicture) {
    picture.src = URL.createObjectURL(file);
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src), { once: true });
  }
  chip.querySelector(".chip-name").textContent = file.name;
  chip.querySelector(".chip-size").textContent = readable(file.size);
  chip.querySelector("progress").ariaLabel = `Uploading ${file.name}`;
  chip.querySelector(".chip-remove").ariaLabel = `Remove ${file.name}`;
  return chip;
}

function refuse(chip, words) {
  chip.classList.add("chip-error");
  delete chip.dataset.uploading;
  chip.querySelector("progress").remove();
  const size = chip.querySelector(".chip-size");
  size.className = "chip-reason";
  size.role = "alert";
  size.textContent = words;
}

function settle(chip, request) {
  if (request.status === 201 || request.status === 422) {
    const answer = document.createRange().createContextualFragment(request.responseText).firstElementChild;
    chip.replaceWith(answer);
    htmx.process(answer);
  } else if (request.status === 401) {
    refuse(chip, "You are signed out; sign in again to attach it.");
  } else if (request.status === 413) {
    refuse(chip, "It is too large to be uploaded. The rest of your message is kept. Attach a smaller copy of it.");
  } else {
    refuse(chip, "It could not be uploaded. Remove it and try again.");
  }
}

function upload(file) {
  const chip = chipFor(file);
  const request = new XMLHttpRequest();
  const data = new FormData();
  data.append("file", file);
  chip.dataset.uploading = "true";
  chip.querySelector(".chip-remove").addEventListener("click", () => {
    request.abort();
    chip.remove();
  });
  request.upload.addEventListener("progress", (event) => {
    const bar = chip.querySelector("progress");
    if (bar && event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
  });
  request.addEventListener("loadend", () => {
    if (chip.isConnected) settle(chip, request);
    document.dispatchEvent(new Event("attachments:settled"));
  });
  list().append(chip);
  if (file.size > Number(form().dataset.maxFileBytes)) {
    refuse(chip, `It is larger than ${whole(form().dataset.maxFileBytes)}. The rest of your message is kept. Attach a smaller copy of it.`);
    document.dispatchEvent(new Event("attachments:settled"));
    return;
  }
  request.open("POST", form().dataset.uploadUrl);
  request.setRequestHeader("X-CSRFToken", form().elements.csrfmiddlewaretoken.value);
  request.send(data);
}

function take(files) {
  for (const file of files) upload(file);
  document.getElementById("composer-text").focus({ preventScroll: true });
}

// What the API takes of PDF in one request; models with smaller windows take less.
const MAX_PAGES = 600;
const MAX_PAGES_OF_SMALL_WINDOWS = 100;
const LARGE_WINDOW_TOKENS = 1e6;

const attached = (kind) => [...list().querySelectorAll(`.chip[data-kind=${kind}]:not(.chip-error)`)];
const sum = (chips, key) => chips.reduce((total, chip) => total + Number(chip.dataset[key] ?? 0), 0);
const named = (chips) => new Intl.ListFormat("en").format(chips.map((chip) => chip.querySelector(".chip-name").textContent));

function others(options, ability) {
  const able = options.filter((option) => option.dataset[ability] === "true").map((option) => option.text);
  return able.length ? `${new Intl.ListFormat("en", { type: "disjunction" }).format(able)} can.` : "No model that can is offered here.";
}

function* ofDocuments(chosen, options) {
  const documents = attached("document");
  const silent = documents.filter((chip) => chip.dataset.hasText === "false");
  const window = Number(chosen.dataset.contextTokens) || Infinity;
  const mostPages = window < LARGE_WINDOW_TOKENS ? MAX_PAGES_OF_SMALL_WINDOWS : MAX_PAGES;
  const reads = chosen.dataset.documents === "true";
  if (documents.length > silent.length && !reads) yield `${chosen.text} is sent the text of documents, not their pages.`;
  if (silent.length && !reads) yield `There is no text in ${named(silent)}, and ${chosen.text} cannot see its pages. ${others(options, "documents")}`;
  if (reads && sum(documents, "pages") > mostPages) yield `${chosen.text} sees ${mostPages} pages at most; of the PDF beyond that it is sent the text.`;
  if (sum(documents, reads ? "tokens" : "textTokens") > window) yield `This is more than ${chosen.text} can read at once.`;
}

// Said before sending: what the chosen model makes of the files, and what is too much.
function* warnings() {
  const options = [...(document.getElementById("composer-model")?.options ?? [])];
  const chosen = options.find((option) => option.selected);
  const most = Number(form().dataset.maxMessageBytes);
  if (chosen?.dataset.images === "false" && attached("picture").length) yield `${chosen.text} cannot see pictures. ${others(options, "images")}`;
  if (chosen && attached("document").length) yield* ofDocuments(chosen, options);
  if (sum([...attached("picture"), ...attached("document")], "bytes") > most) yield `A message can hold ${whole(most)} of files: remove some of them.`;
}

function warn() {
  const hint = document.getElementById("composer-hint");
  if (hint) hint.textContent = [...warnings()].join(" ");
}

// What is attached and not sent belongs to the draft, as the text does.
const filesName = () => `draft:${form().dataset.draftKey}:files`;

function remember() {
  if ("restoring" in list().dataset) return;
  const ids = [...list().querySelectorAll("[data-attachment-id]")].map((chip) => chip.dataset.attachmentId);
  if (ids.length) localStorage.setItem(filesName(), ids.join(" "));
  else localStorage.removeItem(filesName());
}

async function restore() {
  const ids = localStorage.getItem(filesName());
  const mine = list();
  if (!ids || mine.children.length) return;
  mine.dataset.restoring = "true";
  const answer = await fetch(`${form().dataset.chipsUrl}?${new URLSearchParams({ ids })}`).catch(() => null);
  const words = answer?.ok ? await answer.text() : "";
  for (const chip of document.createRange().createContextualFragment(words).querySelectorAll(".chip")) {
    mine.append(chip);
    htmx.process(chip);
  }
  delete mine.dataset.restoring;
  // Where the server could not be asked, the next page asks again.
  if (answer?.ok && mine === list()) remember();
  document.dispatchEvent(new Event("attachments:settled"));
}

document.addEventListener("change", (event) => {
  if (event.target.id === "composer-model") warn();
  if (event.target.id !== "composer-files") return;
  take(event.target.files);
  event.target.value = "";
});
document.addEventListener("paste", (event) => {
  if (!event.target.closest?.("#composer") || !event.clipboardData.files.length) return;
  event.preventDefault();
  take(event.clipboardData.files);
});
document.addEventListener("click", (event) => {
  event.target.closest?.("[data-dismiss=chip]")?.closest(".chip").remove();
  if (event.target.closest?.("[data-sign-in]")) remember();
});

const hasFiles = (event) => form() && event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.add("is-dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form()?.classList.remove("is-dropping");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.remove("is-dropping");
  take(event.dataTransfer.files);
});

const chips = new MutationObserver(() => {
  if (!form()) return;
  warn();
  remember();
});
htmx.onLoad((root) => {
  if (!root.querySelector("#composer-attachments")) return;
  chips.disconnect();
  restore();
  chips.observe(list(), { childList: true });
  warn();
});
