// Files picked, pasted or dropped: each is a chip at once and travels by itself.

const form = () => document.getElementById("composer");
const list = () => document.getElementById("composer-attachments");

function readable(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function chipFor(file) {
  const chip = document.getElementById("chip").content.firstElementChild.cloneNode(true);
  const picture = chip.querySelector(".chip-picture");
  if (file.type.startsWith("image/")) {
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
  request.open("POST", form().dataset.uploadUrl);
  request.setRequestHeader("X-CSRFToken", form().elements.csrfmiddlewaretoken.value);
  request.send(data);
}

function take(files) {
  for (const file of files) upload(file);
  document.getElementById("composer-text").focus({ preventScroll: true });
}

// Said before sending: pictures for a model that cannot see them.
function warn() {
  const hint = document.getElementById("composer-hint");
  const options = [...(document.getElementById("composer-model")?.options ?? [])];
  const chosen = options.find((option) => option.selected);
  const seeing = options.filter((option) => option.dataset.images === "true").map((option) => option.text);
  const isBlind = chosen?.dataset.images === "false" && list().querySelector(".chip:not(.chip-error)");
  if (!hint) return;
  const others = seeing.length ? `${new Intl.ListFormat("en", { type: "disjunction" }).format(seeing)} can.` : "No model that can is offered here.";
  hint.textContent = isBlind ? `${chosen.text} cannot see pictures. ${others}` : "";
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
