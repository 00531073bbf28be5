// <ol class="transcript" data-transcript><li class="turn agent" data-start="31000" data-end="36000" data-words="0-31000 6-31400" id="t31000">…</li></ol>
// (app.css has the whole of it; data-words: where each word begins in the text of .turn-text, and when it is said, ms)
// Follows the player word by word, seeks when a time is clicked, searches inside, and selects lines for the library where the page has fields for a span (span.js).
// Lines are selected by marking their text with the pointer, or line by line with the button at the end of each.

import { clock, play, spans } from "./span.js";
import { finder } from "./find.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const QUIET_AFTER_SCROLL_MS = 4000;

function begin(list) {
  const audio = document.querySelector("[data-player] audio");
  const turns = [...list.querySelectorAll(".turn[data-start]")].map((element) => ({ element, start: Number(element.dataset.start), end: Number(element.dataset.end) }));
  if (!turns.length) return;

  const tools = document.createElement("div");
  tools.className = "transcript-tools";
  tools.append(finder(list));
  list.before(tools);

  if (audio) follow(list, turns, audio, tools);
  if (spans.wanted) selectable(list, turns);
}

/** Marks what is being said, keeps it in sight, and seeks on a click. */
function follow(list, turns, audio, tools) {
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "button small";
  toggle.textContent = "Follow the voice";
  toggle.setAttribute("aria-pressed", "true");
  toggle.addEventListener("click", () => toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") !== "true"));
  tools.append(toggle);

  // Who scrolls wants to read somewhere else for a while.
  let scrolled = -Infinity;
  for (const event of ["wheel", "touchmove"]) addEventListener(event, () => { scrolled = performance.now(); }, { passive: true });

  let marked = new Set();
  const said = new SaidWord();
  const update = () => {
    const now = audio.currentTime * 1000;
    const current = new Set(turns.filter((turn) => now >= turn.start && now < turn.end));
    for (const turn of marked) if (!current.has(turn)) { turn.element.classList.remove("current"); turn.element.removeAttribute("aria-current"); }
    for (const turn of current) {
      if (marked.has(turn)) continue;
      turn.element.classList.add("current");
      turn.element.setAttribute("aria-current", "true");
      keepInSight(turn.element);
    }
    marked = current;
    said.show(current, now);
  };
  const keepInSight = (element) => {
    if (audio.paused || toggle.getAttribute("aria-pressed") !== "true" || performance.now() - scrolled < QUIET_AFTER_SCROLL_MS) return;
    const box = element.getBoundingClientRect();
    if (box.top > 80 && box.bottom < innerHeight - 180) return;
    element.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  };
  // "timeupdate" comes four times a second: too late for words.
  const frame = () => {
    update();
    if (!audio.paused && !audio.ended) requestAnimationFrame(frame);
  };
  audio.addEventListener("play", frame);
  for (const event of ["timeupdate", "seeked"]) audio.addEventListener(event, update);

  list.addEventListener("click", (event) => {
    const link = event.target.closest(".turn-time");
    const turn = link && turns.find(({ element }) => element.contains(link));
    if (!turn || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    // The address still names the moment, to be copied and sent.
    history.replaceState(null, "", link.getAttribute("href"));
    scrolled = -Infinity;
    play(turn.start);
  });

  const linked = turns.find(({ element }) => `#${element.id}` === location.hash);
  if (linked) {
    const go = () => { audio.currentTime = linked.start / 1000; };
    if (audio.readyState > 0) go();
    else audio.addEventListener("loadedmetadata", go, { once: true });
  }
}

/** The word that is being said, marked without touching the text: a browser that can't do that marks the line only. */
class SaidWord {
  #words = new WeakMap();
  #mark = globalThis.Highlight && CSS.highlights ? new Highlight() : null;

  constructor() {
    if (this.#mark) CSS.highlights.set("said", this.#mark);
  }

  show(turns, now) {
    if (!this.#mark) return;
    const ranges = [...turns].map((turn) => this.#words_of(turn).findLast(({ start }) => start <= now)?.range).filter(Boolean);
    if (ranges.length === this.#mark.size && ranges.every((range) => this.#mark.has(range))) return;
    this.#mark.clear();
    for (const range of ranges) this.#mark.add(range);
  }

  #words_of(turn) {
    if (!this.#words.has(turn)) this.#words.set(turn, ranges(turn.element));
    return this.#words.get(turn);
  }
}

/** The words of a line with the times at which they begin. */
function ranges(element) {
  const text = element.querySelector(".turn-text");
  const times = (element.dataset.words ?? "").split(" ").filter(Boolean).map((pair) => pair.split("-").map(Number));
  const whole = text?.textContent ?? "";
  return times.map(([offset, start], at) => {
    const end = (times[at + 1]?.[0] ?? whole.length);
    const range = new StaticRange({ ...spot(text, offset, "start"), ...spot(text, offset + whole.slice(offset, end).trimEnd().length, "end") });
    return { start, range };
  });
}

/** The place of a letter: in which text node, and where in it. */
function spot(element, offset, edge) {
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let node = walk.nextNode(), left = offset;
  while (node && (left > node.length || (edge === "start" && left === node.length))) {
    left -= node.length;
    node = walk.nextNode();
  }
  return { [`${edge}Container`]: node ?? element, [`${edge}Offset`]: node ? left : 0 };
}

/** Lines chosen here become the span, and the span's lines are marked here. */
function selectable(list, turns) {
  const touches = (turn, span) => Boolean(span) && turn.start < span.end && turn.end > span.start;

  for (const turn of turns) {
    const pick = document.createElement("button");
    pick.type = "button";
    pick.className = "turn-pick";
    pick.setAttribute("aria-label", `Select the line at ${clock(turn.start)}`);
    pick.setAttribute("aria-pressed", "false");
    pick.title = "Select this line for the library";
    pick.innerHTML = '<svg class="icon small" aria-hidden="true"><use href="#i-clip"/></svg>';
    pick.addEventListener("click", () => choose(turn));
    turn.pick = pick;
    turn.element.append(pick);
  }

  /** A line outside extends the selection to it; the first or last one inside is taken out again. */
  function choose(turn) {
    const inside = turns.filter((other) => touches(other, spans.current));
    let lines = [...inside, turn];
    if (inside.includes(turn)) {
      if (inside.length === 1) return spans.clear();
      lines = turn === inside[0] ? inside.slice(1) : inside.slice(0, inside.indexOf(turn) || 1);
    }
    return take(lines);
  }
  const take = (lines) => spans.select(Math.min(...lines.map((turn) => turn.start)), Math.max(...lines.map((turn) => turn.end)));

  list.addEventListener("pointerup", () => {
    // After the browser has made up its mind about the selection.
    setTimeout(() => {
      const marked = getSelection();
      if (marked.isCollapsed || !marked.rangeCount || !list.contains(marked.anchorNode) || marked.toString().trim().length < 3) return;
      const lines = turns.filter(({ element }) => marked.containsNode(element.querySelector(".turn-text") ?? element, true));
      if (lines.length) take(lines);
    });
  });

  const show = () => {
    for (const turn of turns) {
      const on = touches(turn, spans.current);
      turn.element.classList.toggle("selected", on);
      turn.pick.setAttribute("aria-pressed", on);
    }
  };
  spans.addEventListener("change", show);
  show();
}

for (const list of document.querySelectorAll("[data-transcript]")) begin(list);
