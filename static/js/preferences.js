// The remembered theme and side list, applied before the first paint; hence a classic
// script in the head and not a module.

(() => {
  const root = document.documentElement;
  const choice = localStorage.getItem("theme");
  if (choice === "light" || choice === "dark") root.dataset.theme = choice;
  if (localStorage.getItem("sidebar") === "closed") root.dataset.sidebar = "closed";

  const mark = () => {
    for (const item of document.querySelectorAll("[data-theme-choice]")) {
      item.setAttribute("aria-checked", item.dataset.themeChoice === (root.dataset.theme ?? "system"));
    }
  };

  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const theme = event.target.closest?.("[data-theme-choice]")?.dataset.themeChoice;
    if (!theme) return;
    localStorage.setItem("theme", theme);
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    mark();
  });

  // What one had begun to write does not outlive one's session on a shared machine.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-sign-out]")) return;
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith("draft:")) localStorage.removeItem(name);
    }
  });
})();
