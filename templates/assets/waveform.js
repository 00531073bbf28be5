// <div class="waveform" data-waveform data-peaks="/…/peaks.json" data-channels="agent,customer"
//      [data-clips='[{"start_ms":…,"end_ms":…,"title":"…","href":"…"}]'] [data-marks='[{"kind":"silence|overlap|hold","start_ms":…,"end_ms":…}]']></div>
// One lane of bars for each channel, the head of the player over them. A click seeks; dragging selects a span where the page has fields for one
// (span.js). By keyboard: "Start here" and "End here" take the player's position, the two grips move with the arrow keys.

import { clock, spans } from "./span.js";
import { peaks } from "./peaks.js";

const BAR = 2;
const GAP = 1;
const HEIGHT = 52;
const SVG = "http://www.w3.org/2000/svg";
const WORDS = { silence: "Silence", overlap: "Both speak", hold: "On hold" };

const element = (tag, className, parent) => {
  const made = document.createElement(tag);
  made.className = className;
  parent?.append(made);
  return made;
};

/** The bars of one channel as a path, mirrored on the middle line, `width` pixels wide; a peak of `loudest` fills the height. */
function bars(values, width, loudest) {
  const count = Math.max(1, Math.floor(width / (BAR + GAP)));
  const middle = HEIGHT / 2;
  let path = "";
  for (let i = 0; i < count; i += 1) {
    const first = Math.floor((i * values.length) / count);
    const last = Math.max(first + 1, Math.floor(((i + 1) * values.length) / count));
    let most = 0;
    for (let k = first; k < last; k += 1) most = Math.max(most, values[k] ?? 0);
    const half = Math.max(0.5, Math.min(1, most / loudest) * (middle - 1));
    path += `M${i * (BAR + GAP)} ${(middle - half).toFixed(1)}h${BAR}v${(2 * half).toFixed(1)}h-${BAR}z`;
  }
  return path;
}

function lane(root, label, kind) {
  const row = element("div", `lane ${kind}`, root);
  element("span", "truncate", row).textContent = label;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  row.append(svg);
  return svg;
}

function draw(svg, values, loudest) {
  const width = Math.max(60, Math.round(svg.getBoundingClientRect().width));
  const path = bars(values, width, loudest);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.innerHTML = `<path class="rest" d="${path}"/><path class="done" d="${path}"/>`;
}

function place(node, start, end, duration) {
  node.style.left = `${(start / duration) * 100}%`;
  if (end !== undefined) node.style.width = `${(Math.max(0, end - start) / duration) * 100}%`;
}

function begin(root, data) {
  const duration = data.duration_ms;
  const labels = (root.dataset.channels ?? "").split(",").map((text) => text.trim()).filter(Boolean);
  const audio = document.querySelector("[data-player] audio");
  // One measure for all channels, so that they can be compared; a quiet recording is drawn larger, noise alone is not.
  const loudest = data.channels.flat().reduce((a, b) => Math.max(a, b), 48);
  root.textContent = "";

  const lanes = data.channels.map((values, index) => {
    const who = labels[index] ?? (data.channels.length === 1 ? "call" : `channel ${index + 1}`);
    const known = who === "agent" || who === "customer";
    return { svg: lane(root, who.charAt(0).toUpperCase() + who.slice(1), known ? who : "other"), values };
  });

  const plot = element("div", "plot", root);
  for (const mark of JSON.parse(root.dataset.marks ?? "[]")) {
    const node = element("span", `mark ${mark.kind}`, plot);
    node.title = `${WORDS[mark.kind] ?? mark.kind}, ${clock(mark.start_ms)} to ${clock(mark.end_ms)}`;
    place(node, mark.start_ms, mark.end_ms, duration);
  }
  for (const clip of JSON.parse(root.dataset.clips ?? "[]")) {
    const node = element(clip.href ? "a" : "span", "clip", plot);
    if (clip.href) node.href = clip.href;
    node.title = `In the library: ${clip.title}`;
    if (clip.href) node.setAttribute("aria-label", node.title);
    place(node, clip.start_ms, clip.end_ms, duration);
  }
  const pick = element("div", "pick", plot);
  const head = element("div", "head", plot);
  pick.hidden = true;

  const move = () => {
    const at = (audio?.currentTime ?? 0) * 1000;
    place(head, Math.min(at, duration), undefined, duration);
    for (const { svg } of lanes) svg.lastElementChild?.style.setProperty("clip-path", `inset(0 ${100 - (at / duration) * 100}% 0 0)`);
  };
  new ResizeObserver(() => {
    for (const { svg, values } of lanes) draw(svg, values, loudest);
    move();
  }).observe(root);
  if (audio) {
    const frame = () => { move(); if (!audio.paused) requestAnimationFrame(frame); };
    for (const event of ["play", "seeked", "timeupdate", "loadedmetadata"]) audio.addEventListener(event, frame);
  }

  const msAt = (event) => {
    const box = plot.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * duration;
  };
  const seek = (ms) => { if (audio) audio.currentTime = ms / 1000; };

  let from = null;
  let dragging = false;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".grip, a")) return;
    from = { ms: msAt(event), x: event.clientX };
    dragging = false;
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    if (!from || !spans.wanted) return;
    dragging ||= Math.abs(event.clientX - from.x) > 4;
    if (dragging) spans.select(from.ms, msAt(event));
  });
  plot.addEventListener("pointerup", (event) => {
    if (from && !dragging) seek(msAt(event));
    from = null;
  });
  plot.addEventListener("pointercancel", () => { from = null; });

  if (spans.wanted) selection(root, plot, pick, audio, duration, msAt);
}

