# SPDX-License-Identifier: Apache-2.0
# Whole training runs of fastai: loss, learning rates and momenta of every batch, the rows of the epochs, the last weights.

import contextlib
import io

import torch
import torch.nn as nn
from fastai.callback.core import Callback
from fastai.callback.schedule import Learner  # with fit_one_cycle and its like
from fastai.callback.training import GradientAccumulation, GradientClip
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.losses import CrossEntropyLossFlat, MSELossFlat
from fastai.metrics import accuracy, mae
from fastai.optimizer import SGD, Adam, RMSProp

from .record import Record, integers, normal


class Tape(Callback):
    """What every training batch used and gave, over all fits."""

    order = 65
    run_valid = False

    def __init__(self):
        self.losses, self.lrs, self.moms, self.rows = [], [], [], []

    def after_batch(self):
        # Fires for batches whose step accumulation puts off, too.
        self.losses.append(float(self.learn.loss))
        self.lrs.append([float(h["lr"]) for h in self.opt.hypers])
        self.moms.append([float(h.get("mom", 0)) for h in self.opt.hypers])

    def after_epoch(self):
        self.rows.append([float(value) for value in self.learn.recorder.values[-1]])


def perceptron(*widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 3))


def thirds(model):
    """Three groups: first convolution and norm, second, head."""
    parts = [list(part.parameters()) for part in (model[:4], model[4:8], model[8:])]
    return parts


def put_state(record, prefix, model):
    for key, value in model.state_dict().items():
        record.put(f"{prefix}/{key}", value.clone())
        record.tensors[f"{prefix}/{key}"].shape = value.shape  # a count of batches is a scalar


def run(record, name, model, data, batch, loss, optimizer, metric, fit, splitter=None, cbs=()):
    """Trains `model` on the first rows of `data` but those of the last two batches, which validate; in order."""
    x, y = data
    record.put(f"{name}/x", x)
    record.put(f"{name}/y", y)
    put_state(record, f"{name}/start", model)
    pairs = list(zip(x, y))
    cut = len(pairs) - 2 * batch
    dls = DataLoaders(DataLoader(pairs[:cut], bs=batch), DataLoader(pairs[cut:], bs=batch))
    extra = {} if splitter is None else {"splitter": splitter}
    learner = Learner(dls, model, loss_func=loss, opt_func=optimizer, metrics=metric, cbs=list(cbs), **extra)
    tape = Tape()
    learner.add_cb(tape)
    with contextlib.redirect_stdout(io.StringIO()), learner.no_bar(), learner.no_logging():
        fit(learner)
    record.put(f"{name}/losses", torch.tensor(tape.losses))
    record.put(f"{name}/lrs", torch.tensor(tape.lrs))
    record.put(f"{name}/moms", torch.tensor(tape.moms))
    record.put(f"{name}/rows", torch.tensor(tape.rows))
    put_state(record, f"{name}/end", model)


def classes(name, count, *shape):
    """Inputs, and which of three random directions they point along most."""
    x = normal(f"{name}/x", count, *shape)
    directions = normal(f"{name}/directions", x[0].numel(), 3)
    return x, (x.flatten(1) @ directions).argmax(1)


def build():
    r = Record()

    torch.manual_seed(21)
    run(r, "oneCycle", perceptron(8, 16, 3), classes("trajectory.oneCycle", 120, 8), 10, CrossEntropyLossFlat(), Adam,
        accuracy, lambda l: l.fit_one_cycle(3, 2e-2, wd=0.1))

    def transfer(learner):
        # The plain fit comes first: fastai leaves the last momentum of a cycle on the optimizer, Lockstep does not.
        learner.freeze()
        learner.fit(1, slice(2e-2))
        learner.freeze_to(1)
        learner.fit_one_cycle(1, slice(1e-3, 2e-2))
        learner.unfreeze()
        learner.fit_one_cycle(3, slice(1e-4, 1e-2))

    torch.manual_seed(22)
    run(r, "transfer", convolutions(), classes("trajectory.transfer", 64, 1, 8, 8), 8, CrossEntropyLossFlat(), Adam, accuracy,
        transfer, splitter=thirds)

    torch.manual_seed(23)
    x = normal("trajectory.restarts/x", 56, 5)
    y = (x[:, :2] * x[:, 2:4]).sum(1, keepdim=True)
    run(r, "restarts", perceptron(5, 12, 1), (x, y), 8, MSELossFlat(), RMSProp, mae, lambda l: l.fit_sgdr(2, 2, lr_max=5e-3))

    torch.manual_seed(24)
    run(r, "accumulated", perceptron(8, 16, 3), classes("trajectory.accumulated", 102, 8), 6, CrossEntropyLossFlat(),
        lambda p, lr: SGD(p, lr=lr, mom=0.9, wd=0.01), accuracy, lambda l: l.fit(3, 0.5),
        cbs=[GradientAccumulation(18), GradientClip(0.3)])

    return r.tensors
