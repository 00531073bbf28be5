"""Word errors, word times, processor time and memory of Afterword beside faster-whisper and plain whisper.cpp: the same weights, the same recordings, one thread.

usage: measure.py --program AFTERWORD --plain PROGRAM --models FOLDER --out FILE.md [--calls FOLDER]

`--calls`: stereo recordings (agent on the left) with their tables, see score.py; as a rule AFTERWORD_BENCH_CALLS names the folder. `--models`: where `afterword models fetch`
has put its files, and the folders `NAME.ct2` of faster-whisper beside them. `--plain`: called as `PROGRAM child plain MODEL FILE`.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from score import Score, Word, add, reference

HERE = Path(__file__).parent
MODELS = {"tiny.en": "ggml-tiny.en-q8_0.bin", "base": "ggml-base-q8_0.bin"}


def timed(command, env=None):
    """Output, processor seconds and peak memory (MiB) of a program."""
    begun = time.monotonic()
    with subprocess.Popen(command, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return output, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - begun


def ours(options, model, calls):
    """The program, loading and all, one process a recording."""
    heard, cpu, peak = [], 0.0, 0.0
    for call in calls:
        command = [options.program, "transcribe", str(call), "--channels", "agent,customer", "--language", "en", "--format", "json", "--model", str(options.models / MODELS[model])]
        output, used, memory, _ = timed(command, {"AFTERWORD__TRANSCRIPTION__THREADS": "1"})
        words = {}
        for segment in json.loads(output)["segments"]:
            words.setdefault(segment["speaker"], []).extend(Word(word["text"], word["start_ms"], word["end_ms"]) for word in segment["words"])
        heard.append({speaker: sorted(said, key=lambda word: (word.start_ms, word.end_ms)) for speaker, said in words.items()})
        cpu, peak = cpu + used, max(peak, memory)
    return heard, cpu, peak


def faster_whisper(options, model, calls, beam):
    command = [sys.executable, str(HERE / "faster_whisper_child.py"), str(options.models / f"{model}.ct2"), str(beam), "1", *map(str, calls)]
    output, _, _, _ = timed(command)
    told = json.loads(output)
    heard = [{speaker: [Word(*word) for word in words] for speaker, words in call.items()} for call in told["words"]]
    return heard, told["cpu_s"], told["peak_mib"]


def plain(options, model, calls):
    """Whole channels in one go; it tells no times of words."""
    heard, cpu, peak = [], 0.0, 0.0
    for call in calls:
        output, _, _, _ = timed([options.plain, "child", "plain", str(options.models / MODELS[model]), str(call)])
        told = json.loads(output)
        heard.append({speaker: [Word(text, 0, 0) for text in words] for speaker, words in zip(("agent", "customer"), told["words"])})
        cpu, peak = cpu + told["cpu_s"], max(peak, told["peak_mib"])
    return heard, cpu, peak


def row(name, model, calls, result, with_times=True):
    heard, cpu, peak = result
    score = Score()
    for call, words in zip(calls, heard):
        add(score, reference(call.with_suffix(".tsv")), words)
    errors = f"{100 * score.errors / max(1, score.words):.1f} %"
    times = f"{score.percentile(0.5)} ms, {score.percentile(0.95)} ms" if with_times else ""
    outside = f"{100 * score.outside / max(1, score.compared):.1f} %" if with_times else ""
    line = f"| {name} | {model} | {errors} | {times} | {outside} | {cpu:.1f} s | {peak:.0f} MiB |"
    print(line, flush=True)
    return line


def main():
    parser = argparse.ArgumentParser()
    for name in ("--program", "--plain", "--models", "--calls", "--out"):
        parser.add_argument(name, required=True, type=Path if name in ("--models", "--calls", "--out") else str)
    options = parser.parse_args()
    calls = sorted(path for path in options.calls.glob("*.wav") if path.with_suffix(".tsv").exists())
    if not calls:
        sys.exit(f"{options.calls} holds no recording with a table beside it")
    lines = []
    for model in MODELS:
        lines.append(row("Afterword", model, calls, ours(options, model, calls)))
        for beam in (1, 5):
            name = "faster-whisper, int8, its voice detection, " + ("greedy" if beam == 1 else f"beam {beam}")
            lines.append(row(name, model, calls, faster_whisper(options, model, calls, beam)))
        lines.append(row("whisper.cpp, whole channels", model, calls, plain(options, model, calls), with_times=False))
    words = sum(len(said) for call in calls for said in reference(call.with_suffix(".tsv")).values())
    options.out.write_text(f"""# Speech: words, times, cost

Written by `make bench speech`; do not edit. {len(calls)} stereo recordings, {words} words, one thread, the same weights (8 bits) for all. Start of words: distance of the first
word of each marked utterance from its mark, median and 95th percentile. Outside: words more than 0.3 s outside of the utterance in which they were said. Processor time
without loading the model for faster-whisper and whisper.cpp, and with it for Afterword. `AFTERWORD_BENCH_CALLS=FOLDER` measures other recordings.

| | model | word errors | start of words | outside | processor | memory |
|---|---|---|---|---|---|---|
""" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
