#!/usr/bin/env python3
"""Lets the voices speak the training text.   usage: speech.py TEXT.txt FIRST COUNT OUT SEED

Writes OUT.wide.npy and OUT.line.npy (log-mel frames of all sentences one after the other, float16, before Whisper's
clamping: as spoken, and through a telephone line) and OUT.json: for each sentence its text, voice, number of frames, length
in seconds, and the second at which each word begins (nothing where the voice did not tell). Run several at once."""
import json
import os
import re
import sys

import numpy as np

from line import resample, telephone
from mel import RATE, log_mel
from voices import Voices

LEAD = 240
"""Samples of silence in front, so that the reflection in front of the first frame is silence."""


def trim(x, rate, threshold=0.01):
    """First and last sample of what is loud enough, with 20 ms around it."""
    loud = np.flatnonzero(np.abs(x) > threshold * np.abs(x).max())
    air = int(0.02 * rate)
    return max(0, loud[0] - air), min(len(x), loud[-1] + 1 + air)


def spoken(voices, text, voice):
    """16 kHz sound without silence around it, and when each word begins, or nothing."""
    sound, rate, words = voices.say(text, voice)
    start, end = trim(sound, rate)
    sound = resample(sound[start:end], rate, RATE)
    places = [m.start() for m in re.finditer(r"\S+", text)]
    if not all(p in words for p in places):
        return sound, None
    return sound, [round(min(max(words[p] - start / rate, 0), len(sound) / RATE), 3) for p in places]


def main():
    path, first, count, out, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
    texts = open(path).read().splitlines()[first : first + count]
    rng, voices = np.random.default_rng(seed), Voices()
    wide, line, about = [], [], []
    for i, text in enumerate(texts):
        if i % 8 == 0:  # eight sentences in a row by one voice, so that a window can hold one person's
            voice = voices.draw(rng)
        mine = (*voice[:2], voice[2] * rng.uniform(0.96, 1.04), *voice[3:])
        sound, words = spoken(voices, text, mine)
        seconds = len(sound) / RATE
        sound = sound * (0.5 / (np.abs(sound).max() + 1e-6)) * 10 ** rng.uniform(-0.5, 0.2)
        sound = np.concatenate([np.zeros(LEAD, np.float32), sound]).astype(np.float32)
        a, b = log_mel(sound), log_mel(telephone(sound, rng).astype(np.float32))
        n = min(len(a), len(b))
        wide.append(a[:n].astype(np.float16))
        line.append(b[:n].astype(np.float16))
        about.append(dict(text=text, voice=":".join(voice[:2]), frames=n, seconds=round(seconds, 3), words=words))
    np.save(out + ".wide.npy", np.concatenate(wide))
    np.save(out + ".line.npy", np.concatenate(line))
    with open(out + ".part", "w") as f:
        json.dump(about, f)
    os.rename(out + ".part", out + ".json")  # the shard counts once this is there


if __name__ == "__main__":
    main()
