"""Training examples: utterances put into the windows that the product gives its model.

The product cuts speech at pauses, hands over one span (or several with 200 ms of nothing in between), and lets the encoder see
the span, a second of nothing, and what is missing to a multiple of 64 steps; other users give all thirty seconds. So a window
here is 128 frames times something long, speech may begin or end in the middle of a sentence, and what is behind it is nothing
at all. Most windows are wanted without time tokens, some with."""
from dataclasses import dataclass

import numpy as np

from mel import FLOOR, clamp
from tokens import BEG, EOT, NOSP, NOT, PREV, SILENT, SOT

SIZES = np.array([384, 512, 640, 768, 1024, 1536, 2048, 3000])
"""Lengths of windows in frames of 10 ms."""
BATCH = np.array([24, 18, 14, 12, 8, 5, 4, 2])
"""How many of each length go into a step."""


@dataclass
class Token:
    """A token the decoder is to write, and the seconds in which it is spoken: `weight` says how sure that is."""

    id: int
    start: float = 0.0
    end: float = 0.0
    weight: float = 0.0


@dataclass
class Example:
    """A window; `classes` has a word (0 nothing, -1 unknown) for each step, `free` tokens in front are not learned."""

    mel: np.ndarray
    tokens: list
    free: int
    chars: list
    classes: np.ndarray


def time_token(seconds):
    """The token that says it."""
    return BEG + int(min(max(round(seconds * 50), 0), 1500))


def piece(u, rng, cut):
    """The first and the last word (exclusive) to take of an utterance, and the frames they are in."""
    n = len(u.classes)
    if not cut or u.words is None or n < 4:
        return 0, n, 0, u.frames
    a, b = (int(rng.integers(1, n - 1)), n) if rng.random() < 0.5 else (0, int(rng.integers(2, n)))
    if rng.random() < 0.2 and b - a > 4:
        a, b = a + int(rng.integers(0, 2)), b - int(rng.integers(0, 2))
    frame = lambda k: int((u.words[k] + 0.015) * 100)
    return a, b, frame(a) if a else 0, frame(b) if b < n else u.frames


