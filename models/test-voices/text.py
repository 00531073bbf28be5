#!/usr/bin/env python3
"""The training text from grammar.txt and words.txt.   usage: text.py COUNT SEED OUT.txt

Four kinds of sentences: those of the grammar; the same with some words replaced by any others; walks along pairs of words that
follow each other somewhere in the grammar (locally likely, as a whole not: nothing can be known by heart); and any words in
any order. What is measured on - heldout.txt (hand-written), heldout-grammar.txt (once drawn from the grammar), and the demo calls with each of their sentences - is
never among them, whatever its case and punctuation: `Held.check` stops the run if it is."""
import pathlib
import random
import re
import sys

HERE = pathlib.Path(__file__).parent
DEMO = HERE.parent.parent / "demo"
HOMOPHONES = set(
    "to two too for four there their hear here weak week write right hole whole son sun by bye buy no know knew new wood would "
    "peace piece red read tear mail eight our hour wear where one sea see sell lead meat meet through past pair cent cents sense "
    "wait weight waste tail hi high main mean plane road steal cell flower knight night which way i us its it is it's".split()
)
"""Out of context they cannot be told from others, so they are not drawn at random."""


def plain(text):
    """Words without case and punctuation, joined by spaces: how texts are compared."""
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def sentences(text):
    """The sentences of a turn."""
    return [s.strip() for s in re.findall(r"[^.?!]+[.?!]", text)]


class Grammar:
    """grammar.txt, read."""

    def __init__(self, rng, path=HERE / "grammar.txt"):
        self.rng, self.slots, self.lines, often = rng, {}, [], 1
        for line in path.read_text().splitlines():
            if line.startswith("@"):
                name, choices = line[1:].split(" ", 1)
                self.slots[name] = choices
            elif line.startswith("= "):
                often = int(line[2:])
            elif line and not line.startswith("#"):
                assert line.count("[") == line.count("]") and line.count("{") == line.count("}"), line
                self.lines += [line] * often

    def pick(self, text):
        """One of the alternatives that bars outside of brackets divide."""
        parts, depth = [""], 0
        for c in text:
            depth += (c in "[{") - (c in "]}")
            if c == "|" and depth == 0:
                parts.append("")
            else:
                parts[-1] += c
        return self.rng.choice(parts)

    def expand(self, text):
        """All brackets and slots chosen."""
        while True:
            inner, slot = re.search(r"\[([^\[\]]*)\]", text), re.search(r"\{(\w+)\}", text)
            found = inner or slot
            if not found:
                return text
            new = self.pick(inner.group(1)) if inner else self.expand(self.pick(self.slots[slot.group(1)]))
            text = text[: found.start()] + new + text[found.end() :]

    def sentence(self):
        """One sentence."""
        s = re.sub(r"\s+", " ", self.expand(self.rng.choice(self.lines))).strip()
        s = re.sub(r" ([,.?])", r"\1", s)
        s = re.sub(r",+\.", ".", re.sub(r"\.+", ".", s)).replace("?.", "?")
        s = re.sub(r"([.?]),", r"\1", s)
        s = s[0].upper() + s[1:]
        return s if s[-1] in ".?" else s + "."


class Held:
    """What must not be trained on."""

    def __init__(self):
        self.texts, self.grammar = [(HERE / name).read_text().splitlines() for name in ("heldout.txt", "heldout-grammar.txt")]
        self.demo = []
        for file in sorted(DEMO.glob("call-*.tsv")):
            self.demo += [line.split("\t")[3] for line in file.read_text().splitlines()]
        assert self.texts and self.grammar and self.demo, "what is held out is needed to keep it out"
        self.keys = {plain(s) for t in self.texts + self.grammar + self.demo for s in [t, *sentences(t)]}

    def holds(self, text):
        """Whether it, or one of its sentences, is held out."""
        return any(plain(s) in self.keys for s in [text, *sentences(text)])

    def check(self, texts):
        """Stops if any is held out."""
        bad = [t for t in texts if self.holds(t)]
        assert not bad, f"held out, and yet in the training text: {bad[:5]}"


class Mixer:
    """Draws training sentences."""

    def __init__(self, rng, grammar):
        self.rng, self.grammar = rng, grammar
        sample = [grammar.words() for _ in range(30000)]
        self.after, words = {}, {}
        for s in sample:
            tokens = ["^", *re.findall(r"[A-Za-z']+|[,.?]", s)]
            for a, b in zip(tokens, tokens[1:]):
                self.after.setdefault(a, []).append(b)
            for w in re.findall(r"[A-Za-z']+", s)[1:]:
                words[w] = words.get(w, 0) + 1
        self.starts = sorted({w for w in self.after["^"] if w.lower() not in HOMOPHONES})
        self.common = sorted(w for w in words if w.lower() not in HOMOPHONES)
        extra = set((HERE / "words.txt").read_text().split())
        self.rare = sorted(w for w in extra if w not in words and w.lower() not in HOMOPHONES)

    def word(self):
        """Any word."""
        return self.rng.choice(self.common if self.rng.random() < 0.8 else self.rare)

    def random(self):
        """Any words in any order."""
        out = self.rng.choice(self.starts)
        for _ in range(self.rng.randint(1, 9)):
            out += ("," if self.rng.random() < 0.06 else "") + " " + self.word()
        return out + ("." if self.rng.random() < 0.85 else "?")

    def walk(self):
        """Along pairs of words."""
        for _ in range(99):
            out, at = "", "^"
            for _ in range(30):
                at = self.rng.choice(self.after[at])
                out += at if at in ",.?" else " " + at
                if at in ".?":
                    break
            if out[-1] in ".?" and 2 <= len(out.split()) <= 18:
                return out.strip()
        raise AssertionError("no walk ends")

    def swapped(self):
        """A sentence of the grammar, or a walk, with words replaced."""
        words = (self.grammar.words() if self.rng.random() < 0.7 else self.walk()).split()
        share = self.rng.choice([0.12, 0.25])
        for k in range(1, len(words)):
            if self.rng.random() < share:
                words[k] = self.word() + (words[k][-1] if words[k][-1] in ",.?" else "")
        return " ".join(words)

    def sentence(self):
        """Of any kind."""
        kind = self.rng.random()
        return self.grammar.words() if kind < 0.42 else self.swapped() if kind < 0.62 else self.walk() if kind < 0.87 else self.random()


def main():
    count, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    held = Held()
    rng = random.Random(seed)
    mixer, texts = Mixer(rng, Grammar(rng)), []
    while len(texts) < count:
        s = mixer.words()
        if len(s.split()) <= 20 and not held.holds(s):
            texts.append(s)
    held.check(texts)
    known = {w for t in texts for w in plain(t).split()}
    for t in held.texts + held.demo + held.grammar:
        missing = [w for w in plain(t).split() if w not in known]
        if missing:
            print("not in the training text:", missing, "-", t)
    pathlib.Path(out).write_text("\n".join(texts) + "\n")
    print(len(texts), "sentences,", len(set(texts)), "different,", len(known), "words")


if __name__ == "__main__":
    main()
