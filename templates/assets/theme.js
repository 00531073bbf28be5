// Light or dark. A plain script, not a module: base.html loads it before the first paint, so that a chosen theme never flashes the other one.
// Without a choice the style sheet follows the system. Any button with data-theme-button changes over.
(() => {
  const KEY = "afterword-theme";
  const root = document.documentElement;
  // Storage may be forbidden (private windows, policies); then the choice lives as long as the page.
  const load = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const save = (value) => { try { localStorage.setItem(KEY, value); } catch { /* the page keeps it */ } };

  const chosen = load();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-button]")) {
      const name = () => button.setAttribute("aria-label", dark() ? "Use the light theme" : "Use the dark theme");
      button.hidden = false;
      name();
      button.addEventListener("click", () => {
        root.dataset.theme = dark() ? "light" : "dark";
        save(root.dataset.theme);
        name();
      });
    }
  });
})();
