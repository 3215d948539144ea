// A button that starts a turn sends a key of its own, the same one however often it is
// pressed before its answer has come.

document.addEventListener("htmx:configRequest", (event) => {
  const button = event.detail.elt;
  if (!button.matches("[data-mint-key]")) return;
  button.dataset.key ??= crypto.randomUUID();
  event.detail.parameters.key = button.dataset.key;
});