/** What shows and moves the selected span. */
function selection(root, plot, pick, audio, duration, msAt) {
  const grips = ["start", "end"].map((edge) => {
    const grip = element("div", "grip", plot);
    grip.tabIndex = 0;
    grip.hidden = true;
    grip.setAttribute("role", "slider");
    grip.setAttribute("aria-label", edge === "start" ? "Start of the selection" : "End of the selection");
    grip.setAttribute("aria-valuemin", 0);
    grip.setAttribute("aria-valuemax", duration);
    const put = (ms) => {
      const at = Math.min(Math.max(ms, 0), duration);
      const { start, end } = spans.current;
      // The edges stay in their order, at least half a second apart.
      if (edge === "start") spans.select(Math.min(at, end - 500), end);
      else spans.select(start, Math.max(at, start + 500));
    };
    grip.addEventListener("pointerdown", (event) => { grip.setPointerCapture(event.pointerId); event.stopPropagation(); });
    grip.addEventListener("pointermove", (event) => { if (grip.hasPointerCapture(event.pointerId)) put(msAt(event)); });
    grip.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 5000 : 500;
      const now = spans.current[edge];
      const to = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step, Home: 0, End: duration }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      put(to);
    });
    return grip;
  });

  const note = element("div", "waveform-note", document.createElement("div"));
  const hint = element("span", "", note);
  const words = "Click to listen from there. Drag to select a span for the library.";
  hint.textContent = words;
  const here = element("span", "row", note);
  for (const [text, edge] of [["Start here", "start"], ["End here", "end"]]) {
    const button = element("button", "button-link", here);
    button.type = "button";
    button.textContent = text;
    button.title = `Let the selection ${edge} where the player is now`;
    button.addEventListener("click", () => {
      const at = (audio?.currentTime ?? 0) * 1000;
      const now = spans.current;
      if (edge === "start") spans.select(at, now && now.end > at + 500 ? now.end : Math.min(duration, at + 20_000));
      else spans.select(now && now.start < at - 500 ? now.start : Math.max(0, at - 20_000), at);
    });
  }
  root.after(note);

  const show = () => {
    const span = spans.current;
    pick.hidden = !span;
    for (const grip of grips) grip.hidden = !span;
    hint.textContent = span ? `Selected: ${clock(span.start)} to ${clock(span.end)}` : words;
    if (!span) return;
    place(pick, span.start, span.end, duration);
    grips.forEach((grip, index) => {
      const ms = index === 0 ? span.start : span.end;
      place(grip, ms, undefined, duration);
      grip.setAttribute("aria-valuenow", ms);
      grip.setAttribute("aria-valuetext", clock(ms, true));
    });
  };
  spans.addEventListener("change", show);
  show();
}

for (const root of document.querySelectorAll("[data-waveform]")) {
  peaks(root.dataset.peaks).then((data) => {
    if (data?.channels?.length && data.duration_ms > 0) begin(root, data);
    else root.hidden = true;
  });
}
