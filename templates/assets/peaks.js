// The stored peaks of a recording, fetched once however many ask: {"channels": [[0..255, …], …], "duration_ms": …}.

const asked = new Map();

/** The peaks at `url`, or null when there are none (not decoded yet, gone, refused). */
export function peaks(url) {
  if (!asked.has(url)) {
    asked.set(url, fetch(url, { headers: { accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null));
  }
  return asked.get(url);
}

/** Stretches in which nobody speaks for at least `shortest` ms, from the peaks of all channels. */
export function silences({ channels, duration_ms: duration }, shortest = 1500) {
  const count = channels[0]?.length ?? 0;
  if (!count) return [];
  const loudest = channels.reduce((most, channel) => channel.reduce((a, b) => Math.max(a, b), most), 1);
  const floor = Math.max(3, loudest * 0.04);
  const step = duration / count;
  const found = [];
  let since = null;
  for (let i = 0; i <= count; i += 1) {
    const quiet = i < count && channels.every((channel) => channel[i] <= floor);
    if (quiet && since === null) since = i;
    if (!quiet && since !== null) {
      if ((i - since) * step >= shortest) found.push({ start: since * step, end: i * step });
      since = null;
    }
  }
  return found;
}
