// What the buttons on messages need beside their attributes.

// A button that starts a turn sends a key of its own, the same one however often it is
// pressed before its answer has come.
document.addEventListener("htmx:configRequest", (event) => {
  const button = event.detail.elt;
  if (!button.matches("[data-mint-key]")) return;
  button.dataset.key ??= crypto.randomUUID();
  event.detail.parameters.key = button.dataset.key;
});

// The socket may have replaced the button before the answer to its request is here;
// htmx would look for the answer's targets among what has been replaced.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, serverResponse, xhr } = event.detail;
  if (requestConfig.elt.isConnected || xhr.status >= 400) return;
  event.detail.shouldSwap = false;
  htmx.swap(document.body, serverResponse, { swapStyle: "none" });
});
