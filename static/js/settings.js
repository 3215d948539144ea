// Of the settings of a conversation, those that the chosen model can follow.

const words = (text) => (text ?? "").split(" ").filter(Boolean);

function fit() {
  const [model] = document.getElementById("composer-model").selectedOptions;
  const panel = document.getElementById("settings");
  for (const row of panel.querySelectorAll("[data-needs]")) {
    const found = words(model?.dataset[row.dataset.needs]);
    row.hidden = row.dataset.tool ? !found.includes(row.dataset.tool) : found.length === 0;
  }
  const efforts = words(model?.dataset.efforts);
  for (const option of panel.querySelectorAll("#settings-effort option[value]")) {
    option.hidden = option.disabled = option.value !== "" && !efforts.includes(option.value);
  }
  const thinking = words(model?.dataset.thinking);
  const off = panel.querySelector("#settings-thinking [value=off]");
  off.hidden = off.disabled = !thinking.includes("disabled");
  const limit = panel.querySelector("[type=number]");
  limit.max = model?.dataset.limit ?? "";
  limit.placeholder = limit.max;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "composer-model") fit();
});
// A refusal is said in the panel, which covers the place where others are said.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, xhr } = event.detail;
  if (requestConfig.elt.id !== "settings" || xhr.status < 400 || xhr.status === 401) return;
  event.detail.target = document.getElementById("settings-said");
});
// Enter in a setting is no order to ask.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("#settings input")) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
htmx.onLoad((root) => {
  if (root.querySelector("#settings")) fit();
});
