"""Log-mel spectrograms exactly as whisper.cpp computes them, with a filter bank made from its definition."""
import numpy as np

RATE = 16000
"""Samples a second that Whisper hears."""
BANDS = 80
"""Mel bands of a spectrogram."""
FLOOR = -10.0
"""log10 of the least power that is told from nothing."""
HANN = (0.5 * (1 - np.cos(2 * np.pi * np.arange(400) / 400))).astype(np.float32)


def mel_filters(bands=BANDS, rate=RATE, n_fft=400):
    """(bands, n_fft // 2 + 1) triangular filters, area-normalised, on Slaney's scale: linear to 1 kHz, then logarithmic."""
    step, knee, log_step = 200 / 3, 1000.0, np.log(6.4) / 27

    def to_hz(m):
        return np.where(m < knee / step, m * step, knee * np.exp(log_step * (m - knee / step)))

    top = knee / step + np.log(rate / 2 / knee) / log_step
    edges = to_hz(np.linspace(0, top, bands + 2))
    freqs = np.linspace(0, rate / 2, n_fft // 2 + 1)
    up = (freqs[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - freqs[None]) / (edges[2:] - edges[1:-1])[:, None]
    return (np.maximum(0, np.minimum(up, down)) * (2 / (edges[2:] - edges[:-2]))[:, None]).astype("<f4")


FILTERS = mel_filters()


def log_mel(x):
    """log10 of the mel power of 16 kHz sound, (frames, 80), before Whisper's clamping; frame i is centred on sample 160 i.

    whisper.cpp reflects 200 samples in front and puts silence behind, so the same is done here."""
    x = np.concatenate([x[1:201][::-1], x, np.zeros(600, np.float32)])
    count = (len(x) - 400) // 160
    frames = np.lib.stride_tricks.sliding_window_view(x, 400)[::160][:count]
    spectrum = np.fft.rfft(frames * HANN)
    power = (spectrum.real**2 + spectrum.imag**2) @ FILTERS.T
    return np.log10(np.maximum(power, 1e-10)).astype(np.float32)


def clamp(mel, top=None):
    """What Whisper's encoder sees: nothing is further than 8 below the loudest of the window, then scaled about zero."""
    top = mel.max() if top is None else top
    return (np.maximum(mel, top - 8) + 4) / 4
