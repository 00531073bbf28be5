#!/usr/bin/env python3
"""Word error rates of a ggml file.   usage: evaluate.py EVALUATOR MODEL FOLDER [group=novel ...] [limit=N] [-v] [--margin MS] [--times]

FOLDER is what heldout.py wrote; case and punctuation do not count."""
import collections
import json
import subprocess
import sys

from text import plain


def errors(said, heard):
    """Words to change, and words in all."""
    said, heard = plain(said).split(), plain(heard).split()
    row = list(range(len(heard) + 1))
    for i, w in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, v in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (w != v))
    return row[-1], len(said)


def main():
    exe, model, folder, *rest = sys.argv[1:]
    pick = [r[6:] for r in rest if r.startswith("group=")]
    limit = int(next((r[6:] for r in rest if r.startswith("limit=")), 1000))
    flags = [r for r in rest if "=" not in r and r != "-v"]
    groups = collections.OrderedDict()
    refs = json.load(open(folder + "/refs.json"))
    for name in refs:
        groups.setdefault(name.split("-")[0], []).append(name)
    for group, names in groups.items():
        if pick and group not in pick:
            continue
        names = names[:limit]
        out = subprocess.run([exe, model, *flags, *(f"{folder}/{n}" for n in names)], capture_output=True, text=True, check=True)
        wrong = words = clean = ms = 0
        for name, line in zip(names, out.stdout.splitlines()):
            heard = json.loads(line)
            e, n = errors(refs[name], heard["text"])
            wrong, words, clean, ms = wrong + e, words + n, clean + (e == 0), ms + heard["ms"]
            if "-v" in rest and e:
                print(f"  {e}/{n} {refs[name]}\n       {heard['text']}")
        share = f"{100 * wrong / words:.1f} % ({wrong} of {words})" if words else f"{wrong} words of rubbish"
        print(f"{group:10} {len(names):3} files, word errors {share}, {clean} without error, {ms / len(names):.0f} ms each", flush=True)


if __name__ == "__main__":
    main()
