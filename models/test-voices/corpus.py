"""The shards that speech.py wrote, and noises to put over them."""
import glob
import json

import numpy as np

from mel import RATE, log_mel
from model import CHARS
from tokens import letters


DEMO_VOICES = ("flite:rms", "flite:slt", "espeak:gmw/en-US+f3")


class Utterance:
    """One spoken sentence: where its frames are, and its words as tokens, classes and letters."""

    def __init__(self, shard, start, about, tokens):
        self.shard, self.start, self.frames, self.seconds = shard, start, about["frames"], about["seconds"]
        self.words, self.tokens = about["words"], tokens.encode(about["text"])
        spelled = [letters(w) for w in about["text"].split()]
        self.classes = [tokens.word_class[w] for w in spelled]
        self.chars = [[CHARS.index(c) for c in w] for w in spelled]

    def mel(self, line):
        """Its frames, (frames, 80), through the telephone or not."""
        return self.shard[line][self.start : self.start + self.frames]


class Corpus:
    """All utterances in the order in which they were spoken: neighbours mostly have the same voice."""

    def __init__(self, folder, tokens):
        self.folder, self.tokens, self.seen, self.utterances = folder, tokens, set(), []
        self.near = []  # numbers of those in the voices that the demo speaks with: they are drawn more often

    def look(self):
        """Takes up the shards that have come since."""
        for path in sorted(set(glob.glob(self.folder + "/*.json")) - self.seen):
            self.seen.add(path)
            shard = [np.load(path[:-5] + kind, mmap_mode="r") for kind in (".wide.npy", ".line.npy")]
            start = 0
            for about in json.load(open(path)):
                if about["frames"] < 2900:
                    if about["voice"] in DEMO_VOICES:
                        self.near.append(len(self.utterances))
                    self.utterances.append(Utterance(shard, start, about, self.tokens))
                start += about["frames"]
        return len(self.utterances)


def noises(seconds=40):
    """Log-mel frames of noises: white, pink, brown, a hum, the telephone's band, nearly white, and a telephone's tones."""
    rng, n = np.random.default_rng(5), RATE * seconds
    f = np.fft.rfftfreq(n, 1 / RATE) + 1
    hum = sum(np.sin(2 * np.pi * 50 * k * np.arange(n) / RATE) / k for k in range(1, 8))
    phone = 1 / (1 + (300 / f) ** 6) / (1 + (f / 3400) ** 12)
    out = []
    for shape in (f**0, f**-0.5, f**-1, 1 / (1 + (f / 500) ** 4), phone, f**-0.25):
        x = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n)
        if len(out) == 3:
            x = x + hum * x.std()
        out.append(log_mel((x / x.std() * 0.1).astype(np.float32)))
    t = np.arange(n) / RATE
    for tones, on, off in (((350, 440), 1, 0), ((440, 480), 2, 4), ((480, 620), 0.5, 0.5), ((425,), 1, 4)):
        x = sum(np.sin(2 * np.pi * f * t) for f in tones) * (t % (on + off) < on) + rng.standard_normal(n) * 0.003
        out.append(log_mel((x * 0.1).astype(np.float32)))
    return out
