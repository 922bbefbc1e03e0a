# SPDX-License-Identifier: Apache-2.0
# fastai training a small network on scikit-learn's digits: every batch's loss, every epoch's row, the last weights.

import contextlib
import io

import torch
import torch.nn as nn
from fastai.callback.core import Callback
from fastai.callback.schedule import Learner
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.losses import CrossEntropyLossFlat
from fastai.metrics import accuracy
from fastai.optimizer import SGD, Adam
from sklearn.datasets import load_digits

from .record import Record

TRAIN, VALID, BATCH = 256, 128, 32


class Losses(Callback):
    order = 70
    run_valid = False

    def before_fit(self):
        self.losses = []

    def after_batch(self):
        self.losses.append(float(self.learn.loss))


def build():
    """The first 256 rows train, unshuffled, in batches of 32; the next 128 validate; pixels are divided by 16."""
    r = Record()
    digits = load_digits()
    x = torch.tensor(digits.data[:TRAIN + VALID] / 16).float()
    y = torch.tensor(digits.target[:TRAIN + VALID])
    r.put("x", torch.tensor(digits.data[:TRAIN + VALID]).byte())
    r.put("y", y.byte())
    torch.manual_seed(11)
    start = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)).state_dict()
    start = {key: value.clone() for key, value in start.items()}
    for key, value in start.items():
        r.put(f"start/{key}", value)
    runs = {
        "sgd": (lambda p, lr: SGD(p, lr=lr, mom=0.9), lambda l: l.fit(2, 0.1)),
        "adam": (Adam, lambda l: l.fit(2, 1e-2)),
        "oneCycle": (Adam, lambda l: l.fit_one_cycle(2, 1e-2)),
    }
    for name, (optimizer, fit) in runs.items():
        net = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
        net.load_state_dict(start)
        pairs = list(zip(x, y))
        dls = DataLoaders(DataLoader(pairs[:TRAIN], bs=BATCH), DataLoader(pairs[TRAIN:], bs=BATCH))
        learner = Learner(dls, net, loss_func=CrossEntropyLossFlat(), opt_func=optimizer, metrics=accuracy)
        kept = Losses()
        learner.add_cb(kept)
        with contextlib.redirect_stdout(io.StringIO()), learner.no_bar(), learner.no_logging():
            fit(learner)
        r.put(f"{name}/losses", torch.tensor(kept.losses))
        r.put(f"{name}/rows", torch.tensor([list(map(float, row)) for row in learner.recorder.values]))
        for key, value in net.state_dict().items():
            r.put(f"{name}/end/{key}", value)
    return r.tensors
