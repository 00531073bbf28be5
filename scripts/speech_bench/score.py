"""Scores transcripts against what people wrote down: word errors, and words that stand at another time than they were said.

A reference is a table beside the recording (`NAME.tsv`: start ms, end ms, `agent` or `caller`, text; a line for each utterance, `[noise]` alone is none).
Both sides pass OpenAI's English normalizer, so "$135" and "one hundred and thirty five dollars" are the same.
"""
import collections
import dataclasses
import re

import jiwer
from whisper_normalizer.english import EnglishTextNormalizer

NORMALIZE = EnglishTextNormalizer()
SPEAKERS = {"agent": "agent", "caller": "customer", "customer": "customer"}
NUMBERS = set(
    "zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty thirty forty fifty sixty seventy eighty ninety hundred thousand and dollars dollar cents".split())
# Words further outside of their utterance than this count, ms: marks are rough.
TOLERANCE_MS = 300


@dataclasses.dataclass
class Word:
    """A word, and its begin and end: of the word itself where it was heard, of its utterance where people wrote it down."""
    text: str
    start_ms: int
    end_ms: int


@dataclasses.dataclass
class Score:
    words: int = 0
    errors: int = 0
    compared: int = 0
    outside: int = 0
    starts_ms: list = dataclasses.field(default_factory=list)

    def percentile(self, share):
        values = sorted(self.starts_ms)
        return values[min(len(values) - 1, int(share * len(values)))] if values else None


def reference(table):
    """Words of each speaker in a table."""
    said = collections.defaultdict(list)
    for line in open(table, encoding="utf-8"):
        fields = line.rstrip("\n").split("\t")
        if len(fields) < 4 or fields[3].strip() == "[noise]":
            continue
        scale = 1000 if "." in fields[0] else 1
        start, end = (int(float(value) * scale) for value in fields[:2])
        said[SPEAKERS[fields[2]]] += [Word(text, start, end) for text in fields[3].split()]
    return said


def add(score, said, heard):
    """Adds one recording: words by speaker, as people and as a program wrote them."""
    for speaker in set(said) | set(heard):
        wanted, got = (tokens(words.get(speaker, [])) for words in (said, heard))
        score.words += len(wanted)
        if not wanted or not got:
            score.errors += len(wanted) + len(got)
            continue
        result = jiwer.process_words(" ".join(text for text, _ in wanted), " ".join(text for text, _ in got))
        score.errors += result.substitutions + result.deletions + result.insertions
        begins = set()
        for chunk in result.alignments[0]:
            if chunk.type not in ("equal", "substitute"):
                continue
            for at, other in zip(range(chunk.ref_start_idx, chunk.ref_end_idx), range(chunk.hyp_start_idx, chunk.hyp_end_idx)):
                utterance, word = wanted[at][1], got[other][1]
                score.compared += 1
                score.outside += max(utterance.start_ms - word.start_ms, word.end_ms - utterance.end_ms) > TOLERANCE_MS
                first = at == 0 or wanted[at - 1][1].start_ms != utterance.start_ms
                if first and chunk.type == "equal" and utterance.start_ms not in begins:
                    begins.add(utterance.start_ms)
                    score.starts_ms.append(abs(word.start_ms - utterance.start_ms))


def tokens(words):
    """Normalised tokens with the word that each comes from. Words of one utterance, and number words in a row, are normalised together."""
    found, at = [], 0
    while at < len(words):
        until = at + 1
        while until < len(words) and belongs(words[until - 1], words[until]):
            until += 1
        group = words[at:until]
        normal = NORMALIZE(tidy(" ".join(word.text for word in group))).split()
        found += [(text, group[min(number, len(group) - 1)]) for number, text in enumerate(normal)]
        at = until
    return found


def belongs(before, word):
    same = (before.start_ms, before.end_ms) == (word.start_ms, word.end_ms)
    numbers = all(re.sub(r"[^a-z]", "", one.text.lower()) in NUMBERS for one in (before, word))
    return same or numbers or (re.fullmatch(r"[ap]\.?", before.text.lower()) and word.text.lower().startswith("m"))


def tidy(text):
    text = re.sub(r"\balright\b", "all right", text.lower()).replace("bye-bye", "bye bye")
    return re.sub(r"\b([ap])[ .]?m\b\.?", r"\1m", text)
