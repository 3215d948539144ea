// A long question stands as its first lines until one asks for the rest.

function set(button, isOpen) {
  button.ariaExpanded = String(isOpen);
  // What stood far below is now above: the reader is taken to where it ends.
  if (!isOpen) button.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".fold");
  if (button) set(button, button.ariaExpanded !== "true");
});

// The browser's own search, or a selection, has gone to words that were folded away.
document.addEventListener("scroll", ({ target }) => {
  if (!target.matches?.(".said:has(+ .fold[aria-expanded=false])")) return;
  if (target.scrollTop > 0) set(target.nextElementSibling, true);
}, true);
