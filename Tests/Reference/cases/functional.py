# SPDX-License-Identifier: Apache-2.0
# Convolutions, pooling, normalisation, attention and recurrent sequences: values and gradients.

import torch
import torch.nn as nn
import torch.nn.functional as F

from .record import Record, normal


def convolutions(r):
    # name: (input, output channels, kernel, options)
    flat = {"plain": ([2, 3, 6, 7], 4, (3, 3), {}), "padded": ([2, 3, 6, 7], 4, (3, 3), dict(padding=1)),
            "strided": ([2, 3, 7, 8], 4, (3, 3), dict(stride=2, padding=1)),
            "asymmetric": ([1, 2, 8, 9], 3, (2, 3), dict(stride=(2, 1), padding=(0, 2))),
            "dilated": ([1, 2, 8, 9], 3, (3, 2), dict(dilation=(2, 3), padding=2)),
            "grouped": ([2, 4, 5, 6], 6, (3, 3), dict(groups=2, padding=1)),
            "depthwise": ([2, 4, 6, 6], 4, (3, 3), dict(groups=4, padding=1, stride=2)),
            "multiplier": ([1, 3, 5, 5], 6, (3, 3), dict(groups=3)),
            "pointwise": ([2, 5, 4, 3], 7, (1, 1), {}), "pointwise.strided": ([2, 5, 5, 4], 7, (1, 1), dict(stride=2)),
            "one.channel": ([2, 1, 8, 8], 4, (5, 5), dict(padding=2)), "wide": ([1, 17, 5, 5], 19, (3, 3), dict(padding=1)),
            "whole": ([3, 2, 4, 4], 5, (4, 4), {})}
    for label, (shape, out, kernel, options) in flat.items():
        key = f"conv2d.{label}"
        inputs = dict(x=normal(key + "x", *shape), weight=normal(key + "w", out, shape[1] // options.get("groups", 1), *kernel))
        r.case(key, lambda x, weight, bias, o=options: F.conv2d(x, weight, bias, **o), **inputs, bias=normal(key + "b", out))
    r.case("conv2d.unbiased", lambda x, weight: F.conv2d(x, weight, padding=1), x=normal("conv2d.u.x", 2, 3, 5, 5),
           weight=normal("conv2d.u.w", 4, 3, 3, 3))
    line = {"plain": ([2, 3, 9], 4, 3, {}), "strided": ([2, 3, 9], 4, 3, dict(stride=2, padding=1)),
            "dilated": ([2, 3, 9], 4, 3, dict(dilation=2)), "grouped": ([2, 4, 9], 6, 3, dict(groups=2, padding=1))}
    for label, (shape, out, kernel, options) in line.items():
        key = f"conv1d.{label}"
        r.case(key, lambda x, weight, bias, o=options: F.conv1d(x, weight, bias, **o), x=normal(key + "x", *shape),
               weight=normal(key + "w", out, shape[1] // options.get("groups", 1), kernel), bias=normal(key + "b", out))
    back = {"plain": ([2, 3, 4, 5], 4, (3, 3), {}), "strided": ([2, 3, 4, 5], 4, (3, 3), dict(stride=2, padding=1)),
            "outputPadding": ([2, 3, 4, 4], 2, (3, 3), dict(stride=2, padding=1, output_padding=1)),
            "dilated": ([1, 2, 4, 5], 3, (3, 2), dict(dilation=2, padding=1)),
            "grouped": ([2, 4, 3, 4], 6, (3, 3), dict(groups=2, stride=2)),
            "asymmetric": ([1, 2, 3, 4], 3, (2, 4), dict(stride=(1, 3), padding=(0, 1), output_padding=(0, 2)))}
    for label, (shape, out, kernel, options) in back.items():
        key = f"convTranspose2d.{label}"
        r.case(key, lambda x, weight, bias, o=options: F.conv_transpose2d(x, weight, bias, **o), x=normal(key + "x", *shape),
               weight=normal(key + "w", shape[1], out // options.get("groups", 1), *kernel), bias=normal(key + "b", out))


def pools(r):
    cases = {
        "maxPool2d": lambda x: F.max_pool2d(x, 2), "maxPool2d.overlapping": lambda x: F.max_pool2d(x, 3, stride=2, padding=1),
        "maxPool2d.asymmetric": lambda x: F.max_pool2d(x, (2, 3), stride=(1, 2)), "avgPool2d": lambda x: F.avg_pool2d(x, 2),
        "avgPool2d.overlapping": lambda x: F.avg_pool2d(x, 3, stride=2, padding=1),
        "adaptiveAvgPool2d.1": lambda x: F.adaptive_avg_pool2d(x, 1), "adaptiveAvgPool2d.3,2": lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
        "adaptiveMaxPool2d.1": lambda x: F.adaptive_max_pool2d(x, 1), "adaptiveMaxPool2d.3,2": lambda x: F.adaptive_max_pool2d(x, (3, 2)),
    }
    for name, function in cases.items():
        r.case(name, function, x=normal(name, 2, 3, 7, 6))
    line = {"maxPool1d": lambda x: F.max_pool1d(x, 2), "maxPool1d.overlapping": lambda x: F.max_pool1d(x, 3, stride=2, padding=1),
            "avgPool1d": lambda x: F.avg_pool1d(x, 3, stride=2, padding=1), "adaptiveAvgPool1d.4": lambda x: F.adaptive_avg_pool1d(x, 4)}
    for name, function in line.items():
        r.case(name, function, x=normal(name, 2, 3, 9))


def normalisations(r):
    affine = lambda key, n: dict(weight=normal(key + "w", n, shift=1, scale=0.3), bias=normal(key + "b", n))
    batch = lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True)
    for label, shape in {"2d": [6, 4], "3d": [3, 4, 5], "4d": [2, 3, 4, 5], "5d": [2, 3, 2, 3, 2]}.items():
        key = f"batchNorm.{label}"
        r.case(key, batch, x=normal(key, *shape, shift=0.5, scale=2), **affine(key, shape[1]))
    r.case("batchNorm.evaluation", lambda x, mean, variance, weight, bias: F.batch_norm(x, mean.detach(), variance.detach(), weight, bias),
           x=normal("bne", 3, 4, 5), mean=normal("bne.m", 4), variance=normal("bne.v", 4).square() + 0.5, **affine("bne", 4))
    r.case("layerNorm", lambda x, weight, bias: F.layer_norm(x, [5], weight, bias), x=normal("layerNorm", 2, 3, 5, shift=1), **affine("layerNorm", 5))
    r.case("layerNorm.wide", lambda x, weight, bias: F.layer_norm(x, [33], weight, bias), x=normal("layerNorm.wide", 4, 33), **affine("lnw", 33))
    r.case("layerNorm.plain", lambda x: F.layer_norm(x, [3, 5]), x=normal("layerNorm.plain", 2, 3, 5))
    r.case("layerNorm.2axes", lambda x, weight, bias: F.layer_norm(x, [3, 5], weight, bias), x=normal("ln2", 2, 3, 5),
           weight=normal("ln2.w", 3, 5), bias=normal("ln2.b", 3, 5))
    r.case("rmsNorm", lambda x, weight: F.rms_norm(x, [5], weight, 1e-6), x=normal("rmsNorm", 2, 3, 5, shift=1),
           weight=normal("rmsNorm.w", 5, shift=1, scale=0.3))
    r.case("rmsNorm.wide", lambda x, weight: F.rms_norm(x, [33], weight), x=normal("rmsNorm.wide", 4, 33),
           weight=normal("rmsNorm.wide.w", 33))
    r.case("rmsNorm.plain", lambda x: F.rms_norm(x, [3, 5]), x=normal("rmsNorm.plain", 2, 3, 5))
    r.case("groupNorm.2", lambda x, weight, bias: F.group_norm(x, 2, weight, bias), x=normal("gn2", 2, 6, 3, 4), **affine("gn2", 6))
    r.case("groupNorm.3.of2d", lambda x, weight, bias: F.group_norm(x, 3, weight, bias), x=normal("gn3", 4, 6), **affine("gn3", 6))
    r.case("instanceNorm", lambda x: F.instance_norm(x), x=normal("instanceNorm", 2, 3, 4, 5))
    r.case("instanceNorm.affine", lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias), x=normal("ina", 2, 3, 4, 5), **affine("ina", 3))


def attention(r):
    inputs = lambda key, t=5, s=5, d=4: dict(q=normal(key + "q", 2, 3, t, d), k=normal(key + "k", 2, 3, s, d), v=normal(key + "v", 2, 3, s, d))
    sdpa = F.scaled_dot_product_attention
    r.case("attention", lambda q, k, v: sdpa(q, k, v), **inputs("attention"))
    r.case("attention.causal", lambda q, k, v: sdpa(q, k, v, is_causal=True), **inputs("attention.causal"))
    r.case("attention.scale", lambda q, k, v: sdpa(q, k, v, scale=0.3), **inputs("attention.scale"))
    r.case("attention.cross", lambda q, k, v: sdpa(q, k, v), **inputs("attention.cross", t=3, s=7))
    mask = torch.rand(2, 1, 5, 5, generator=torch.Generator().manual_seed(1)) > 0.4
    mask[..., 0] = True  # no row without a key: PyTorch gives NaN there
    r.case("attention.mask", lambda q, k, v, mask: sdpa(q, k, v, attn_mask=mask), **inputs("attention.mask"), mask=mask)
    r.case("attention.bias", lambda q, k, v, bias: sdpa(q, k, v, attn_mask=bias), **inputs("attention.bias"), bias=normal("attention.biasb", 5, 5))


def recurrent(r):
    """Records `name/<parameter>` and `name/d<parameter>` under PyTorch's parameter names; batch first."""
    for kind, cls in {"lstm": nn.LSTM, "gru": nn.GRU}.items():
        for label, options in {"1": {}, "2": dict(num_layers=2), "bidirectional": dict(num_layers=2, bidirectional=True),
                               "unbiased": dict(bias=False)}.items():
            name = f"{kind}.{label}"
            net = cls(3, 4, batch_first=True, **options).double()
            layers = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
            inputs = dict(x=normal(name + "x", 2, 5, 3), h0=normal(name + "h", layers, 2, 4))
            if kind == "lstm":
                inputs["c0"] = normal(name + "c", layers, 2, 4)
            inputs |= {key: normal(name + key, *p.shape, scale=0.5) for key, p in net.named_parameters()}

            def run(x, h0, c0=None, net=net, **parameters):
                state = h0 if c0 is None else (h0, c0)
                y, last = torch.func.functional_call(net, parameters, (x, state))
                return (y, last) if c0 is None else (y, *last)

            keys = list(inputs)
            r.case(name, lambda *values, keys=keys, run=run: run(**dict(zip(keys, values))), **inputs)


def build():
    r = Record()
    for part in (convolutions, pools, normalisations, attention, recurrent):
        part(r)
    return r.tensors
