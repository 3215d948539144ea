// Menu buttons: a popover beside its button, with the keys that menus have.

const GAP_PX = 4;
const KEYS = { ArrowDown: 1, ArrowUp: -1 };

const buttonOf = (menu) => document.querySelector(`[popovertarget="${menu.id}"]`);
const itemsOf = (menu) => [...menu.querySelectorAll("[role^=menuitem]")];

function place(menu) {
  const button = buttonOf(menu).getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const width = parseFloat(getComputedStyle(menu).minWidth);
  menu.style.left = `${Math.min(button.left, clientWidth - width - 2 * GAP_PX)}px`;
  const isLow = button.bottom > clientHeight * 0.6;
  menu.style.top = isLow ? "auto" : `${button.bottom + GAP_PX}px`;
  menu.style.bottom = isLow ? `${clientHeight - button.top + GAP_PX}px` : "auto";
}

function move(menu, key) {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement);
  if (key === "Home") items[0].focus();
  else if (key === "End") items.at(-1).focus();
  else items.at((at + KEYS[key]) % items.length).focus();
}

document.addEventListener("beforetoggle", (event) => {
  if (event.newState === "open" && event.target.matches(".menu")) place(event.target);
}, true);

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu")) return;
  buttonOf(menu)?.setAttribute("aria-expanded", event.newState === "open");
  if (event.newState === "open") itemsOf(menu)[0].focus();
  // htmx copies attributes to what replaces a row, and the policy forbids a style.
  else menu.removeAttribute("style");
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu");
  if (menu && (event.key in KEYS || event.key === "Home" || event.key === "End")) {
    event.preventDefault();
    move(menu, event.key);
  } else if (menu && event.key === "Tab") {
    menu.hidePopover();
  } else if (event.key === "ArrowDown" && event.target.matches?.("[aria-haspopup=menu]")) {
    event.preventDefault();
    event.target.click();
  }
});

document.addEventListener("click", (event) => {
  const item = event.target.closest?.(".menu [role=menuitem]");
  if (item) item.closest(".menu").hidePopover();
});
