# SPDX-License-Identifier: Apache-2.0
# PyTorch's normalisations and variances, in float64, of float32 numbers whose mean is 500,000 times their deviation.

import torch
import torch.nn.functional as F

from .record import Record, normal


def large(name, *shape):
    return normal(name, *shape, scale=0.02, shift=1e4).float()


def build():
    record = Record()
    for name, shape in {"2d": (96, 5), "4d": (4, 3, 5, 9), "wide": (12, 260)}.items():
        x = large(f"batchNorm.{name}", *shape)
        weight, bias = normal(f"batchNorm.{name}.w", shape[1]), normal(f"batchNorm.{name}.b", shape[1])
        record.case(f"batchNorm.{name}", lambda x, weight, bias: F.batch_norm(
            x, None, None, weight, bias, training=True), x=x, weight=weight, bias=bias)
        axes = [axis for axis in range(len(shape)) if axis != 1]
        record.put(f"batchNorm.{name}/mean", x.double().mean(axes))
        record.put(f"batchNorm.{name}/variance", x.double().var(axes, unbiased=False))
    # The first elements of every channel are far from all others.
    x = large("batchNorm.outlier", 1000, 2)
    x[:3] = 0
    record.case("batchNorm.outlier", lambda x: F.batch_norm(x, None, None, training=True), x=x)
    weight, bias = normal("layerNorm.w", 100), normal("layerNorm.b", 100)
    record.case("layerNorm", lambda x, weight, bias: F.layer_norm(x, (100,), weight, bias),
                x=large("layerNorm", 8, 100), weight=weight, bias=bias)
    record.case("layerNorm.plain", lambda x: F.layer_norm(x, (7,)), x=large("layerNorm.plain", 9, 7))
    weight, bias = normal("groupNorm.w", 6), normal("groupNorm.b", 6)
    record.case("groupNorm", lambda x, weight, bias: F.group_norm(x, 2, weight, bias),
                x=large("groupNorm", 4, 6, 7, 5), weight=weight, bias=bias)
    record.case("instanceNorm", lambda x: F.instance_norm(x), x=large("instanceNorm", 4, 3, 8, 8))
    for name, function in {"variance.all": lambda x: x.var(), "variance.1": lambda x: x.var(1),
                           "standardDeviation.0": lambda x: x.std(0)}.items():
        record.case(name, function, x=large(name, 20, 30))
    return record.tensors
