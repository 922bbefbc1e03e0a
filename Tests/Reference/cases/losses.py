# SPDX-License-Identifier: Apache-2.0
# PyTorch's losses and fastai's flattened ones: value, gradient, activation and decoded prediction.

import torch
import torch.nn.functional as F
from fastai import losses as fastai

from .record import Record, integers, normal, uniform


def functions(r):
    for reduction in ["mean", "sum", "none"]:
        options = dict(reduction=reduction)
        for label, shape in {"2d": [5, 4], "4d": [2, 4, 3, 2]}.items():
            key = f"crossEntropy.{label}.{reduction}"
            r.case(key, lambda x, target, o=options: F.cross_entropy(x, target, **o), x=normal(key, *shape, scale=2),
                   target=integers(key, 4, shape[0], *shape[2:]))
        key = f"crossEntropy.weight.{reduction}"
        r.case(key, lambda x, target, weight, o=options: F.cross_entropy(x, target, weight=weight.detach(), **o), x=normal(key, 5, 4),
               target=integers(key, 4, 5), weight=uniform(key, 4, low=0.5, high=2))
        key = f"crossEntropy.ignored.{reduction}"
        r.case(key, lambda x, target, o=options: F.cross_entropy(x, target, ignore_index=2, **o), x=normal(key, 5, 4),
               target=torch.tensor([0, 2, 3, 2, 1]))
        key = f"crossEntropy.smoothed.{reduction}"
        r.case(key, lambda x, target, o=options: F.cross_entropy(x, target, label_smoothing=0.1, **o), x=normal(key, 5, 4),
               target=integers(key, 4, 5))
        for label, shape in {"1d": [4], "2d": [5, 4], "4d": [2, 4, 3, 2]}.items():
            key = f"crossEntropy.probabilities.{label}.{reduction}"
            r.case(key, lambda x, target, o=options: F.cross_entropy(x, target, **o), x=normal(key, *shape, scale=2),
                   target=normal(key + "t", *shape).softmax(1 if len(shape) > 1 else 0))
        key = f"crossEntropy.probabilities.weight.{reduction}"
        r.case(key, lambda x, target, weight, o=options: F.cross_entropy(x, target, weight=weight.detach(), label_smoothing=0.1, **o),
               x=normal(key, 5, 4), target=normal(key + "t", 5, 4).softmax(1), weight=uniform(key, 4, low=0.5, high=2))
        for name, function in {"mse": F.mse_loss, "l1": F.l1_loss, "smoothL1": F.smooth_l1_loss, "huber": F.huber_loss}.items():
            key = f"{name}.{reduction}"
            r.case(key, lambda x, target, f=function, o=options: f(x, target, **o), x=normal(key, 3, 4), target=normal(key + "t", 3, 4))
        key = f"bceWithLogits.{reduction}"
        r.case(key, lambda x, target, o=options: F.binary_cross_entropy_with_logits(x, target, **o), x=normal(key, 3, 4, scale=3),
               target=uniform(key, 3, 4).round())
        key = f"bceWithLogits.positive.{reduction}"
        r.case(key, lambda x, target, positive, o=options: F.binary_cross_entropy_with_logits(x, target, pos_weight=positive.detach(), **o),
               x=normal(key, 3, 4), target=uniform(key, 3, 4).round(), positive=uniform(key + "p", 4, low=0.5, high=3))
        key = f"bce.{reduction}"
        r.case(key, lambda x, target, o=options: F.binary_cross_entropy(x, target, **o), x=uniform(key, 3, 4, low=0.05, high=0.95),
               target=uniform(key + "t", 3, 4).round())
    r.case("bceWithLogits.far", lambda x, target: F.binary_cross_entropy_with_logits(x, target, reduction="none"),
           x=torch.tensor([-100.0, -20, 0, 20, 100]), target=torch.tensor([0.0, 1, 1, 1, 0]))
    r.case("nll", F.nll_loss, x=F.log_softmax(normal("nll", 5, 4), -1), target=integers("nll", 4, 5))


