#!/usr/bin/env python3
"""Trains the model.   usage: train.py --speech FOLDER --until HH:MM (or --minutes N) --out model.pt [--init model.pt] ...

Runs as `--ranks` single-threaded processes (start it once for each, with RANK=0, 1 ...) that train on their own and put their
weights and Adam's moments together every ten seconds: on cores that others use as well nobody waits for anybody at each step.
Four losses: the decoder's text; letters (CTC) and the word (a class) that the encoder hears in each step; and the decoder's
attention, which belongs on the word being written: the voices told when each is spoken, so that needs no luck."""
import argparse
import math
import os
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F

from corpus import Corpus, noises
from model import STEPS, Whisper, load, save
from tokens import EOT, TIMES, Tokens
from windows import BATCH, SIZES, Composer


def options():
    """The command line."""
    p = argparse.ArgumentParser()
    p.add_argument("--speech", required=True), p.add_argument("--out", required=True), p.add_argument("--init")
    p.add_argument("--minutes", type=float), p.add_argument("--until"), p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--last", type=float, default=0.02, help="of the learning rate at the end")
    p.add_argument("--late", type=float, default=0.0, help="how far the mix of windows is at the start")
    p.add_argument("--warm", type=int, default=200), p.add_argument("--drop", type=float, default=0.1)
    p.add_argument("--mean", type=int, default=400, help="what is saved is the running mean over about so many steps")
    p.add_argument("--enc", type=int, default=6), p.add_argument("--dec", type=int, default=3)
    p.add_argument("--ranks", type=int, default=2), p.add_argument("--port", type=int, default=29511)
    p.add_argument("--seed", type=int, default=1), p.add_argument("--bench", type=int, default=0)
    return p.parse_args()


def start(a, tokens):
    """The model, from a checkpoint where there is one: layers it has not begin as nothing, words it has not by chance."""
    model = Whisper(len(tokens.ids), len(tokens.words), enc=a.enc, dec=a.dec)
    if not a.init:
        return model
    old, forms = load(a.init)
    before, state = Tokens(forms), old.state_dict()
    for name, mine, theirs in (("tok", tokens.ids, before.ids), ("frame", tokens.words, before.words)):
        if name == "tok":
            mine, theirs = [tokens.spell(t) if t < EOT else t for t in mine], [before.spell(t) if t < EOT else t for t in theirs]
        place = {w: i for i, w in enumerate(theirs)}
        for key in ["tok"] if name == "tok" else ["frame.weight", "frame.bias"]:
            new = model.state_dict()[key].clone()
            for i, w in enumerate(mine):
                if w in place:
                    new[i] = state[key][place[w]]
            state[key] = new
    model.load_state_dict(state, strict=False)
    for block in [*list(model.enc)[old.shape["enc"] :], *list(model.dec)[old.shape["dec"] :]]:
        for out in block.outputs():
            out.weight.data.zero_()
    return model


def batch(composer, tokens, size, drop):
    """Tensors for one step: mel, tokens in, tokens out, spans and their weights, letters, classes."""
    rng, ex = composer.rng, [composer.example(SIZES[size]) for _ in range(BATCH[size])]
    length = max(len(e.tokens) for e in ex) - 1
    x, y = np.full((len(ex), length), tokens.compact[EOT]), np.full((len(ex), length), -100)
    span, sure = np.zeros((len(ex), length, 2), np.float32), np.zeros((len(ex), length), np.float32)
    for b, e in enumerate(ex):
        ids = [tokens.compact[t.id] for t in e.tokens]
        x[b, : len(ids) - 1], y[b, e.free : len(ids) - 1] = ids[:-1], ids[e.free + 1 :]
        for p, t in enumerate(e.tokens[1:]):
            span[b, p], sure[b, p] = (t.start * 50, t.end * 50), t.weight
    wrong = (rng.random(x.shape) < drop) & (x < tokens.texts)  # the decoder's own past is not to be trusted
    x[wrong] = rng.integers(0, tokens.texts, wrong.sum())
    t = torch.from_numpy
    return t(np.stack([e.mel for e in ex])), t(x), t(y), t(span), t(sure), [e.chars for e in ex], t(np.stack([e.classes for e in ex]))


