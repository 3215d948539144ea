// A question is changed where it stands. What one has typed is kept until it has been
// asked or given up: through a refusal, a new version of its article, and a reload.

const person = () => document.getElementById("composer").dataset.draftKey.split(":")[0];
const draftName = (form) => `draft:${person()}:edit:${form.dataset.message}`;
let isByKey = false;
const isTaken = ({ status }) => status === 201;

// The same words are the same question however often they are sent, others are another.
function mint(form) {
  form.elements.key.value = crypto.randomUUID();
}

function open(form) {
  const text = form.elements.text;
  for (const other of form.parentElement.querySelectorAll(":scope > .edit")) if (other !== form) other.remove();
  mint(form);
  text.value = localStorage.getItem(draftName(form)) ?? text.value;
  text.focus({ preventScroll: true });
  text.setSelectionRange(text.value.length, text.value.length);
  form.scrollIntoView({ block: "nearest" });
}

function close(form) {
  const article = form.parentElement;
  localStorage.removeItem(draftName(form));
  form.remove();
  article?.querySelector("[aria-label=Edit]")?.focus({ preventScroll: true });
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form.edit");
  if (!form) return;
  mint(form);
  localStorage.setItem(draftName(form), form.elements.text.value);
});
document.addEventListener("click", (event) => {
  isByKey = event.detail === 0;
  const form = event.target.closest?.("form.edit [data-cancel]")?.form;
  if (form) close(form);
});
// Before the composer hears of it, for which Escape means to end an answer.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form.edit");
  // 229 is what a key reports in the middle of an input method's composition.
  if (!form || event.isComposing || event.keyCode === 229) return;
  const isPlain = !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey);
  if (event.key === "Escape") {
    event.preventDefault();
    close(form);
  } else if (event.key === "Enter" && isPlain && event.target === form.elements.text) {
    event.preventDefault();
    form.requestSubmit();
  }
}, true);

// A refusal is said beside the words that were refused.
document.addEventListener("htmx:beforeSwap", (event) => {
  const form = event.detail.requestConfig.elt;
  if (form.matches(".edit") && event.detail.xhr.status >= 400 && form.isConnected) {
    event.detail.target = form.querySelector(".edit-problem");
  }
});
function settled(event) {
  const { elt } = event.detail.requestConfig;
  if (!isTaken(event.detail.xhr)) return;
  const isEdit = elt.matches(".edit");
  if (isEdit) {
    localStorage.removeItem(draftName(elt));
    elt.remove();
  }
  // What had the keyboard is gone with its version.
  if (document.activeElement === document.body && (isEdit || isByKey)) {
    document.getElementById("composer-text").focus({ preventScroll: true });
  }
  document.dispatchEvent(new Event("composer:accepted"));
}
// The socket may take the element away before the answer to its request is here: then
// nobody hears of the end but the element itself.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt } = event.detail;
  if (elt.matches("form.edit, [data-mint-key]")) elt.addEventListener("htmx:afterRequest", settled, { once: true });
});

// Which model will answer is said where one is about to press.
function name(event) {
  const button = event.target.closest?.("[aria-label=Regenerate]");
  const [model] = document.getElementById("composer-model")?.selectedOptions ?? [];
  if (button && model) button.title = `Regenerate with ${model.textContent.trim()}`;
}
document.addEventListener("pointerover", name);
document.addEventListener("focusin", name);

htmx.onLoad((root) => {
  if (root.matches("form.edit")) open(root);
});
