// Moments of a conversation that links lead to.
//   <a href="#t4-31000" data-moment="29500">2:10</a>   lets the player start there; without scripts, or without sound, the link leads to the line
//   /interactions/…#t=31000                            shows the line that is said then, and puts the player there: what search results and others link to

import { play } from "./span.js";

const audio = document.querySelector("[data-player] audio");
const turns = [...document.querySelectorAll(".turn[data-start]")].map((element) => ({ element, start: Number(element.dataset.start) }));

if (audio) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-moment]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    play(Number(link.dataset.moment));
  });
}

/** The line that is said at this moment, else the one before it. */
const lineAt = (ms) => turns.findLast(({ start }) => start <= ms) ?? turns[0];

function seek(ms) {
  if (!audio) return;
  const go = () => { audio.currentTime = ms / 1000; };
  if (audio.readyState > 0) go();
  else audio.addEventListener("loadedmetadata", go, { once: true });
}

function goThere() {
  const asked = /^#t=(\d{1,9})$/.exec(location.hash);
  if (!asked) return;
  const ms = Number(asked[1]);
  const line = lineAt(ms)?.element;
  if (line?.id) location.replace(`#${line.id}`);
  seek(ms);
}

addEventListener("hashchange", goThere);
goThere();
