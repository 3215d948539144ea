// A title is edited where it stands: in the list or in the header.

function titleFor(trigger) {
  const row = trigger.closest(".row");
  return row ? row.querySelector("a") : document.getElementById("conversation-title");
}

// Where the keyboard goes on: the menu of the row, or the pencil in the header.
function buttonOf(trigger) {
  const isInRow = trigger.closest("[role=menu]") !== null;
  const now = document.querySelector(`${isInRow ? ".row" : "header"} [data-rename="${trigger.dataset.rename}"]`);
  return isInRow ? now?.closest(".row").querySelector(".row-menu") : now;
}

function edit(trigger) {
  const title = titleFor(trigger);
  const form = document.getElementById("rename-form").content.firstElementChild.cloneNode(true);
  const input = form.elements.title;
  const before = title.textContent.trim();
  let isDone = false;

  async function finish({ keep, byKey }) {
    if (isDone) return;
    isDone = true;
    const words = input.value.trim();
    if (keep && words && words !== before) {
      const request = htmx.ajax("POST", trigger.dataset.rename, { source: document.body, target: "#toasts", swap: "none", values: { title: words } });
      // The composer says that it could not be sent; the old title stands again.
      await request.catch(() => null);
    }
    const isHere = [input, document.body].includes(document.activeElement);
    form.remove();
    title.hidden = false;
    // The row may have been replaced meanwhile; its button is found by what it renames.
    if (isHere && byKey) buttonOf(trigger)?.focus({ preventScroll: true });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish({ keep: true, byKey: true });
  });
  input.addEventListener("blur", () => finish({ keep: true, byKey: false }));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    finish({ keep: false, byKey: true });
  });

  input.value = before;
  title.hidden = true;
  title.before(form);
  input.focus({ preventScroll: true });
  input.select();
}

document.addEventListener("click", (event) => {
  const trigger = event.target.closest?.("[data-rename]");
  if (trigger) edit(trigger);
  else if (event.target.id === "conversation-title") {
    const button = document.querySelector("#conversation-header [data-rename]");
    if (button) edit(button);
  }
});
