// What the buttons on messages need beside their attributes.

// A button that starts a turn sends a key of its own, the same one however often it is
// pressed before its answer has come.
document.addEventListener("htmx:configRequest", (event) => {
  const button = event.detail.elt;
  if (!button.matches("[data-mint-key]")) return;
  button.dataset.key ??= crypto.randomUUID();
  event.detail.parameters.key = button.dataset.key;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) delete event.detail.requestConfig.elt.dataset.key;
});

// The socket may have replaced the button before the answer to its request is here;
// htmx would look for the answer's targets among what has been replaced.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, serverResponse, xhr } = event.detail;
  if (requestConfig.elt.isConnected || xhr.status >= 400) return;
  event.detail.shouldSwap = false;
  htmx.swap(document.body, serverResponse, { swapStyle: "none" });
});

// What was pressed by key goes with its row or its message: the keyboard goes on at
// the offer to undo, at what else can be restored, or at the version that is shown now.
let pressed = null;
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[hx-post]");
  pressed = event.detail === 0 ? button : null;
});

function goOn(scope) {
  if (document.activeElement !== document.body) return;
  const buttons = [...document.querySelectorAll(`${scope} button:not(:disabled)`)];
  (buttons.find((button) => button.ariaLabel === pressed.ariaLabel) ?? buttons[0])?.focus({ preventScroll: true });
}

document.addEventListener("htmx:afterRequest", (event) => {
  if (pressed?.matches("[role=menuitem]")) goOn("#toasts");
  const { requestConfig, successful } = event.detail;
  if (!successful || !requestConfig.elt.closest(".trash-row")) return;
  document.dispatchEvent(new CustomEvent("announce", { detail: "Restored" }));
  if (pressed) goOn(document.querySelector(".trash-row") ? ".trash-rows" : "#conversation-header");
});
document.addEventListener("live:applied", () => {
  const [, id] = pressed?.getAttribute("hx-post").match(/\/messages\/([^/]+)\/show$/) ?? [];
  if (id) goOn(`#message-${id} .versions`);
});

// The page may have got another address since it was made.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-sign-in]");
  if (link) link.search = new URLSearchParams({ next: location.pathname });
});
