# SPDX-License-Identifier: Apache-2.0
# Trajectories of fastai's and PyTorch's optimizers over 50 steps on given gradients.

import torch
from fastai import optimizer as fastai

from .record import Record, normal

STEPS = 50
SHAPES = {"a": [3, 4], "b": [5]}

# name: (maker, hyper-parameters). lr is the same for all steps.
FASTAI = {
    "sgd": (fastai.SGD, dict(lr=0.1)),
    "sgd.momentum": (fastai.SGD, dict(lr=0.05, mom=0.9)),
    "sgd.momentum.decay": (fastai.SGD, dict(lr=0.05, mom=0.9, wd=0.1)),
    "sgd.momentum.l2": (fastai.SGD, dict(lr=0.05, mom=0.9, wd=0.1, decouple_wd=False)),
    "rmsprop": (fastai.RMSProp, dict(lr=0.01)),
    "rmsprop.momentum": (fastai.RMSProp, dict(lr=0.01, mom=0.9)),
    "adam": (fastai.Adam, dict(lr=0.01)),
    "adam.plain": (fastai.Adam, dict(lr=0.01, wd=0.0)),
    "adam.l2": (fastai.Adam, dict(lr=0.01, wd=0.1, decouple_wd=False)),
    "adam.options": (fastai.Adam, dict(lr=0.02, mom=0.8, sqr_mom=0.999, eps=1e-8, wd=0.05)),
    "radam": (fastai.RAdam, dict(lr=0.01)),
    "qhadam": (fastai.QHAdam, dict(lr=0.01)),
    "larc": (fastai.Larc, dict(lr=0.1)),
    "lars": (fastai.Larc, dict(lr=0.1, clip=False, wd=0.1)),
    "lamb": (fastai.Lamb, dict(lr=0.01)),
    "lookahead.sgd": (lambda p, lr: fastai.Lookahead(fastai.SGD(p, lr=lr)), dict(lr=0.1)),
    "ranger": (fastai.ranger, dict(lr=0.01)),
}
TORCH = {
    "torch.sgd": (torch.optim.SGD, dict(lr=0.1)),
    "torch.sgd.momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.1)),
    "torch.adam": (torch.optim.Adam, dict(lr=0.01)),
    "torch.adamw": (torch.optim.AdamW, dict(lr=0.01, weight_decay=0.05)),
    "torch.sgd.nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.1, nesterov=True)),
    "torch.adam.amsgrad": (torch.optim.Adam, dict(lr=0.01, amsgrad=True)),
    "torch.adamw.amsgrad": (torch.optim.AdamW, dict(lr=0.01, weight_decay=0.05, betas=(0.9, 0.9), amsgrad=True)),
}


def build():
    r = Record()
    for key, shape in SHAPES.items():
        r.put(f"start/{key}", normal(f"optim/start/{key}", *shape))
        r.put(f"gradients/{key}", normal(f"optim/gradients/{key}", STEPS, *shape, scale=0.5))
    for name, (maker, hypers) in (FASTAI | TORCH).items():
        parameters = [torch.nn.Parameter(torch.from_numpy(r.tensors[f"start/{key}"]).double()) for key in SHAPES]
        optimizer = maker(parameters, **hypers)
        trajectory = {key: [] for key in SHAPES}
        for step in range(STEPS):
            for key, p in zip(SHAPES, parameters):
                p.grad = torch.from_numpy(r.tensors[f"gradients/{key}"][step]).double()
            optimizer.step()
            for key, p in zip(SHAPES, parameters):
                trajectory[key].append(p.detach().clone())
        for key in SHAPES:
            r.put(f"{name}/{key}", torch.stack(trajectory[key]))
    return r.tensors


def hypers():
    return {name: dict(hypers) for name, (_, hypers) in (FASTAI | TORCH).items()}
