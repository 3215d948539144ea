// What a page shows of a conversation, without what only says how it came to show it.
() => {
  const log = document.getElementById("messages").cloneNode(true);
  for (const element of log.querySelectorAll("*")) {
    // How far the text has come over the socket; a page that was loaded whole has none.
    element.removeAttribute("data-end");
    // What htmx notes while a request of the element runs.
    element.classList.remove("htmx-added", "htmx-settling", "htmx-swapping", "htmx-request");
    if (!element.classList.length && element.getAttribute("class") === "") element.removeAttribute("class");
    // The seconds until a retry pass while one looks.
    if (element.dataset?.countdown) element.dataset.countdown = "some";
    if (element.getAttribute("role") === "timer") element.textContent = "some";
  }
  // Blanks between the parts of a message, where a part has gone or never was.
  const texts = document.createTreeWalker(log, NodeFilter.SHOW_TEXT);
  const blanks = [];
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (!node.data.trim() && !node.parentElement.closest("[data-part=body]")) blanks.push(node);
  }
  for (const node of blanks) node.remove();
  const bodies = [...document.querySelectorAll("#messages [data-part=body]")];
  const cells = [...document.querySelectorAll("#messages :is(td, th)")];
  return {
    ends: [...document.querySelectorAll("#messages article")].map((article) => article.dataset.end ?? ""),
    markup: log.innerHTML.split(/(?=<)/),
    texts: bodies.map((body) => body.innerText),
    alignments: cells.map((cell) => getComputedStyle(cell).textAlign),
  };
}
