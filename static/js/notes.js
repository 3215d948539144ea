// A note in an answer leads to its source below, and opens the passage that it quotes.

document.addEventListener("click", (event) => {
  const note = event.target.closest?.("a[data-note]");
  if (!note) return;
  event.preventDefault();
  const source = note.closest("article").querySelector(`.sources [data-note="${note.dataset.note}"]`);
  const details = source?.querySelector("details");
  if (details) details.open = true;
  source?.querySelector("a, summary")?.focus();
  source?.scrollIntoView({ block: "nearest" });
});
