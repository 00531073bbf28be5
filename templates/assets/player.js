// <section class="player" data-player data-peaks="/…/peaks.json" [data-start-ms data-end-ms] aria-label="Player">
//   <audio controls preload="metadata" data-channels="agent,customer"><source src="…" type="audio/ogg"> …</audio>
// </section>
// Turns the browser's own controls into: play, back and forward, position, speed, skip silence, and a mute for each channel.
// With data-start-ms and data-end-ms it plays that span of the recording and counts from its start.
// Keys: space plays and pauses, the arrows go back and forward by five seconds (with shift by one).

import { clock } from "./span.js";
import { peaks, silences } from "./peaks.js";
import { mixer } from "./mixer.js";

const STEP_S = 5;
const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
// Silence is left at both ends of what is skipped, so that words are not cut.
const PAD_S = 0.35;

const remember = (key, value) => { try { localStorage.setItem(`afterword-${key}`, value); } catch { /* for this page only */ } };
const recall = (key) => { try { return localStorage.getItem(`afterword-${key}`); } catch { return null; } };
const icon = (name) => `<svg class="icon" aria-hidden="true"><use href="#i-${name}"/></svg>`;

function button(content, label, classes, action) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `button ${classes}`;
  element.innerHTML = content;
  if (label) {
    element.setAttribute("aria-label", label);
    element.title = label;
  }
  element.addEventListener("click", action);
  return element;
}

/** Speakers as the buttons name them. */
const name = (channel) => channel.charAt(0).toUpperCase() + channel.slice(1);

