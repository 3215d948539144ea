// A toast goes by itself, but not from under a pointer or the keyboard's focus.

const STAYS_MS = 10_000;
const toasts = document.getElementById("toasts");

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAYS_MS, toast);
  else toast.remove();
}

new MutationObserver((changes) => {
  for (const toast of changes.flatMap((change) => [...change.addedNodes])) {
    if (toast.nodeType === Node.ELEMENT_NODE) setTimeout(leave, STAYS_MS, toast);
  }
}).observe(toasts, { childList: true });
