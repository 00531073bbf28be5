#!/usr/bin/env python3
"""A checkpoint as a ggml file for whisper.cpp.   usage: export.py model.pt out.bin [f16|q8_0|q5_0]

Training used only the tokens that occur. All other rows of the token table are filled so that they can never win: the last
dimension is reserved, after the final layer norm it is always 1 (weight 0, bias 1), and unused tokens have -40 there and 0
elsewhere."""
import struct
import sys

import numpy as np

from mel import FILTERS
from model import LENGTH, STEPS, load
from tokens import TABLE, TEXT_END, Tokens

FILE_TYPE = dict(f16=1, q8_0=2007, q5_0=2008)
KIND = dict(f32=0, f16=1, q5_0=6, q8_0=8)


def half(v):
    """As the bytes of half-precision numbers, a row each."""
    return v.astype("<f2").view(np.uint8).reshape(len(v), -1)


def quantised(x, kind):
    """Blocks of 32 numbers: a scale, then 8 bits each, or 5 of which the fifth are put together."""
    x = x.astype(np.float32).reshape(-1, 32)
    if kind == "q8_0":
        scale = np.abs(x).max(1) / 127
    else:
        scale = x[np.arange(len(x)), np.abs(x).argmax(1)] / -16
    each = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)[:, None]
    if kind == "q8_0":
        return np.concatenate([half(scale), np.rint(x * each).astype(np.int8).view(np.uint8)], 1).tobytes()
    v = np.clip(x * each + 16.5, 0, 31).astype(np.uint32)
    low = ((v[:, :16] & 15) | ((v[:, 16:] & 15) << 4)).astype(np.uint8)
    fifth = ((v >> 4) << np.arange(32, dtype=np.uint32)).sum(1, dtype=np.uint32).astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.concatenate([half(scale), fifth, low], 1).tobytes()


class Writer:
    """Writes tensors under whisper.cpp's names: matrices in the wanted kind, convolutions in f16, the rest in f32."""

    def __init__(self, file, values, kind):
        self.file, self.values, self.kind = file, values, kind

    def tensor(self, name, x, kind):
        x, name = np.ascontiguousarray(x), name.encode()
        self.file.write(struct.pack("<3i", x.ndim, len(name), KIND[kind]) + struct.pack(f"<{x.ndim}i", *x.shape[::-1]) + name)
        plain = dict(f32="<f4", f16="<f2").get(kind)
        self.file.write(x.astype(plain).tobytes() if plain else quantised(x, kind))

    def linear(self, name, of, bias=True):
        self.tensor(name + ".weight", self.values[of + ".weight"], self.kind)
        if bias:
            self.tensor(name + ".bias", self.values[of + ".bias"], "f32")

    def norm(self, name, of):
        for part in (".weight", ".bias"):
            self.tensor(name + part, self.values[of + part], "f32")

    def attention(self, name, of):
        for part in ("query", "key", "value", "out"):
            self.linear(f"{name}.{part}", f"{of}.{part}", part != "key")

    def block(self, name, of, cross):
        self.norm(name + ".attn_ln", of + ".attn_ln")
        self.attention(name + ".attn", of + ".attn")
        if cross:
            self.norm(name + ".cross_attn_ln", of + ".cross_attn_ln")
            self.attention(name + ".cross_attn", of + ".cross_attn")
        self.norm(name + ".mlp_ln", of + ".mlp_ln")
        for part in (".mlp.0", ".mlp.2"):
            self.linear(name + part, of + part)


def head(file, shape, kind, tokens):
    """Sizes, mel bank and token table."""
    d, h = shape["d"], shape["heads"]
    sizes = (TABLE, STEPS, d, h, shape["enc"], LENGTH, d, h, shape["dec"], 80, FILE_TYPE[kind])
    file.write(struct.pack("<I11i", 0x67676D6C, *sizes) + struct.pack("<2i", *FILTERS.shape) + FILTERS.tobytes())
    file.write(struct.pack("<i", TEXT_END))
    for token in range(TEXT_END):
        spelled = tokens.spell(token)
        file.write(struct.pack("<I", len(spelled)) + spelled)


def main():
    source, target, kind = sys.argv[1], sys.argv[2], (sys.argv[3:] or ["q5_0"])[0]
    model, forms = load(source)
    tokens, shape = Tokens(forms), model.shape
    values = {k: v.float().numpy() for k, v in model.state_dict().items()}
    d = shape["d"]
    with open(target, "wb") as file:
        head(file, shape, kind, tokens)
        w = Writer(file, values, kind)
        w.tensor("encoder.positional_embedding", values["enc_pos"], "f32")
        for name, width in (("conv1", 80), ("conv2", d)):
            weight = values[name + ".weight"].reshape(d, 3, width).transpose(0, 2, 1)
            w.tensor(f"encoder.{name}.weight", weight, "f16")
            w.tensor(f"encoder.{name}.bias", values[name + ".bias"][:, None], "f32")
        for i in range(shape["enc"]):
            w.block(f"encoder.blocks.{i}", f"enc.{i}", False)
        w.norm("encoder.ln_post", "ln_post")
        table = np.zeros((TABLE, d), np.float32)
        table[:, -1] = -40
        table[tokens.ids] = values["tok"] * values["keep"]
        values["ln.weight"][-1], values["ln.bias"][-1] = 0, 1
        w.tensor("decoder.positional_embedding", values["dec_pos"], "f32")
        w.tensor("decoder.token_embedding.weight", table, kind)
        for i in range(shape["dec"]):
            w.block(f"decoder.blocks.{i}", f"dec.{i}", True)
        w.norm("decoder.ln", "ln")


if __name__ == "__main__":
    main()
