"""faster-whisper with its own voice detection over each channel of the recordings, as a process of its own. Writes JSON to standard output.

usage: faster_whisper_child.py MODEL_FOLDER BEAM THREADS WAV...
"""
import json
import resource
import sys
import time

from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio

folder, beam, threads, *files = sys.argv[1:]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads))
heard, begun = [], time.process_time()
for file in files:
    words = {}
    for speaker, channel in zip(("agent", "customer"), decode_audio(file, split_stereo=True)):
        segments, _ = model.transcribe(channel, language="en", beam_size=int(beam), vad_filter=True, word_timestamps=True)
        words[speaker] = [[word.word.strip(), round(word.start * 1000), round(word.end * 1000)] for segment in segments for word in segment.words]
    heard.append(words)
json.dump({"words": heard, "cpu_s": time.process_time() - begun, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}, sys.stdout)
