// The list at the side: shown or hidden on a wide screen, a drawer on a narrow one.

const root = document.documentElement;
const narrow = matchMedia("(width < 900px)");
const sidebar = document.getElementById("sidebar");

const isShown = () => (narrow.matches ? root.dataset.drawer === "open" : root.dataset.sidebar !== "closed");

function tell() {
  for (const toggle of document.querySelectorAll("[data-sidebar-toggle]")) toggle.ariaExpanded = String(isShown());
  const main = document.querySelector("main");
  if (main) main.inert = narrow.matches && isShown();
}

function show(isOpen) {
  if (narrow.matches) {
    root.dataset.drawer = isOpen ? "open" : "closed";
  } else {
    root.dataset.sidebar = isOpen ? "open" : "closed";
    localStorage.setItem("sidebar", root.dataset.sidebar);
  }
  tell();
  const scope = isOpen ? sidebar : document.querySelector("main");
  scope.querySelector("[data-sidebar-toggle]")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-sidebar-toggle]")) show(!isShown());
  else if (event.target.matches?.("[data-sidebar-close]")) show(false);
});

document.addEventListener("keydown", (event) => {
  const isInDrawer = narrow.matches && root.dataset.drawer === "open";
  if (event.key !== "Escape" || !isInDrawer || document.querySelector(":popover-open")) return;
  event.preventDefault();
  show(false);
});

sidebar.addEventListener("submit", (event) => {
  // The list has followed each letter already.
  if (event.target.matches(".search")) event.preventDefault();
});

narrow.addEventListener("change", tell);
htmx.onLoad(tell);
