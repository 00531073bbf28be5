// The selected span of a recording: chosen on the waveform, from the transcript or by typing, written into the form's fields, shown everywhere.
//   <input data-span-start name="start" value="0:52.0"> <input data-span-end name="end" value="1:10.5">   m:ss.t, what the server reads as well
//   <div class="selection-bar" data-span-bar data-span-open="flag" data-span-label="Flag as exemplary" hidden></div>
//       shown while there is a selection; its button opens the <dialog> or <details> with that id, or goes to it
// Others listen: spans.addEventListener("change", …); spans.current is { start, end } in milliseconds, or null.

/** 72500 → "1:12", with tenths "1:12.5"; above an hour "1:02:05". */
export function clock(ms, tenths = false) {
  const all = tenths ? Math.round(ms / 100) / 10 : Math.floor(ms / 1000);
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const seconds = (all % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** "1:12.5" → 72500; null for what is no time. */
export function parseClock(text) {
  const match = /^\s*(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d+)?)\s*$/.exec(text);
  if (!match) return null;
  return Math.round(((Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 60 + Number(match[3].replace(",", "."))) * 1000);
}

const startField = document.querySelector("[data-span-start]");
const endField = document.querySelector("[data-span-end]");

class Spans extends EventTarget {
  /** Whether this page has a use for a selection at all. */
  wanted = Boolean(startField && endField);
  current = null;

  select(start, end) {
    const [from, to] = start <= end ? [start, end] : [end, start];
    this.current = { start: Math.max(0, Math.round(from)), end: Math.round(to) };
    if (startField) startField.value = clock(this.current.start, true);
    if (endField) endField.value = clock(this.current.end, true);
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    this.current = null;
    if (startField) startField.value = "";
    if (endField) endField.value = "";
    this.dispatchEvent(new Event("change"));
  }
}

export const spans = new Spans();

/** Asks the player to play from `start`, up to `end` when given. */
export const play = (start, end = null) => document.dispatchEvent(new CustomEvent("afterword:play", { detail: { start, end } }));

function readFields() {
  const start = parseClock(startField.value);
  const end = parseClock(endField.value);
  if (start !== null && end !== null && end > start) spans.select(start, end);
}

if (spans.wanted) {
  for (const field of [startField, endField]) field.addEventListener("change", readFields);
  // After every module has begun to listen.
  queueMicrotask(readFields);
}

function button(text, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button small";
  element.textContent = text;
  element.addEventListener("click", action);
  return element;
}

function reveal(id) {
  const target = document.getElementById(id);
  if (!target) return;
  if (target instanceof HTMLDialogElement) target.showModal();
  else if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView({ block: "nearest" });
  target.querySelector("input:not([type=hidden], [data-span-start], [data-span-end]), textarea")?.focus();
}

const bar = document.querySelector("[data-span-bar]");
if (bar) {
  const words = document.createElement("span");
  words.setAttribute("role", "status");
  bar.append(words, button("Listen", () => play(spans.current.start, spans.current.end)));
  if (bar.dataset.spanOpen) bar.append(button(bar.dataset.spanLabel ?? "Use it", () => reveal(bar.dataset.spanOpen)));
  bar.append(button("Clear", () => spans.clear()));
  spans.addEventListener("change", () => {
    bar.hidden = !spans.current;
    if (!spans.current) return;
    const { start, end } = spans.current;
    words.textContent = `${clock(start)} to ${clock(end)} · ${Math.max(1, Math.round((end - start) / 1000))} s`;
  });
}
