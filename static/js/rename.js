// A title is edited where it stands: in the list or in the header.

function titleFor(trigger) {
  const row = trigger.closest(".row");
  return row ? row.querySelector("a") : document.getElementById("conversation-title");
}

function edit(trigger) {
  const title = titleFor(trigger);
  const form = document.getElementById("rename-form").content.firstElementChild.cloneNode(true);
  const input = form.elements.title;
  const before = title.textContent.trim();
  let isDone = false;

  async function finish({ keep }) {
    if (isDone) return;
    isDone = true;
    const words = input.value.trim();
    if (keep && words && words !== before) {
      const request = htmx.ajax("POST", trigger.dataset.rename, { source: document.body, target: "#toasts", swap: "none", values: { title: words } });
      // The composer says that it could not be sent; the old title stands again.
      await request.catch(() => null);
    }
    form.remove();
    title.hidden = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish({ keep: true });
  });
  input.addEventListener("blur", () => finish({ keep: true }));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    finish({ keep: false });
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
