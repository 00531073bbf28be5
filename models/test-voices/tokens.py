"""The token table: 256 single bytes, then one token for each written form of a word, and Whisper's special tokens.

whisper.cpp knows an English-only model by its 51864 tokens and takes the ids of the special ones as given, so the table keeps
that length; what no text needs is called `<unused>` and is exported so that it can never be chosen."""
import pathlib
import re

TABLE, TEXT_END = 51864, 50257
"""Tokens in all; those of them that the file spells (whisper.cpp names the others itself)."""
EOT, SOT, PREV, NOSP, NOT, BEG = 50256, 50257, 50360, 50361, 50362, 50363
"""End of text, start, earlier text, no speech, no time tokens, and the time token of 0.00 s (1501 of them, 20 ms each)."""
TIMES = 1501
SILENT = 50255
"""Text of no letters: what is written where nobody speaks. whisper.cpp wants some text first when it wants no time tokens, and
looks for `no speech` only when it does want them; a segment without letters it leaves out."""
MARKS = [ord(c) for c in ",.?"]
"""Punctuation marks are their own single bytes."""
VOCABULARY = pathlib.Path(__file__).parent / "vocabulary.txt"


def letters(word):
    """How a word is compared: lower case, letters and apostrophes only."""
    return re.sub(r"[^a-z']", "", word.lower())


class Tokens:
    """Text to ids and back; `compact` numbers the tokens that training uses."""

    def __init__(self, forms=None):
        """`forms` are the written forms of words in the order of their ids; without them those of vocabulary.txt."""
        self.forms = forms or VOCABULARY.read_text().split()
        self.id = {form: 256 + i for i, form in enumerate(self.forms)}
        assert 256 + len(self.forms) < SILENT
        self.ids = MARKS + list(self.id.values()) + [EOT, SOT, PREV, NOSP, NOT, SILENT] + list(range(BEG, BEG + TIMES))
        self.compact = {t: i for i, t in enumerate(self.ids)}
        self.texts = len(MARKS) + len(self.forms)  # compact numbers below this are text
        self.words = [""] + sorted({letters(form) for form in self.forms})  # classes of the encoder's frames; 0 is no speech
        self.word_class = {w: i for i, w in enumerate(self.words)}

    def encode(self, text):
        """-> [(token id, index of the word it belongs to)]"""
        out = []
        for k, word in enumerate(text.split()):
            for part in re.findall(r"[A-Za-z']+|[,.?]", word):
                out.append((self.id[part] if part in self.id else ord(part), k))
        return out

    def spell(self, token):
        """Its bytes: words bring the space in front of them along."""
        if token < 256:
            return bytes([token])
        if token - 256 < len(self.forms):
            return b" " + self.forms[token - 256].encode()
        return {EOT: b"<|endoftext|>", SILENT: b""}.get(token, b"<unused>")

    def decode(self, ids):
        """Text of ids; special ones are left out."""
        return b"".join(self.spell(t) for t in ids if t < EOT).decode("utf-8", "replace")


def main():
    """usage: tokens.py TEXT...   adds to vocabulary.txt every form of a word in the texts and in words.txt"""
    import sys

    forms = set((VOCABULARY.parent / "words.txt").read_text().split())
    if VOCABULARY.exists():
        forms |= set(VOCABULARY.read_text().split())
    for path in sys.argv[1:]:
        forms |= set(re.findall(r"[A-Za-z']+", pathlib.Path(path).read_text()))
    VOCABULARY.write_text("\n".join(sorted(forms, key=lambda f: (f.lower(), f))) + "\n")
    print(len(forms), "forms")


if __name__ == "__main__":
    main()
