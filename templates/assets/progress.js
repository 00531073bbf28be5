// <section data-progress="/api/v1/interactions/…/transcript" data-progress-done="The transcript is ready."><p data-progress-text>…</p><progress class="progress" max="1" value="0.4"></progress></section>
// Polls the state of a transcript or of the speech model until it is final, then reloads the page.

const PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 20_000;
const FINAL = ["done", "failed", "cancelled", "absent"];

const WORDS = {
  waiting: "Waiting for its turn to be transcribed.",
  running: (share) => `Being transcribed on this machine: ${Math.round(share * 100)} %.`,
};

/** Whether a reload would lose unsaved text. */
const writing = () => [...document.querySelectorAll("input:not([type=hidden], [type=search]), textarea")].some((field) => field.value !== field.defaultValue);

function watch(section) {
  const bar = section.querySelector("progress");
  const text = section.querySelector("[data-progress-text]");
  let pause = PAUSE_MS;

  const finish = (state) => {
    if (!writing()) return location.reload();
    const link = Object.assign(document.createElement("a"), { href: "", textContent: "Reload the page" });
    text?.replaceChildren(state === "done" ? section.dataset.progressDone : "This has ended.", " ", link, " when you have saved your text.");
    bar?.remove();
    return undefined;
  };

  const ask = async () => {
    if (document.hidden) return setTimeout(ask, PAUSE_MS);
    try {
      const answer = await fetch(section.dataset.progress, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { state, progress = 0, reason } = await answer.json();
      if (FINAL.includes(state)) return finish(state);
      pause = PAUSE_MS;
      if (state === "running") {
        if (bar) bar.value = progress;
        if (text) text.textContent = reason ?? WORDS.running(progress);
      } else if (text && !reason) text.textContent = WORDS.waiting;
      else if (text) text.textContent = reason;
    } catch {
      // The server may be restarting: ask less and less often.
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
    return setTimeout(ask, pause);
  };
  setTimeout(ask, PAUSE_MS);
}

for (const section of document.querySelectorAll("[data-progress]")) watch(section);
