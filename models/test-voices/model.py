"""Whisper's architecture: a transformer with layer norms in front, tied output embedding, ggml's form of GELU."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

STEPS, LENGTH = 1500, 448
"""Encoder steps of 20 ms in 30 s; tokens that a decoder sees at most."""
CHARS = "_ abcdefghijklmnopqrstuvwxyz'"
"""What the encoder is taught to spell while training; 0 is nothing."""


def sinusoids(n, d, top=10000):
    """(n, d) positions as sines and cosines."""
    rate = math.log(top) / (d // 2 - 1)
    t = torch.arange(n)[:, None] * torch.exp(-rate * torch.arange(d // 2))[None]
    return torch.cat([t.sin(), t.cos()], 1)


def plain_attention(q, k, v):
    """On these cores quicker than the fused one for short windows."""
    return (q @ (k.transpose(-1, -2) / math.sqrt(q.shape[-1]))).softmax(-1) @ v


class Attention(nn.Module):
    """Of `x` over itself, or over `other`; gives the weights too where they are wanted."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.value, self.out = nn.Linear(d, d), nn.Linear(d, d)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, other=None, causal=False, want=False):
        other, weights = x if other is None else other, None
        q, k, v = self.split(self.query(x)), self.split(self.key(other)), self.split(self.value(other))
        if want:
            weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).float().softmax(-1)
            out = weights.to(v.dtype) @ v
        else:
            out = plain_attention(q, k, v) if not causal and q.shape[2] <= 600 else F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out(out.transpose(1, 2).flatten(2)), weights


class Block(nn.Module):
    """One layer; the decoder's look at the encoder's output as well."""

    def __init__(self, d, heads, cross):
        super().__init__()
        self.attn_ln, self.attn, self.mlp_ln, self.cross = nn.LayerNorm(d), Attention(d, heads), nn.LayerNorm(d), cross
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU("tanh"), nn.Linear(4 * d, d))
        if cross:
            self.cross_attn_ln, self.cross_attn = nn.LayerNorm(d), Attention(d, heads)

    def outputs(self):
        """The linear maps whose sums make the residual stream."""
        return [self.attn.out, self.mlp[2]] + ([self.cross_attn.out] if self.cross else [])

    def forward(self, x, heard=None, causal=False, want=False):
        weights = None
        x = x + self.attn(self.attn_ln(x), causal=causal)[0]
        if self.cross:
            y, weights = self.cross_attn(self.cross_attn_ln(x), heard, want=want)
            x = x + y
        return x + self.mlp(self.mlp_ln(x)), weights


def neighbours(x, stride):
    """Three frames side by side: a convolution of width 3 as a linear map."""
    p = F.pad(x, (0, 0, 1, 1))
    return torch.cat([p[:, i : i + x.shape[1] : stride] for i in range(3)], -1)


class Whisper(nn.Module):
    """`tokens` counts the compact vocabulary; export.py spreads it over Whisper's table. `words` are classes of frames."""

    def __init__(self, tokens, words, d=128, heads=4, enc=4, dec=3):
        super().__init__()
        self.shape = dict(tokens=tokens, words=words, d=d, heads=heads, enc=enc, dec=dec)
        self.conv1, self.conv2 = nn.Linear(80 * 3, d), nn.Linear(d * 3, d)
        self.register_buffer("enc_pos", sinusoids(STEPS, d) * 0.3)
        self.enc, self.ln_post = nn.ModuleList(Block(d, heads, False) for _ in range(enc)), nn.LayerNorm(d)
        self.tok, self.dec_pos = nn.Parameter(torch.randn(tokens, d) * 0.05), nn.Parameter(sinusoids(LENGTH, d) * 0.05)
        self.dec, self.ln = nn.ModuleList(Block(d, heads, True) for _ in range(dec)), nn.LayerNorm(d)
        self.ctc, self.frame = nn.Linear(d, len(CHARS)), nn.Linear(d, words)  # while training only
        keep = torch.ones(d)
        keep[-1] = 0  # the last dimension is what export.py keeps unused tokens out with
        self.register_buffer("keep", keep)
        with torch.no_grad():
            for m in self.modules():
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=m.in_features**-0.5 * 0.7)
                    if m.bias is not None:
                        m.bias.zero_()
            for block in [*self.enc, *self.dec]:
                for out in block.outputs():
                    out.weight *= 0.5

    def encode(self, mel, shift=0):
        """(batch, frames, 80) -> (batch, frames / 2, d). `shift`: the step at which the window is made believe to begin."""
        x = F.gelu(self.conv1(neighbours(mel, 1)), approximate="tanh")
        x = F.gelu(self.conv2(neighbours(x, 2)), approximate="tanh")
        x = x + self.enc_pos[shift : shift + x.shape[1]]
        for block in self.enc:
            x = block(x)[0]
        return self.ln_post(x)

    def decode(self, ids, heard, want=False):
        """Scores of what follows each token, and each layer's attention to the sound where it is wanted."""
        x, weights = (self.tok * self.keep)[ids] + self.dec_pos[: ids.shape[1]], []
        for block in self.dec:
            x, w = block(x, heard, causal=True, want=want)
            weights.append(w)
        return (self.ln(x) * self.keep) @ self.tok.T, weights


def load(path):
    """A checkpoint's model and the forms of its vocabulary."""
    saved = torch.load(path, weights_only=True)
    model = Whisper(**saved["shape"])
    model.load_state_dict({k: v.float() for k, v in saved["model"].items()}, strict=False)
    return model, saved["forms"]


def save(path, model, forms, state=None):
    """What `load` reads: the weights in half precision, without what is computed anyway."""
    state = state or model.state_dict()
    half = {k: v.half() for k, v in state.items() if k not in ("enc_pos", "keep")}
    torch.save(dict(model=half, shape=model.shape, forms=forms), path)