function start(section) {
  const audio = section.querySelector("audio");
  if (!audio) return;
  const from = Number(section.dataset.startMs ?? 0) / 1000;
  const until = section.dataset.endMs ? Number(section.dataset.endMs) / 1000 : Infinity;
  // A recording that was written as it was made does not tell its length; the peaks know it.
  let known = Infinity;
  const end = () => Math.min(until, Number.isFinite(audio.duration) ? audio.duration : known);
  let stopAt = Infinity;
  let quiet = [];

  const toggle = () => (audio.paused ? audio.play() : audio.pause());
  const seek = (seconds) => { audio.currentTime = Math.min(Math.max(seconds, from), Math.max(from, Number.isFinite(end()) ? end() : seconds)); };
  const by = (seconds) => { stopAt = Infinity; seek(audio.currentTime + seconds); };

  const playButton = button(icon("play"), "Play", "primary play", toggle);
  const back = button(icon("back"), `Back ${STEP_S} seconds`, "quiet icon-only", () => by(-STEP_S));
  const forward = button(icon("forward"), `Forward ${STEP_S} seconds`, "quiet icon-only", () => by(STEP_S));
  const time = document.createElement("span");
  time.className = "clock";
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: 0, max: 1, step: 0.1, value: 0, className: "seek" });
  range.setAttribute("aria-label", "Position");
  range.addEventListener("input", () => { stopAt = Infinity; seek(from + Number(range.value)); });

  const speed = document.createElement("select");
  speed.setAttribute("aria-label", "Speed");
  for (const value of SPEEDS) speed.add(new Option(`${value}×`, value));
  speed.value = SPEEDS.includes(Number(recall("speed"))) ? recall("speed") : "1";
  const applySpeed = () => { audio.playbackRate = Number(speed.value); audio.defaultPlaybackRate = audio.playbackRate; };
  speed.addEventListener("change", () => { applySpeed(); remember("speed", speed.value); });
  applySpeed();

  const skip = button("Skip silence", "", "small", () => {
    const on = skip.getAttribute("aria-pressed") !== "true";
    skip.setAttribute("aria-pressed", on);
    remember("skip-silence", on);
  });
  skip.setAttribute("aria-pressed", recall("skip-silence") === "true");
  skip.hidden = true;

  const options = document.createElement("div");
  options.className = "options";
  options.append(speed, skip);
  const channels = (audio.dataset.channels ?? "").split(",").map((text) => text.trim()).filter(Boolean);
  if (channels.length > 1) {
    const mix = mixer(audio, channels.length);
    channels.forEach((channel, index) => {
      const mute = button("", "", "small", () => show(mix.toggle(index)));
      const show = (muted) => {
        mute.innerHTML = `${icon(muted ? "mute" : "sound")}${name(channel)}`;
        mute.setAttribute("aria-pressed", muted);
        mute.title = muted ? `${name(channel)} is muted` : `Mute ${channel}`;
        mute.setAttribute("aria-label", `Mute ${channel}`);
      };
      show(false);
      options.append(mute);
    });
  }

  // Phones have no room for the options in the row: there a button shows them (app.css hides it elsewhere).
  const more = button(icon("admin"), "Playback options", "quiet icon-only more", () => {
    more.setAttribute("aria-expanded", options.classList.toggle("open"));
  });
  more.setAttribute("aria-expanded", "false");

  audio.controls = false;
  section.append(playButton, back, forward, time, range, more, options);

  const show = () => {
    const length = Number.isFinite(end()) ? end() - from : 0;
    const at = Math.max(0, audio.currentTime - from);
    time.innerHTML = `${clock(at * 1000)} <span>/ ${clock(length * 1000)}</span>`;
    range.max = length || 1;
    range.value = at;
    range.style.setProperty("--done", `${length ? (at / length) * 100 : 0}%`);
    range.setAttribute("aria-valuetext", `${clock(at * 1000)} of ${clock(length * 1000)}`);
  };

  // Each frame while it plays: "timeupdate" comes four times a second, too late to stop or to skip on time.
  const frame = () => {
    if (audio.paused) return;
    const now = audio.currentTime;
    if (now >= Math.min(stopAt, until)) {
      audio.pause();
      stopAt = Infinity;
    } else if (skip.getAttribute("aria-pressed") === "true" && !audio.seeking) {
      const hole = quiet.find((span) => now >= span.start + PAD_S && now < span.end - PAD_S - 0.1);
      if (hole) audio.currentTime = hole.end - PAD_S;
    }
    show();
    requestAnimationFrame(frame);
  };

  audio.addEventListener("play", () => {
    if (audio.currentTime < from || audio.currentTime >= end() - 0.05) audio.currentTime = from;
    playButton.innerHTML = icon("pause");
    playButton.setAttribute("aria-label", "Pause");
    playButton.title = "Pause";
    requestAnimationFrame(frame);
  });
  audio.addEventListener("pause", () => {
    playButton.innerHTML = icon("play");
    playButton.setAttribute("aria-label", "Play");
    playButton.title = "Play";
    show();
  });
  for (const event of ["loadedmetadata", "durationchange", "seeked", "timeupdate"]) audio.addEventListener(event, show);
  if (from > 0) audio.addEventListener("loadedmetadata", () => seek(from), { once: true });
  const broken = () => {
    section.classList.add("broken");
    time.textContent = "The recording cannot be played here.";
  };
  audio.addEventListener("error", broken);
  // Of several sources the last one that fails is told to it, not to the player; it may have failed before this ran.
  audio.querySelector("source:last-of-type")?.addEventListener("error", broken);
  if (audio.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) broken();

  document.addEventListener("afterword:play", ({ detail }) => {
    seek(detail.start / 1000);
    stopAt = detail.end === null ? Infinity : detail.end / 1000;
    audio.play();
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    // Whatever has a use for these keys itself keeps them.
    if (event.target.closest?.("input, textarea, select, button, summary, dialog, [role=slider], [contenteditable]")) return;
    const act = { " ": toggle, ArrowLeft: () => by(event.shiftKey ? -1 : -STEP_S), ArrowRight: () => by(event.shiftKey ? 1 : STEP_S) }[event.key];
    if (!act || (event.key === " " && event.target.closest?.("a"))) return;
    event.preventDefault();
    act();
  });

  if (section.dataset.peaks) {
    peaks(section.dataset.peaks).then((data) => {
      if (!data) return;
      if (data?.duration_ms) { known = data.duration_ms / 1000; show(); }
      quiet = silences(data).map((span) => ({ start: span.start / 1000, end: span.end / 1000 }));
      const saved = quiet.reduce((sum, span) => sum + span.end - span.start - 2 * PAD_S, 0);
      skip.hidden = quiet.length === 0;
      skip.title = `Silence of ${clock(saved * 1000)} in all`;
    });
  }
  show();
}

for (const section of document.querySelectorAll("[data-player]")) start(section);
