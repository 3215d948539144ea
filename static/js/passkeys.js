// Says on the page that a passkey was not used, where only the console would know.

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const problem = document.getElementById("passkey-problem");
  if (!problem) return;
  problem.role = "alert";
  problem.hidden = false;
});
