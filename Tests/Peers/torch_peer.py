# SPDX-License-Identifier: Apache-2.0
"""PyTorch (plain loop, DDP over gloo when launched by torchrun) and fastai Learner, on the cases our benchmark measures.

usage: python torch_peer.py CASE [--engine torch|fastai] [--batches N] [--channels-last] [--compile]
       torchrun --nproc-per-node 2 torch_peer.py CASE
One thread per rank (set OMP_NUM_THREADS=1). CASE: linreg mlp mlp256 lenet resnet20 tabular gpt lstm.
Prints one line of JSON: case, engine, ranks, global samples per second (median over batches), peak RSS in MiB,
seconds from process start to the end of the first step.
"""

import argparse
import json
import os
import resource
import time

import torch
import torch.nn.functional as F
from torch import nn

t_start = time.time() - (
    time.clock_gettime(time.CLOCK_BOOTTIME)
    - float(open("/proc/self/stat").read().split()[21]) / os.sysconf("SC_CLK_TCK")
)
torch.set_num_threads(1)
ap = argparse.ArgumentParser()
ap.add_argument("case")
ap.add_argument("--engine", default="torch")
ap.add_argument("--batches", type=int, default=0)
ap.add_argument("--channels-last", action="store_true")
ap.add_argument("--compile", action="store_true")
a = ap.parse_args()
rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
torch.manual_seed(rank)


class Block(nn.Module):
    def __init__(self, i, o, st):
        super().__init__()
        self.c1 = nn.Conv2d(i, o, 3, st, 1, bias=False)
        self.b1 = nn.BatchNorm2d(o)
        self.c2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.b2 = nn.BatchNorm2d(o)
        self.sc = (
            nn.Sequential()
            if i == o and st == 1
            else nn.Sequential(nn.Conv2d(i, o, 1, st, bias=False), nn.BatchNorm2d(o))
        )

    def forward(self, x):
        return F.relu(self.b2(self.c2(F.relu(self.b1(self.c1(x))))) + self.sc(x))


def resnet20():
    l = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    i = 16
    for o, st in [(16, 1), (32, 2), (64, 2)]:
        for k in range(3):
            l.append(Block(i, o, st if k == 0 else 1))
            i = o
    return nn.Sequential(*l, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Tab(nn.Module):
    def __init__(self):
        super().__init__()
        szs = [(10, 6), (17, 8), (8, 5), (16, 8), (7, 5), (6, 4), (3, 3), (42, 13)]
        self.e = nn.ModuleList(nn.Embedding(a, b) for a, b in szs)
        n = sum(b for _, b in szs)
        self.bn = nn.BatchNorm1d(6)
        self.l = nn.Sequential(
            nn.Linear(n + 6, 200, bias=False),
            nn.ReLU(),
            nn.BatchNorm1d(200),
            nn.Linear(200, 100, bias=False),
            nn.ReLU(),
            nn.BatchNorm1d(100),
            nn.Linear(100, 2),
        )
        self.szs = szs

    def forward(self, c, x):
        return self.l(torch.cat([e(c[:, i]) for i, e in enumerate(self.e)] + [self.bn(x)], 1))


class GPT(nn.Module):
    def __init__(self, V=65, D=128, H=4, L=4, T=64):
        super().__init__()
        self.te, self.pe = nn.Embedding(V, D), nn.Embedding(T, D)
        self.H = H
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    n1=nn.LayerNorm(D),
                    qkv=nn.Linear(D, 3 * D),
                    o=nn.Linear(D, D),
                    n2=nn.LayerNorm(D),
                    u=nn.Linear(D, 4 * D),
                    d=nn.Linear(4 * D, D),
                )
            )
            for _ in range(L)
        )
        self.n, self.h = nn.LayerNorm(D), nn.Linear(D, V)

    def forward(self, x):
        B, T = x.shape
        h = self.te(x) + self.pe(torch.arange(T))
        for b in self.blocks:
            q, k, v = b["qkv"](b["n1"](h)).view(B, T, 3, self.H, -1).permute(2, 0, 3, 1, 4)
            h = h + b["o"](F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, -1))
            h = h + b["d"](F.gelu(b["u"](b["n2"](h))))
        return self.h(self.n(h))


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(65, 64)
        self.r = nn.LSTM(64, 256, batch_first=True)
        self.h = nn.Linear(256, 65)

    def forward(self, x):
        return self.h(self.r(self.e(x))[0])


ce = F.cross_entropy


