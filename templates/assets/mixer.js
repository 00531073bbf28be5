// Mutes single channels of a recording. The graph is built on the first mute, by then there was a click, which browsers ask for;
// until that the browser plays the file plainly. When one side of two is muted the other is heard in both ears.

/** For `audio` with `count` channels: `toggle(index)` mutes or unmutes one and says whether it is muted now. */
export function mixer(audio, count) {
  const muted = new Array(count).fill(false);
  let gains = null;

  function build() {
    const context = new AudioContext();
    const source = context.createMediaElementSource(audio);
    const splitter = context.createChannelSplitter(count);
    const merger = context.createChannelMerger(2);
    source.connect(splitter);
    gains = muted.map((_, channel) => [0, 1].map((side) => {
      const gain = context.createGain();
      splitter.connect(gain, channel);
      gain.connect(merger, 0, side);
      return gain;
    }));
    merger.connect(context.destination);
    context.resume();
    audio.addEventListener("play", () => context.resume());
  }

  function apply() {
    const alone = count !== 2 || muted.includes(true);
    gains.forEach((sides, channel) => sides.forEach((gain, side) => {
      gain.gain.value = !muted[channel] && (alone || side === channel) ? 1 : 0;
    }));
  }

  return {
    toggle(index) {
      if (!gains) build();
      muted[index] = !muted[index];
      apply();
      return muted[index];
    },
  };
}
