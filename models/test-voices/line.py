"""What happens to a voice between a mouth and a recording: resampling, the telephone's band, mu-law, A-law and GSM."""
import ctypes as C

import numpy as np

from mel import RATE


def resample(x, a, b):
    """From `a` to `b` samples a second, band-limited, through one long Fourier transform."""
    if a == b:
        return x
    n, k = len(x), a // np.gcd(a, b)
    size = int(np.ceil((n + 64) / k / 16) * k * 16)
    spectrum = np.fft.rfft(x, size)
    m = size * b // a
    out = np.zeros(m // 2 + 1, spectrum.dtype)
    q = min(len(spectrum), len(out))
    out[:q] = spectrum[:q]
    return (np.fft.irfft(out, m) * (m / size)).astype(np.float32)[: int(np.ceil(n * b / a))]


def mulaw(x):
    """There and back, by the formula."""
    y = np.sign(x) * np.log1p(255 * np.abs(np.clip(x, -1, 1))) / np.log(256)
    y = (np.round(y * 127.5 - 0.5) + 0.5) / 127.5
    return (np.sign(y) * (np.power(256, np.abs(y)) - 1) / 255).astype(np.float32)


def alaw(x):
    """There and back, by the formula."""
    big, x = 87.6, np.clip(x, -1, 1)
    a, knee = np.abs(x), 1 + np.log(87.6)
    y = np.where(a < 1 / big, big * a, 1 + np.log(np.maximum(big * a, 1e-9))) / knee
    y = (np.floor(y * 128) + 0.5) / 128
    a = np.where(y < 1 / knee, y * knee / big, np.exp(y * knee - 1) / big)
    return (np.sign(x) * a).astype(np.float32)


class Gsm:
    """GSM 6.10 there and back through libgsm."""

    def __init__(self):
        self.lib = C.CDLL("libgsm.so.1")
        self.lib.gsm_create.restype = C.c_void_p

    def __call__(self, x):
        coder = C.c_void_p(self.lib.gsm_create())
        count = -(-len(x) // 160)
        pcm = np.zeros(count * 160, np.int16)
        pcm[: len(x)] = np.clip(np.asarray(x) * 32767, -32768, 32767)
        frame = (C.c_ubyte * 33)()
        for i in range(count):
            at = C.c_void_p(pcm.ctypes.data + i * 320)
            self.lib.gsm_encode(coder, at, frame)
            self.lib.gsm_decode(coder, frame, at)
        self.lib.gsm_destroy(coder)
        return (pcm[: len(x)] / 32768).astype(np.float32)


_gsm = None


def gsm(x):
    """GSM 6.10 there and back, of 8 kHz sound."""
    global _gsm
    _gsm = _gsm or Gsm()
    return _gsm(x)


def band(x, low, high):
    """Of 16 kHz sound only what is between two frequencies in Hz, with the soft edges of a telephone line."""
    n = 1 << int(np.ceil(np.log2(len(x) + 400)))
    f = np.fft.rfftfreq(n, 1 / RATE)
    shape = 1 / (1 + (low / np.maximum(f, 1)) ** 8) / (1 + (f / high) ** 30)
    return np.fft.irfft(np.fft.rfft(x, n) * shape, n)[: len(x)].astype(np.float32)


def to_16k(x, crude):
    """From 8 kHz; `crude` draws straight lines between samples, as some software does."""
    if crude:
        return np.interp(np.arange(2 * len(x)) / 2, np.arange(len(x)), x).astype(np.float32)
    return resample(x, 8000, RATE)


def plain_line(x):
    """A telephone line without chance in it, for tests: 300-3400 Hz, mu-law; gives 8 kHz."""
    return mulaw(resample(band(x, 300, 3400), RATE, 8000))


def telephone(x, rng):
    """A telephone line by chance: 16 kHz in, 16 kHz out, of the same length and loudness."""
    y = resample(band(x, rng.uniform(100, 330), rng.uniform(3300, 3900)), RATE, 8000)
    y = y * (rng.uniform(0.12, 0.95) / (np.abs(y).max() + 1e-6))
    kind = rng.random()
    y = mulaw(y) if kind < 0.65 else alaw(y) if kind < 0.8 else gsm(y) if kind < 0.92 else y
    y = to_16k(y, rng.random() < 0.2)[: len(x)]
    return y * (np.sqrt(np.mean(x**2)) / (np.sqrt(np.mean(y**2)) + 1e-9))
