// "Copy" under a message takes its source from the server; "Copy code" what it shows.

const ICON_BACK_AFTER_MS = 2000;

function source(button) {
  if (button.dataset.copy) return fetch(button.dataset.copy).then(asText);
  return Promise.resolve(button.closest("figure").querySelector("code").textContent);
}

function asText(response) {
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

// The text is handed over as a promise, so that the click still counts as the reason.
function write(text) {
  const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
  return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
}

function tick(button) {
  const use = button.querySelector("use");
  if (!use || button.dataset.copied) return;
  const href = use.getAttribute("href");
  button.dataset.copied = "true";
  use.setAttribute("href", href.replace(/#.*/, "#check"));
  setTimeout(() => {
    use.setAttribute("href", href);
    delete button.dataset.copied;
  }, ICON_BACK_AFTER_MS);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  let words = "Copied";
  try {
    await write(source(button));
    tick(button);
  } catch {
    words = "It could not be copied.";
  }
  document.dispatchEvent(new CustomEvent("announce", { detail: words }));
});
