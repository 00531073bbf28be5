#!/usr/bin/env python3
"""Speaks the held-out texts.   usage: heldout.py FOLDER

Writes 16 kHz mono files and refs.json (file: what is said) in groups: `novel` (heldout.txt, hand-written), `grammar` (held-out
sentences of the grammar), `strangers` (heldout.txt in voices never trained on), each through a telephone line; `wide` (novel,
not through one); `packed` (28 s of several sentences in one voice, telephone); `none` (silence and noises)."""
import json
import os
import sys
import wave

import numpy as np

from line import plain_line, to_16k
from mel import RATE
from speech import spoken
from text import Held
from voices import Voices


def save(path, x):
    """As 16-bit sound."""
    with wave.open(path, "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(RATE)
        w.writeframes(np.clip(np.round(np.asarray(x) * 32767), -32768, 32767).astype("<i2").tobytes())


def main():
    folder, rng, voices, refs = sys.argv[1], np.random.default_rng(77), Voices(), {}
    os.makedirs(folder, exist_ok=True)
    held = Held()

    def say(text, voice):
        x, _ = spoken(voices, text, voice)
        return x / np.abs(x).max() * 0.5

    def put(group, i, x, text, phone=True):
        x = np.concatenate([np.zeros(3200), x, np.zeros(1600)]).astype(np.float32)
        name = f"{group}-{i:03}.wav"
        save(f"{folder}/{name}", to_16k(plain_line(x), False) if phone else x)
        refs[name] = text

    for i, text in enumerate(held.texts):
        voice = voices.draw(rng)
        x = say(text, voice)
        put("novel", i, x, text)
        put("wide", i, x, text, False)
        put("strangers", i, say(text, voices.stranger(rng)), text)
    for i, text in enumerate(held.grammar[:80]):
        put("grammar", i, say(text, voices.draw(rng)), text)
    pool = held.texts + held.grammar[80:]
    for i in range(10):
        voice, parts, said = voices.draw(rng), [], []
        while True:
            text = pool[int(rng.integers(len(pool)))]
            x = say(text, voice)
            if sum(map(len, parts)) + len(x) > 27.5 * RATE:
                break
            parts += [x, np.zeros(int(rng.uniform(0.15, 0.9) * RATE), np.float32)]
            said.append(text)
        put("packed", i, np.concatenate(parts), " ".join(said))
    save(f"{folder}/none-silence.wav", np.zeros(RATE * 30))
    refs["none-silence.wav"] = ""
    for name, fall in (("white", 0), ("pink", 0.5), ("brown", 1)):
        n = np.fft.rfft(rng.standard_normal(RATE * 30)) * (np.fft.rfftfreq(RATE * 30, 1 / RATE) + 20) ** -fall
        x = np.fft.irfft(n)
        for level in (0.1, 0.003):
            save(f"{folder}/none-{name}-{level}.wav", x / x.std() * level)
            refs[f"none-{name}-{level}.wav"] = ""
    with open(f"{folder}/refs.json", "w") as f:
        json.dump(refs, f, indent=0)


if __name__ == "__main__":
    main()
