#!/usr/bin/env python3
"""Records the demo's two calls: python3 demo/record.py

Reads the lines of call-*.txt (seconds of silence before the line, speaker, text), has flite speak them, and writes call-*.ogg
(Vorbis, 8 kHz, left the agent, right the customer) and call-*.tsv (begin, end, speaker, text). Needs flite and sox. The
voices of flite may be used for anything (see its COPYING); synthesised calls that a real speech model understands."""
import array
import pathlib
import random
import subprocess
import tempfile
import wave

RATE = 8000
# The speakers of each call: flite's voice, its settings, and the effects of sox that change the voice.
EMMA = ("slt", ["duration_stretch=1.1"], ["pitch", "100"])
VOICES = {
    "call-bad": {"agent": ("rms", [], []), "customer": EMMA},
    "call-good": {"agent": ("slt", ["int_f0_target_mean=210", "duration_stretch=1.05"], []), "customer": EMMA},
}
TRIM = ["silence", "1", "0.01", "0.5%", "reverse", "silence", "1", "0.01", "0.5%", "reverse"]
TELEPHONE = ["norm", "-9", "highpass", "200", "lowpass", "3600"]
# Amplitude of the hiss of the line, of 32768.
HISS = 6


def speak(text, voice, folder):
    """Samples of a line, as a telephone carries it, without silence around it."""
    name, settings, effects = voice
    raw, line = folder / "raw.wav", folder / "line.wav"
    options = [part for setting in settings for part in ("--setf", setting)]
    subprocess.run(["flite", "-voice", name, *options, "-t", text, "-o", raw], check=True)
    form = ["-r", str(RATE), "-c", "1", "-b", "16"]
    subprocess.run(["sox", "-V1", "-D", "-R", raw, *form, line, *effects, *TRIM, *TELEPHONE], check=True)
    with wave.open(str(line)) as sound:
        return array.array("h", sound.readframes(sound.getnframes()))


def record(call, folder):
    """Writes the sound and the times of one call."""
    here = pathlib.Path(__file__).parent
    at, placed = 0.0, []
    for row in (here / f"{call}.txt").read_text().splitlines():
        pause, speaker, text = row.split("\t")
        at += float(pause)
        samples = speak(text, VOICES[call][speaker], folder)
        placed.append((at, at + len(samples) / RATE, speaker, text, samples))
        at = placed[-1][1]
    hiss = random.Random(call)
    total = int((at + 0.5) * RATE)
    sides = {side: array.array("h", (hiss.randint(-HISS, HISS) for _ in range(total))) for side in ("agent", "customer")}
    for begin, _, speaker, _, samples in placed:
        for n, sample in enumerate(samples, int(begin * RATE)):
            sides[speaker][n] = max(-32768, min(32767, sides[speaker][n] + sample))
    both = array.array("h", bytes(4 * total))
    both[0::2], both[1::2] = sides["agent"], sides["customer"]
    with wave.open(str(folder / "call.wav"), "wb") as sound:
        sound.setparams((2, 2, RATE, 0, "NONE", ""))
        sound.writeframes(both.tobytes())
    subprocess.run(["sox", "-V1", "-D", folder / "call.wav", "-C", "3", here / f"{call}.ogg"], check=True)
    rows = (f"{begin:.2f}\t{end:.2f}\t{speaker}\t{text}\n" for begin, end, speaker, text, _ in placed)
    (here / f"{call}.tsv").write_text("".join(rows))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for call in VOICES:
            record(call, pathlib.Path(folder))
