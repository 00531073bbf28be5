"""Speaks the sentences of the spoken set: two-channel calls at 8 kHz, and what is said in them when.

usage: speak.py FOLDER            (needs flite, espeak-ng and sox)

Writes `call-NN.wav` (channel 1 the agent, channel 2 the customer) and `call-NN.json`: for each sentence its kind, its first and last millisecond, and for each
part of it the speaker, the text, the pieces that must be readable nowhere, and its first and last millisecond.
"""
import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from sentences import sentences

RATE = 8000
PER_CALL = 10
BETWEEN_PARTS_MS, BETWEEN_TURNS_MS, BETWEEN_SENTENCES_MS = 90, 600, 2500
VOICES = ["slt", "rms", "slt", "rms", "awb", "slt", "rms", "espeak"]


def spoken(text, voice):
    """16-bit samples of a text, without silence around them."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as sound:
        if voice == "espeak":
            subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", sound.name, text], check=True)
        else:
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", sound.name], check=True)
        trim = ["silence", "1", "0.01", "0.3%", "reverse"]
        done = subprocess.run(["sox", "-D", sound.name, "-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1", "-", "gain", "-n", "-6", *trim, *trim],
                              check=True, capture_output=True)
        return done.stdout


def silence(ms):
    return bytes(2 * RATE * ms // 1000)


def ms(samples):
    return len(samples) // 2 * 1000 // RATE


def call(chosen, number):
    """Both channels, and what is said when."""
    channels, told = {"agent": bytearray(), "customer": bytearray()}, []
    now = bytearray(silence(1000))
    for sentence in chosen:
        begin, parts = ms(now), []
        voice = VOICES[(number + len(told)) % len(VOICES)]
        for speaker, said in sentence.turns:
            voice_of = voice if speaker == "customer" else ("rms" if voice == "slt" else "slt")
            for at, part in enumerate(said):
                if not any(c.isalnum() for c in part.text):
                    continue
                now.extend(silence(BETWEEN_TURNS_MS if at == 0 else BETWEEN_PARTS_MS))
                sound = spoken(part.text.strip(" ,."), voice_of)
                start = ms(now)
                channel = channels[speaker]
                channel.extend(bytes(len(now) - len(channel)) + sound)
                now.extend(bytes(len(sound)))
                parts.append(dict(speaker=speaker, text=part.text, secrets=part.secrets, start_ms=start, end_ms=ms(now)))
        told.append(dict(kind=sentence.kind, start_ms=begin, end_ms=ms(now), parts=parts))
        now.extend(silence(BETWEEN_SENTENCES_MS))
    for channel in channels.values():
        channel.extend(bytes(len(now) - len(channel)))
    return channels, told


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    all_sentences = sentences()
    for number in range(len(all_sentences) // PER_CALL):
        channels, told = call(all_sentences[number * PER_CALL:(number + 1) * PER_CALL], number)
        frames = bytearray()
        for at in range(0, len(channels["agent"]), 2):
            frames += channels["agent"][at:at + 2] + channels["customer"][at:at + 2]
        with wave.open(str(folder / f"call-{number:02}.wav"), "wb") as out:
            out.setparams((2, 2, RATE, 0, "NONE", ""))
            out.writeframes(bytes(frames))
        (folder / f"call-{number:02}.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
