"""espeak-ng and flite through their C libraries: sound, and the moment at which every word begins."""
import ctypes as C
import re

import numpy as np

ACCENTS = ["gmw/en-US"] * 9 + ["gmw/en"] * 3 + ["gmw/en-GB-x-rp"] * 2
ACCENTS += ["gmw/en-GB-scotland", "gmw/en-GB-x-gbclan", "gmw/en-GB-x-gbcwmd", "gmw/en-029", "gmw/en-US-nyc"]
VARIANTS = ["", "", "+m1", "+m2", "+m3", "+m3", "+m4", "+m5", "+m6", "+m7", "+m8", "+f1", "+f2", "+f2", "+f3", "+f3", "+f4"]
VARIANTS += ["+f5", "+Annie", "+Alex", "+steph", "+Andy", "+linda", "+michael", "+belinda", "+david"]
UNSEEN = ["+Gene", "+Mario", "+aunty", "+Mike", "+victor", "+quincy", "+adam", "+Alicia"]
"""Variants of espeak-ng that are never trained on: how well strangers are understood is measured with them."""


class _Id(C.Union):
    _fields_ = [("number", C.c_int), ("name", C.c_char_p), ("string", C.c_char * 8)]


class _Event(C.Structure):
    _fields_ = [("type", C.c_int), ("uid", C.c_uint), ("text_position", C.c_int), ("length", C.c_int)]
    _fields_ += [("audio_position", C.c_int), ("sample", C.c_int), ("user", C.c_void_p), ("id", _Id)]


class Espeak:
    """`say` gives sound as float32, samples a second, and {offset of a word in the text: seconds}."""

    def __init__(self):
        self.lib = C.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 0, None, 0)  # AUDIO_OUTPUT_SYNCHRONOUS
        kind = C.CFUNCTYPE(C.c_int, C.POINTER(C.c_short), C.c_int, C.POINTER(_Event))
        self.callback = kind(self._heard)
        self.lib.espeak_SetSynthCallback(self.callback)

    def _heard(self, wav, count, events):
        if wav and count > 0:
            self.sound.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while events[i].type != 0:
            if events[i].type == 1:  # a word
                self.words[events[i].text_position - 1] = events[i].audio_position / 1000
            i += 1
        return 0

    def say(self, text, voice, speed, pitch, span):
        """Speed in words a minute, pitch and its span 0-100."""
        self.sound, self.words = [], {}
        assert self.lib.espeak_SetVoiceByName(voice.encode()) == 0, voice
        for key, value in ((1, speed), (3, pitch), (4, span)):
            self.lib.espeak_SetParameter(key, int(value), 0)
        data = text.encode() + b"\0"
        self.lib.espeak_Synth(data, len(data), 0, 1, 0, 1, None, None)
        self.lib.espeak_Synchronize()
        return np.concatenate(self.sound).astype(np.float32) / 32768, self.rate, self.words


class Flite:
    """As Espeak. flite cuts text into words by itself; where its words are not ours, no times come back."""

    VOICES = ("kal", "kal16", "awb", "rms", "slt")

    class Wave(C.Structure):
        _fields_ = [("type", C.c_char_p), ("rate", C.c_int), ("n", C.c_int), ("ch", C.c_int), ("s", C.POINTER(C.c_short))]

    def __init__(self):
        lib = self.lib = C.CDLL("libflite.so.1", C.RTLD_GLOBAL)
        for name in ("usenglish", "cmulex"):
            C.CDLL(f"libflite_{name}.so.1", C.RTLD_GLOBAL)
        lib.flite_init()
        for f in (lib.utt_wave, lib.flite_synth_text, lib.utt_relation, lib.relation_head, lib.item_next):
            f.restype = C.c_void_p
        lib.flite_ffeature_float.restype = C.c_float
        self.voices = {}
        for name in self.VOICES:
            register = getattr(C.CDLL(f"libflite_cmu_us_{name}.so.1", C.RTLD_GLOBAL), f"register_cmu_us_{name}")
            register.restype = C.c_void_p
            self.voices[name] = register(None)

    def say(self, text, voice, stretch, pitch):
        """`stretch` is how much slower than usual, `pitch` the mean in Hz."""
        lib, voice = self.lib, self.voices[voice]
        features = C.c_void_p(C.c_void_p.from_address(voice + 8).value)
        lib.feat_set_float(features, b"duration_stretch", C.c_float(stretch))
        lib.feat_set_float(features, b"int_f0_target_mean", C.c_float(pitch))
        said = C.c_void_p(lib.flite_synth_text(text.encode(), C.c_void_p(voice)))
        wave = C.cast(lib.utt_wave(said), C.POINTER(self.Wave)).contents
        sound = np.ctypeslib.as_array(wave.s, (wave.n,)).astype(np.float32) / 32768
        rate, times = wave.rate, []
        item = lib.relation_head(C.c_void_p(lib.utt_relation(said, b"Word")))
        while item:
            path = b"R:SylStructure.daughter1.daughter1.R:Segment.p.end"
            times.append(lib.flite_ffeature_float(C.c_void_p(item), path))
            item = lib.item_next(C.c_void_p(item))
        lib.delete_utterance(said)
        places = [m.start() for m in re.finditer(r"\S+", text)]
        return sound, rate, dict(zip(places, times)) if len(times) == len(places) else {}


class Voices:
    """All voices; `draw` chooses one, `say` lets it speak."""

    def __init__(self):
        self.espeak, self.flite = Espeak(), Flite()

    def draw(self, rng):
        """A voice for training: half of them the kinds that the demo speaks with, the rest as varied as can be had."""
        if rng.random() < 0.4:
            name = ["slt", "rms", "awb", "kal16", "kal"][rng.choice(5, p=[0.36, 0.38, 0.14, 0.08, 0.04])]
            return ("flite", name, rng.uniform(0.85, 1.2), rng.uniform(80, 140) * (1.5 if name == "slt" else 1))
        if rng.random() < 0.22:
            return ("espeak", "gmw/en-US+f3", rng.uniform(130, 185), rng.uniform(35, 70), rng.uniform(35, 70))
        name = ACCENTS[rng.integers(len(ACCENTS))] + VARIANTS[rng.integers(len(VARIANTS))]
        return ("espeak", name, rng.uniform(125, 190), rng.uniform(25, 75), rng.uniform(30, 70))

    def stranger(self, rng):
        """A voice that is never drawn for training."""
        name = ["gmw/en-US", "gmw/en"][rng.integers(2)] + UNSEEN[rng.integers(len(UNSEEN))]
        return ("espeak", name, rng.uniform(140, 170), rng.uniform(40, 60), 50)

    def say(self, text, voice):
        """Sound, samples a second, {offset of a word in the text: seconds}."""
        return (self.flite if voice[0] == "flite" else self.espeak).say(text, *voice[1:])