def flattened(r):
    """fastai's classes: `fastai.<name>/…` and, from the same input, `/activation` and `/decodes`.

    Their flattening narrows everything to float32, so these are good to about 1e-6.
    """
    weight = torch.tensor([1.0, 2, 3])
    wide = weight.double()
    pixels = dict(x=normal("pixels", 2, 3, 4, 2), target=integers("pixels", 3, 2, 4, 2))
    rows = dict(x=normal("rows", 5, 3), target=integers("rows", 3, 5))
    columns = dict(x=normal("columns", 4, 1), target=normal("columns.t", 4))
    bits = dict(x=normal("bits", 4, 3, scale=2), target=uniform("bits", 4, 3).round())
    counts = dict(x=normal("counts", 6), target=integers("counts", 5, 6).float())
    means = dict(x=uniform("means", 6, low=0.1, high=4), target=integers("means", 5, 6).float())
    cases = {
        "CrossEntropyLossFlat": (fastai.CrossEntropyLossFlat(), rows),
        "CrossEntropyLossFlat.axis1": (fastai.CrossEntropyLossFlat(axis=1), pixels),
        "CrossEntropyLossFlat.none": (fastai.CrossEntropyLossFlat(axis=1, reduction="none"), pixels),
        "CrossEntropyLossFlat.weight": (fastai.CrossEntropyLossFlat(weight=weight), rows),
        "FocalLossFlat": (fastai.FocalLossFlat(), rows),
        "FocalLossFlat.gamma0": (fastai.FocalLossFlat(gamma=0.0), rows),
        "FocalLossFlat.weight": (fastai.FocalLossFlat(weight=weight), rows),
        "FocalLossFlat.axis1": (fastai.FocalLossFlat(axis=1), pixels),
        "LabelSmoothingCrossEntropy": (fastai.LabelSmoothingCrossEntropy(), rows),
        "LabelSmoothingCrossEntropy.sum": (fastai.LabelSmoothingCrossEntropy(reduction="sum"), rows),
        "LabelSmoothingCrossEntropy.none": (fastai.LabelSmoothingCrossEntropy(reduction="none"), rows),
        "LabelSmoothingCrossEntropy.weight": (fastai.LabelSmoothingCrossEntropy(weight=wide), rows),
        "LabelSmoothingCrossEntropyFlat": (fastai.LabelSmoothingCrossEntropyFlat(), rows),
        "BCEWithLogitsLossFlat": (fastai.BCEWithLogitsLossFlat(), bits),
        "BCEWithLogitsLossFlat.none": (fastai.BCEWithLogitsLossFlat(reduction="none"), bits),
        "MSELossFlat": (fastai.MSELossFlat(), columns),
        "L1LossFlat": (fastai.L1LossFlat(), columns),
        "PoissonNLLLoss": (torch.nn.PoissonNLLLoss(), counts),
        "PoissonNLLLoss.sum": (torch.nn.PoissonNLLLoss(reduction="sum"), counts),
        "PoissonNLLLoss.none": (torch.nn.PoissonNLLLoss(reduction="none"), counts),
        "PoissonNLLLoss.means": (torch.nn.PoissonNLLLoss(log_input=False, eps=1e-4), means),
        "DiceLoss": (fastai.DiceLoss(), pixels),
        "DiceLoss.mean": (fastai.DiceLoss(reduction="mean"), pixels),
        "DiceLoss.none": (fastai.DiceLoss(reduction="none"), pixels),
        "DiceLoss.square": (fastai.DiceLoss(square_in_union=True), pixels),
    }
    for name, (loss, inputs) in cases.items():
        key = f"fastai.{name}"
        r.case(key, lambda x, target, loss=loss: loss(x, target.detach()), **inputs)
        if hasattr(loss, "activation"):
            r.put(f"{key}/activation", loss.activation(inputs["x"].double()))
        if hasattr(loss, "decodes"):
            decoded = loss.decodes(loss.activation(inputs["x"].double()))
            r.put(f"{key}/decodes", decoded)


def build():
    r = Record()
    functions(r)
    flattened(r)
    return r.tensors
