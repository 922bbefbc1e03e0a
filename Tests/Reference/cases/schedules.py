# SPDX-License-Identifier: Apache-2.0
# fastai's schedules by position, and the learning rates and momenta its fit methods really used.

import contextlib
import io

import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import SchedCos, SchedExp, SchedLin, SchedNo, SchedPoly, combine_scheds, combined_cos
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.losses import MSELossFlat
from fastai.optimizer import SGD

POSITIONS = [i / 20 for i in range(21)]


class Hypers(Callback):
    """Keeps what every group used, in every training batch."""

    order = 65
    run_valid = False

    def before_fit(self):
        if not hasattr(self, "lrs"):
            self.lrs, self.moms = [], []

    def after_batch(self):
        self.lrs.append([float(h["lr"]) for h in self.opt.hypers])
        self.moms.append([float(h["mom"]) for h in self.opt.hypers])


def learner(batches, groups=1):
    rows = torch.arange(batches * 2.0)[:, None]
    items = [(x, 2 * x) for x in rows]
    dls = DataLoaders(DataLoader(items, bs=2), DataLoader(items, bs=2))
    model = torch.nn.Sequential(*[torch.nn.Linear(1, 1) for _ in range(groups)])
    splitter = lambda m: [list(part.parameters()) for part in m]
    made = Learner(dls, model, loss_func=MSELossFlat(), opt_func=lambda p, lr: SGD(p, lr=lr, mom=0.9), splitter=splitter)
    made.add_cb(Hypers())
    return made


def used(batches, fit, groups=1):
    made = learner(batches, groups)
    with contextlib.redirect_stdout(io.StringIO()), made.no_bar(), made.no_logging():
        fit(made)
    return {"lr": made.hypers.lrs, "mom": made.hypers.moms}


def build():
    functions = {
        "linear": SchedLin(0.1, 1), "cosine": SchedCos(0.1, 1), "constant": SchedNo(0.1, 1), "exponential": SchedExp(0.1, 1),
        "polynomial2": SchedPoly(0.1, 1, 2), "polynomial0.5": SchedPoly(0.1, 1, 0.5),
        "combined": combine_scheds([0.3, 0.7], [SchedLin(0.2, 1), SchedCos(1, 0)]),
        "combined3": combine_scheds([0.25, 0.25, 0.5], [SchedNo(0.5, 0.5), SchedExp(0.5, 2), SchedPoly(2, 0.1, 3)]),
        "combinedCosine": combined_cos(0.25, 0.1, 1, 0.01), "combinedCosine.7": combined_cos(0.7, 1, 3, 0),
    }
    fits = {
        "fitOneCycle 2x5 lrMax=1e-2": used(5, lambda l: l.fit_one_cycle(2, 1e-2)),
        "fitOneCycle 1x4 lrMax=1e-2 moms=.8,.7,.8 pctStart=.5 div=10 divFinal=100":
            used(4, lambda l: l.fit_one_cycle(1, 1e-2, moms=(0.8, 0.7, 0.8), pct_start=0.5, div=10, div_final=100)),
        "fitOneCycle 1x6 lrMax=slice(1e-4,1e-2) 3 groups": used(6, lambda l: l.fit_one_cycle(1, slice(1e-4, 1e-2)), 3),
        "fitOneCycle 1x4 lrMax=slice(1e-2) 3 groups": used(4, lambda l: l.fit_one_cycle(1, slice(1e-2)), 3),
        "fitFlatCosine 2x5 1e-2": used(5, lambda l: l.fit_flat_cos(2, 1e-2)),
        "fitSGDR 2 cycles of 1 x5 1e-2": used(5, lambda l: l.fit_sgdr(2, 1, lr_max=1e-2)),
        "fineTune 1 x4 2 groups": used(4, lambda l: l.fine_tune(1), 2),
    }
    return {
        "positions": POSITIONS,
        "functions": {name: [float(f(p)) for p in POSITIONS] for name, f in functions.items()},
        "fits": fits,
    }