def lm(o, y):
    return ce(o.flatten(0, 1), y.flatten())


R = torch.randint


def cases():
    return {
        "linreg": (
            lambda: nn.Linear(1, 1),
            lambda: (torch.randn(16, 1),),
            lambda: torch.randn(16, 1),
            F.mse_loss,
            2000,
        ),
        "mlp": (
            lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)),
            lambda: (torch.randn(64, 784),),
            lambda: R(10, (64,)),
            ce,
            300,
        ),
        "mlp256": (
            lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)),
            lambda: (torch.randn(256, 784),),
            lambda: R(10, (256,)),
            ce,
            150,
        ),
        "lenet": (
            lambda: nn.Sequential(
                nn.Conv2d(1, 32, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(32, 64, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Linear(3136, 128),
                nn.ReLU(),
                nn.Linear(128, 10),
            ),
            lambda: (torch.randn(64, 1, 28, 28),),
            lambda: R(10, (64,)),
            ce,
            60,
        ),
        "resnet20": (resnet20, lambda: (torch.randn(64, 3, 32, 32),), lambda: R(10, (64,)), ce, 20),
        "tabular": (
            Tab,
            lambda: (torch.stack([R(n, (64,)) for n, _ in Tab().szs], 1), torch.randn(64, 6)),
            lambda: R(2, (64,)),
            ce,
            500,
        ),
        "gpt": (GPT, lambda: (R(65, (32, 64)),), lambda: R(65, (32, 64)), lm, 40),
        "lstm": (LSTM, lambda: (R(65, (32, 64)),), lambda: R(65, (32, 64)), lm, 40),
    }


def sent_bytes():
    """What this machine has sent over its networks."""
    lines = [line.split(":") for line in open("/proc/self/net/dev") if ":" in line]
    return sum(int(numbers.split()[8]) for name, numbers in lines if name.strip() != "lo")


mk, xs, ys, loss, nb = cases()[a.case]
nb = a.batches or nb
x, y = xs(), ys()
bs = len(y)
model = mk()
if a.channels_last:
    model = model.to(memory_format=torch.channels_last)
    x = tuple(t.to(memory_format=torch.channels_last) for t in x)
if a.compile:
    model = torch.compile(model)
if a.engine == "torch":
    net = model
    if world > 1:
        torch.distributed.init_process_group("gloo")
        net = nn.parallel.DistributedDataParallel(model)
    opt = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        l = loss(net(*x), y)
        l.backward()
        opt.step()
        opt.zero_grad()
        return l

    step()
    first = time.time() - t_start
    for _ in range(max(3, nb // 10)):
        step()
    ts = []
    sent = sent_bytes()
    for _ in range(nb):
        t = time.perf_counter()
        step()
        ts.append(time.perf_counter() - t)
    sent = (sent_bytes() - sent) / nb
    ts.sort()
    med = ts[nb // 2]
    best = ts[0]
else:
    from fastai.basics import Learner, DataLoaders, Adam
    import fastai.callback.all

    class DL:
        def __init__(self, n):
            self.n = n
            self.dataset = self
            self.device = torch.device("cpu")
            self.bs = bs
            self.after_batch = None

        def __len__(self):
            return self.n

        def __iter__(self):
            for _ in range(self.n):
                yield (*x, y)

    stamps = []
    from fastai.callback.core import Callback

    class Stamp(Callback):
        def after_batch(self):
            stamps.append(time.perf_counter())

    learn = Learner(DataLoaders(DL(nb + 10), DL(1)), model, loss_func=loss, cbs=Stamp())
    if len(x) > 1:
        learn.dls.n_inp = len(x)
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, lr=1e-3)
    d = sorted(b - a_ for a_, b in zip(stamps[9:], stamps[10:]))
    med = d[len(d) // 2]
    best = d[0]
    first = stamps[0] - time.perf_counter() + time.time() - t_start
if rank == 0:
    print(
        json.dumps(
            dict(
                case=a.case,
                engine=a.engine + ("+compile" if a.compile else "") + ("+nhwc" if a.channels_last else ""),
                ranks=world,
                samples_per_s=round(bs * world / med, 1),
                ms=round(med * 1e3, 4),
                best_ms=round(best * 1e3, 4),
                rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                first_step_s=round(first, 2),
                params=sum(p.numel() for p in model.parameters()),
                **(dict(sent_bytes=round(sent)) if world > 1 and a.engine == "torch" else {}),
            )
        ),
        flush=True,
    )
if world > 1:
    torch.distributed.destroy_process_group()
