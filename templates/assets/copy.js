// <button class="button small" data-copy="id" hidden>Copy</button> copies the text of #id and says so.
// The button ships hidden: where there is no clipboard (plain http on another host) the text can be selected by hand.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) continue;
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText((source.value ?? source.textContent).trim());
        button.textContent = "Copied";
      } catch {
        // Refused: at least select it, so that one key press copies.
        getSelection().selectAllChildren(source);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = label; }, 2500);
    });
  }
}
