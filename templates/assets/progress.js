// <section data-progress="/api/v1/interactions/…/transcript"><p data-progress-text>…</p><progress class="progress" max="1" value="0.4"></progress></section>
// Asks for the state of a transcript or of the speech model until it is done or failed, then shows the page anew; without scripts a reload does the same.

const PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 20_000;

const WORDS = {
  waiting: "Waiting for its turn to be transcribed.",
  running: (share) => `Being transcribed on this machine: ${Math.round(share * 100)} %.`,
};

/** Whether a reload would lose something that somebody is writing. */
const writing = () => [...document.querySelectorAll("input:not([type=hidden], [type=search]), textarea")].some((field) => field.value !== field.defaultValue);

function watch(section) {
  const bar = section.querySelector("progress");
  const text = section.querySelector("[data-progress-text]");
  let pause = PAUSE_MS;

  const finish = () => {
    if (!writing()) return location.reload();
    text.innerHTML = 'The transcript is ready. <a href="">Show it</a> when you have saved what you are writing.';
    bar?.remove();
    return undefined;
  };

  const ask = async () => {
    if (document.hidden) return setTimeout(ask, PAUSE_MS);
    try {
      const answer = await fetch(section.dataset.progress, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { state, progress = 0, reason } = await answer.json();
      if (state === "done" || state === "failed" || state === "cancelled") return finish();
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