class Composer:
    """Draws examples. `late` (0-1) is how far training has come: longer windows come later."""

    def __init__(self, corpus, noise, rng):
        self.corpus, self.noise, self.rng, self.tokens = corpus, noise, rng, corpus.tokens

    def size(self, late):
        """Which of the SIZES the next step uses."""
        first = np.array([0.22, 0.24, 0.2, 0.14, 0.12, 0.05, 0.02, 0.01])
        last = np.array([0.12, 0.13, 0.13, 0.12, 0.14, 0.12, 0.1, 0.14])
        return int(self.rng.choice(len(SIZES), p=first + (last - first) * late))

    def example(self, frames):
        """One window of so many frames."""
        rng, all_ = self.rng, self.corpus.utterances
        mel, classes = np.full((frames, 80), FLOOR, np.float32), np.zeros(frames // 2, np.int64)
        words, chars, segments = [], [], []
        timed, line = rng.random() < (0.35 if frames > 1000 else 0.12), int(rng.random() < 0.78)
        cut, gain = rng.random() < 0.3, rng.uniform(-1.6, 0.4)
        room = frames - int(100 if rng.random() < 0.3 else rng.uniform(4, 70))
        if frames == SIZES[-1] and rng.random() < 0.1:
            room = int(rng.uniform(300, 1500))
        at = int(rng.choice([2, 10, 20, 30, 50]) * rng.random()) if rng.random() < 0.95 else int(rng.uniform(0, room // 3))
        silent, end, u = rng.random() < 0.06, 0, None
        lone = rng.random() < 0.12
        while not silent:
            u, (a, b, start, stop) = self.fitting(u, room - at, cut, 0 if words else 0.55 * (room - at) * (frames < 1100))
            if u is None:
                if words:
                    break
                at = 2
                continue
            said, n = all_[u], stop - start
            mel[at : at + n] = said.mel(line)[start:stop].astype(np.float32) + (gain + rng.uniform(-0.25, 0.25))
            offset = (at - start) / 100 + 0.015  # where the utterance's own clock is at nought
            sure, ends, end = said.words is not None, [*(said.words or [])[1:], said.seconds], at + n
            if not sure:
                classes[at // 2 : end // 2] = -1
            for k in range(a, b) if sure else ():
                classes[int((offset + said.words[k]) * 50) : int((offset + ends[k]) * 50)] = said.classes[k]
            for t, k in said.tokens:
                if a <= k < b:
                    span = (offset + said.words[k] - 0.04, offset + ends[k] + 0.04, 1.0) if sure else (0, 0, 0)
                    words.append((Token(t, *span), len(segments)))
            for k in range(a, b):
                chars += ([1] if chars else []) + said.chars[k]
            segments.append((at / 100, end / 100))
            if lone and frames < 1100:
                break
            at = end + int(rng.choice([6, 30, 60, 120]) * rng.random())
        mel = self.noisy(mel, end, bool(words), frames)
        top = mel.max() + (rng.uniform(0, 0.6) if rng.random() < 0.3 else 0)
        mel = clamp(mel, top)
        if words and rng.random() < 0.2:
            self.mask(mel, end)
        tokens, free = self.target(words, segments, timed, frames)
        return Example(mel.astype(np.float32), tokens, free, chars, classes)

    def fitting(self, before, room, cut, least):
        """An utterance that fits into so many frames and fills at least `least` of them: first one of the voice that spoke
        before, then anybody. Gives its number and which part of it, or no number."""
        rng, all_ = self.rng, self.corpus.utterances
        for go in range(14):
            if before is not None and go < 6:
                u = min(max(before + int(rng.choice([1, 1, 2, -1, 3, -2, 4])), 0), len(all_) - 1)
            else:
                near = self.corpus.near
                u = near[int(rng.integers(len(near)))] if rng.random() < 0.4 else int(rng.integers(len(all_)))
            part = piece(all_[u], rng, cut or go > 9)
            if least <= part[3] - part[2] <= room or (go == 13 and before is None and part[3] - part[2] <= room):
                return u, part
        return None, (0, 0, 0, 0)

    def noisy(self, mel, end, speech, frames):
        """Noise 8-45 dB below the speech; behind the span the product gives nothing at all."""
        rng = self.rng
        if rng.random() > (0.4 if speech else 0.85):
            return mel
        until = min(frames, end + int(rng.uniform(0, 40))) if speech and rng.random() < 0.8 else frames
        noise = self.noise[rng.integers(len(self.noise))]
        o = int(rng.integers(len(noise) - until + 1))
        level = rng.uniform(-4.8, -0.9) + (mel.max() - 2.5 if speech else rng.uniform(-3.5, 2.2))
        noise, part = noise[o : o + until] + (level - 2.2), mel[:until]
        part = np.maximum(part, noise) + np.log10(1 + 10 ** -np.abs(part - noise))
        return np.concatenate([np.maximum(part, FLOOR), mel[until:]])

    def mask(self, mel, end):
        """A few bands, and some tenths of a second, are taken away: nothing may hang on a single one."""
        rng, low = self.rng, mel.min()
        for _ in range(int(rng.integers(0, 3))):
            f = int(rng.integers(0, 74))
            mel[:, f : f + int(rng.integers(2, 9))] = mel[:, f : f + 8].mean() if rng.random() < 0.5 else low
        for _ in range(int(rng.integers(0, 1 + end // 250))):
            t = int(rng.integers(0, max(1, end - 12)))
            mel[t : t + int(rng.integers(3, 12))] = low

    def target(self, words, segments, timed, frames):
        """What the decoder is to write, and how many tokens of it are only given."""
        rng, out = self.rng, [Token(SOT)]
        if not words:
            return [*out, Token(NOSP), Token(EOT)] if timed else [*out, Token(NOT), Token(SILENT), Token(EOT)], 0 if timed else 1
        if not timed:
            return [*out, Token(NOT), *(t for t, _ in words), Token(EOT)][: 440], 1
        free = 0
        if frames > 1000 and rng.random() < 0.1:  # earlier text, as whisper.cpp's own windows bring along
            past = self.corpus.utterances[int(rng.integers(len(self.corpus.utterances)))]
            out = [Token(PREV), *(Token(t) for t, _ in past.tokens), *out]
            free = len(out) - 1
        mark = lambda s: Token(time_token(s), s - 0.24, s + 0.24, 0.3)
        begin = None
        for i, (a, b) in enumerate(segments):
            begin = mark(a) if begin is None else begin
            if begin:
                out.append(begin)
                begin = False
            out += [t for t, k in words if k == i]
            if i + 1 == len(segments) or segments[i + 1][0] - b >= 0.5:
                out.append(mark(b))
                begin = None
        return (out + [Token(EOT)])[:440], free
