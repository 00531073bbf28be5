// Search inside a transcript: marks what fits, says how many there are, Enter goes to the next and shift with Enter to the one before.

/** A search field for the `.turn-text` of `list`, to be put where the page wants it. */
export function finder(list) {
  const box = document.createElement("div");
  box.className = "find";
  box.setAttribute("role", "search");
  const input = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find in this transcript" });
  input.setAttribute("aria-label", "Find in this transcript");
  const count = document.createElement("span");
  count.className = "muted small num";
  count.setAttribute("role", "status");
  box.append(input, count);

  let marks = [];
  let at = -1;

  const clear = () => {
    for (const mark of list.querySelectorAll("mark.found")) mark.replaceWith(...mark.childNodes);
    for (const text of list.querySelectorAll(".turn-text")) text.normalize();
    marks = [];
    at = -1;
  };

  const search = () => {
    clear();
    const wanted = input.value.trim().toLowerCase();
    if (wanted.length > 1) for (const text of list.querySelectorAll(".turn-text")) markIn(text, wanted);
    marks = [...list.querySelectorAll("mark.found")];
    count.textContent = wanted.length < 2 ? "" : marks.length ? `${marks.length} found` : "Not found";
  };

  const go = (step) => {
    if (!marks.length) return;
    marks[at]?.classList.remove("at");
    at = (at + step + marks.length) % marks.length;
    marks[at].classList.add("at");
    marks[at].scrollIntoView({ block: "center" });
    count.textContent = `${at + 1} of ${marks.length}`;
  };

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      go(event.shiftKey ? (at < 0 ? 0 : -1) : 1);
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      search();
    }
  });
  return box;
}

function markIn(element, wanted) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const first of nodes) {
    let node = first;
    // Lower case may be longer than the text (İ): then positions would not fit, and this piece is passed over.
    for (let lower = node.data.toLowerCase(); lower.length === node.data.length; lower = node.data.toLowerCase()) {
      const found = lower.indexOf(wanted);
      if (found < 0) break;
      const hit = node.splitText(found);
      node = hit.splitText(wanted.length);
      const mark = document.createElement("mark");
      mark.className = "found";
      hit.replaceWith(mark);
      mark.append(hit);
    }
  }
}