def losses(model, data, rng):
    """The four, as a list; their weighted sum first."""
    mel, x, y, span, sure, chars, classes = data
    phase, room = int(rng.integers(4)), STEPS - mel.shape[1] // 2
    shift = int(rng.integers(room + 1)) if rng.random() < 0.25 else 0  # short windows teach the later places of long ones too
    first = model.tok.shape[0] - TIMES  # the time token of nought; a token is as long as a step
    x, y = (torch.where(t >= first, (t + shift).clamp(max=first + TIMES - 1), t) for t in (x, y))
    with torch.autocast("cpu", torch.bfloat16):
        heard = model.encode(mel, shift)
        scores, looks = model.decode(x, heard, want=True)
        letters, words = model.ctc(heard), model.frame(heard[:, phase::4])
    text = F.cross_entropy(scores.float().flatten(0, 1), y.flatten(), label_smoothing=0.03)
    word = F.cross_entropy(words.float().flatten(0, 1), classes[:, phase::4].flatten(), ignore_index=-1)
    spelled = torch.tensor([c for q in chars for c in q], dtype=torch.long)
    counts = torch.tensor([len(q) for q in chars])
    steps = torch.full((len(chars),), letters.shape[1])
    ctc = F.ctc_loss(letters.float().log_softmax(-1).transpose(0, 1), spelled, steps, counts, reduction="none", zero_infinity=True)
    ctc = ctc.sum() / max(1, counts.sum())
    at = torch.arange(heard.shape[1]).float()
    inside, look = ((at >= span[..., :1]) & (at <= span[..., 1:])).float(), 0
    for w in looks:
        on = (w[:, :2] * inside[:, None]).sum(-1).clamp(1e-6, 1)
        look = look - (on.log() * sure[:, None]).sum() / (sure.sum() * 2 + 1e-6)
    look = look / len(looks)
    return [text + 0.5 * word + 0.4 * ctc + 0.25 * look, text, word, ctc, look]


def together(model, opt, mean, steps, ranks):
    """Weights, moments and the running mean become the average over all processes, by the steps each has made."""
    if ranks == 1:
        return
    flat = [p.data for p in model.parameters()] + [m for s in opt.state.values() for m in (s["exp_avg"], s["exp_avg_sq"])] + mean
    both = torch.cat([t.flatten() for t in flat] + [torch.ones(1)]) * steps
    dist.all_reduce(both)
    both /= both[-1].clone()
    at = 0
    for t in flat:
        t.copy_(both[at : at + t.numel()].view_as(t))
        at += t.numel()


def main():
    a, rank = options(), int(os.environ.get("RANK", 0))
    torch.set_num_threads(1), torch.manual_seed(a.seed)
    begin = time.time()
    if a.ranks > 1:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{a.port}", rank=rank, world_size=a.ranks)
    if a.until:
        h, m = map(int, a.until.split(":"))
        now = time.gmtime()
        a.minutes = (h * 60 + m) - (now.tm_hour * 60 + now.tm_min + now.tm_sec / 60)
    tokens = Tokens()
    corpus = Corpus(a.speech, tokens)
    corpus.look()
    rng = np.random.default_rng(a.seed + 1000 * rank)
    composer, model = Composer(corpus, noises(), rng), start(a, tokens)
    flat = lambda n, p: p.ndim < 2 or n == "dec_pos"
    groups = [[p for n, p in model.named_parameters() if flat(n, p) == k] for k in (False, True)]
    opt = torch.optim.AdamW([dict(params=groups[0], weight_decay=0.02), dict(params=groups[1], weight_decay=0)], betas=(0.9, 0.98))
    mean, step, since, sums, syncs, saved = [p.data.clone() for p in model.parameters()], 0, 0, [], 0, 0
    if rank == 0:
        print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(tokens.forms)} forms, {len(corpus.utterances)} utterances, {a.minutes:.1f} min", flush=True)
    total, first = int(a.minutes * 6), time.time()
    while syncs < total and not (a.bench and step >= a.bench):
        done = min(1, (time.time() - first) / 60 / a.minutes)
        rate = a.lr * min(1, (step + 1) / a.warm) * (a.last + (1 - a.last) * 0.5 * (1 + math.cos(math.pi * done)))
        for g in opt.param_groups:
            g["lr"] = rate
        data = batch(composer, tokens, composer.size(a.late + (1 - a.late) * done), a.drop)
        loss = losses(model, data, rng)
        opt.zero_grad()
        loss[0].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        step, since = step + 1, since + 1
        torch._foreach_lerp_(mean, [p.data for p in model.parameters()], 1 / min(a.mean, step + 1))
        sums.append([x.item() for x in loss])
        if time.time() - first > 10 * (syncs + 1):
            together(model, opt, mean, since, a.ranks)
            syncs, since = syncs + 1, 0
            if syncs % 6 == 0:
                corpus.look()
                if rank == 0:
                    print(f"{(time.time() - begin) / 60:5.1f} min, step {step}, rate {rate:.5f}, losses", *(f"{x:.3f}" for x in np.mean(sums, 0)), f"{len(corpus.utterances)} utterances", flush=True)
                sums = []
            if rank == 0 and time.time() - saved > 120:
                saved = time.time()
                names = [n for n, _ in model.named_parameters()]
                save(a.out + ".part", model, tokens.forms, dict(zip(names, mean)))
                os.rename(a.out + ".part", a.out)
    if rank == 0:
        print(f"{step} steps, {(time.time() - first) / max(1, step):.3f} s each", flush=True)
        save(a.out, model, tokens.forms, dict(zip([n for n, _ in model.named_parameters()], mean)))


if __name__ == "__main__":
    main()
