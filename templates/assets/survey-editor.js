// The editor of surveys: saves by itself while one writes, and shows what was saved in the preview. Without this every button works, too.
//   <form data-editor>      its fields are saved a moment after the last change; [data-rebuild] fields load the page anew
//   [data-status]           says whether everything is saved
//   [data-problems]         what stands in the way of publishing
//   [data-trouble]          somebody else saved, or the server can't be reached
//   <form data-preview>     what the preview shows

const AFTER_MS = 700;

const preview = document.querySelector("form[data-preview]");
const frame = document.querySelector('iframe[name="preview"]');
const form = document.querySelector("form[data-editor]");
const status = document.querySelector("[data-status]");
const problems = document.querySelector("[data-problems]");
const trouble = document.querySelector("[data-trouble]");

function show() {
  if (preview && frame) frame.src = `${preview.getAttribute("action")}?${new URLSearchParams(new FormData(preview))}`;
}

function complain(text) {
  trouble.hidden = !text;
  trouble.querySelector("p").textContent = text;
}

if (preview) {
  preview.querySelector("button").hidden = true;
  preview.addEventListener("change", show);
}

if (form) {
  let timer = 0, running = false, again = false, stopped = false;

  const save = async () => {
    if (stopped) return;
    if (running) { again = true; return; }
    running = true;
    status.textContent = "Saving …";
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "save");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" }, credentials: "same-origin" });
      if (answer.ok) {
        const said = await answer.json();
        form.elements.edition.value = said.edition;
        for (const other of document.querySelectorAll('form[enctype] [name="edition"]')) other.value = said.edition;
        problems.hidden = said.problems.length === 0;
        problems.querySelector("ul").replaceChildren(...said.problems.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
        status.textContent = again ? "Saving …" : "All of it is saved in the draft.";
        complain("");
        show();
      } else if (answer.status === 409) {
        stopped = true;
        status.textContent = "Not saved.";
        complain(`${(await answer.json()).conflict} has changed this survey in the meantime. Press Save to see both; nothing you wrote is lost.`);
      } else {
        status.textContent = "Not saved.";
        complain("This could not be saved by itself. Press Save; if that fails, too, copy what you wrote and open the page again.");
      }
    } catch {
      status.textContent = "Not saved.";
      complain("The server can’t be reached. What you wrote stands here; it is saved with the next change, or press Save.");
    }
    running = false;
    if (again) { again = false; save(); }
  };

  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-rebuild], [data-quiet], #new-kind")) return;
    status.textContent = "Not saved yet.";
    clearTimeout(timer);
    timer = setTimeout(save, AFTER_MS);
  });
  form.addEventListener("change", (event) => {
    if (!event.target.matches("[data-rebuild]")) return;
    clearTimeout(timer);
    form.requestSubmit();
  });
  // A button sends everything itself.
  form.addEventListener("submit", () => { clearTimeout(timer); stopped = true; });
}
