# SPDX-License-Identifier: Apache-2.0
# Elementwise operations, reductions, shaping, indexing and matrix products: values and gradients.

import torch
import torch.nn.functional as F

from .record import Record, integers, normal, uniform


def elementwise(r):
    unary = {
        "exp": torch.exp, "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
        "relu": torch.relu, "abs": torch.abs, "sign": torch.sign, "neg": torch.neg, "square": torch.square,
        "gelu": F.gelu, "silu": F.silu, "softplus": F.softplus, "erf": torch.erf, "leakyRelu": F.leaky_relu,
        "leakyRelu.slope": lambda x: F.leaky_relu(x, 0.2), "clamp": lambda x: x.clamp(-0.5, 0.7),
        "clamp.min": lambda x: x.clamp(min=0.1), "pow.cube": lambda x: x.pow(3.0),
        "gelu.tanh": lambda x: F.gelu(x, approximate="tanh"), "relu6": lambda x: F.relu6(4 * x),
        "hardsigmoid": lambda x: F.hardsigmoid(3 * x), "hardswish": lambda x: F.hardswish(3 * x), "expm1": torch.expm1,
    }
    for name, function in unary.items():
        r.case(name, function, x=normal(name, 3, 5, scale=1.5))
    positive = {
        "log": torch.log, "log2": torch.log2, "log1p": torch.log1p, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
        "reciprocal": torch.reciprocal, "pow.half": lambda x: x.pow(0.5), "pow.float": lambda x: x.pow(-1.7),
    }
    for name, function in positive.items():
        r.case(name, function, x=uniform(name, 3, 5, low=0.1, high=4))
    # Far from zero, where a careless formula overflows or loses its digits.
    far = torch.tensor([-100.0, -30, -20, -10, -5, -1e-3, 0, 1e-3, 5, 10, 20, 30, 80])
    for name in ["exp", "tanh", "sigmoid", "gelu", "silu", "softplus", "erf", "gelu.tanh", "hardsigmoid", "hardswish",
                 "relu6"]:
        r.case(f"{name}.far", unary[name], x=far)
    r.case("log1p.small", torch.log1p, x=torch.tensor([1e-8, -1e-8, 1e-5, -1e-5, 0.0]))

    binary = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "maximum": torch.maximum,
              "minimum": torch.minimum}
    shapes = {"same": ([3, 4], [3, 4]), "row": ([3, 4], [4]), "column": ([3, 4], [3, 1]), "both": ([3, 1], [1, 4]),
              "scalar": ([3, 4], []), "deep": ([2, 1, 3, 1], [4, 1, 5])}
    for name, function in binary.items():
        for kind, (a, b) in shapes.items():
            key = f"{name}.{kind}"
            second = normal(key + "b", *b)
            if name == "div":
                second = second.sign() * (second.abs() + 0.5)
            r.case(key, function, a=normal(key + "a", *a), b=second)
        # The first operand is the transpose of what is stored: a non-contiguous view.
        key = f"{name}.transposed"
        second = normal(key + "b", 4, 3)
        if name == "div":
            second = second.sign() * (second.abs() + 0.5)
        r.case(key, lambda a, b, f=function: f(a.transpose(0, 1), b), a=normal(key + "a", 3, 4), b=second)
    r.case("pow.tensor", torch.pow, a=uniform("pow.tensor.a", 3, 4, low=0.2, high=3), b=normal("pow.tensor.b", 4))
    comparisons = {"eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge}
    for name, function in comparisons.items():
        r.case(name, function, a=integers(name + "a", 3, 4, 5).float(), b=integers(name + "b", 3, 5).float())
    r.case("where", torch.where, condition=normal("where.c", 3, 4) > 0, a=normal("where.a", 3, 1), b=normal("where.b", 4))
    special = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, 1.0])
    r.case("isNaN", torch.isnan, x=special)
    r.case("isFinite", torch.isfinite, x=special)


def reductions(r):
    axes = {"all": None, "0": 0, "1": 1, "-1": -1, "0,2": (0, 2), "-2,-1": (-2, -1)}
    functions = {"sum": torch.sum, "mean": torch.mean, "logSumExp": torch.logsumexp}
    for name, function in functions.items():
        for label, axis in axes.items():
            key = f"{name}.{label}"
            dims = (0, 1, 2) if axis is None else axis
            r.case(key, lambda x, f=function, d=dims: f(x, dim=d), x=normal(key, 2, 3, 5))
        key = f"{name}.-1.keep"
        r.case(key, lambda x, f=function: f(x, dim=-1, keepdim=True), x=normal(key, 2, 3, 5))
        key = f"{name}.1.transposed"
        r.case(key, lambda x, f=function: f(x.transpose(0, 2), dim=1), x=normal(key, 2, 3, 5))
    for name, function in {"variance": torch.var, "standardDeviation": torch.std}.items():
        for label, axis in axes.items():
            dims = (0, 1, 2) if axis is None else axis
            for correction in [0, 1]:
                key = f"{name}.{label}.correction{correction}"
                r.case(key, lambda x, f=function, d=dims, c=correction: f(x, dim=d, correction=c), x=normal(key, 2, 3, 5))
    for name, function in {"max": torch.amax, "min": torch.amin}.items():
        for label, axis in axes.items():
            dims = (0, 1, 2) if axis is None else axis
            r.case(f"{name}.{label}", lambda x, f=function, d=dims: f(x, dim=d), x=normal(f"{name}.{label}", 2, 3, 5))
    for name, function in {"argmax": torch.argmax, "argmin": torch.argmin}.items():
        for label in ["all", "0", "1", "-1"]:
            r.case(f"{name}.{label}", lambda x, f=function, d=axes[label]: f(x, dim=d), x=normal(f"{name}.{label}", 2, 3, 5))
    for order in [1, 2, 3]:
        r.case(f"norm.{order}", lambda x, p=order: torch.linalg.vector_norm(x, p), x=normal(f"norm.{order}", 3, 5))
        r.case(f"norm.{order}.-1", lambda x, p=order: torch.linalg.vector_norm(x, p, dim=-1), x=normal(f"norm.{order}.-1", 3, 5))
    r.case("norm.infinity", lambda x: torch.linalg.vector_norm(x, float("inf")), x=normal("norm.infinity", 3, 5))
    flags = integers("flags", 2, 3, 4).bool()
    r.case("any.all", torch.any, x=flags)
    r.case("any.1", lambda x: torch.any(x, dim=1), x=flags)
    r.case("all.all", torch.all, x=flags)
    r.case("all.0", lambda x: torch.all(x, dim=0), x=flags)
    for axis in [0, -1]:
        r.case(f"topK.{axis}", lambda x, d=axis: tuple(torch.topk(x, 2, dim=d)), x=normal(f"topK.{axis}", 4, 5))
        r.case(f"sort.{axis}", lambda x, d=axis: tuple(torch.sort(x, dim=d)), x=normal(f"sort.{axis}", 4, 5))
        key = f"sort.{axis}.descending"
        r.case(key, lambda x, d=axis: tuple(torch.sort(x, dim=d, descending=True)), x=normal(key, 4, 5))
        r.case(f"cumsum.{axis}", lambda x, d=axis: torch.cumsum(x, dim=d), x=normal(f"cumsum.{axis}", 4, 5))
        r.case(f"softmax.{axis}", lambda x, d=axis: torch.softmax(x, dim=d), x=normal(f"softmax.{axis}", 3, 7, scale=3))
        r.case(f"logSoftmax.{axis}", lambda x, d=axis: torch.log_softmax(x, dim=d), x=normal(f"logSoftmax.{axis}", 3, 7, scale=3))
    r.case("softmax.1.of3", lambda x: torch.softmax(x, dim=1), x=normal("softmax.1.of3", 2, 5, 3))
    r.case("logSoftmax.large", lambda x: torch.log_softmax(x, dim=-1), x=torch.tensor([[1000.0, 0, -1000], [88, 89, 90]]))


def products(r):
    shapes = {"2d": ([3, 4], [4, 5]), "vector.vector": ([4], [4]), "matrix.vector": ([3, 4], [4]),
              "vector.matrix": ([4], [4, 5]), "batched": ([2, 3, 4], [2, 4, 5]), "batched.shared": ([2, 3, 4], [4, 5]),
              "batched.broadcast": ([2, 1, 3, 4], [5, 4, 2]), "batched.vector": ([2, 3, 4], [4]),
              "odd": ([17, 33], [33, 9])}
    for label, (a, b) in shapes.items():
        key = f"matmul.{label}"
        r.case(key, torch.matmul, a=normal(key + "a", *a), b=normal(key + "b", *b))
    r.case("matmul.transposed.left", lambda a, b: a.transpose(0, 1) @ b, a=normal("mtl.a", 4, 3), b=normal("mtl.b", 4, 5))
    r.case("matmul.transposed.right", lambda a, b: a @ b.transpose(0, 1), a=normal("mtr.a", 3, 4), b=normal("mtr.b", 5, 4))
    r.case("matmul.transposed.batched", lambda a, b: a @ b.transpose(-1, -2), a=normal("mtb.a", 2, 3, 4), b=normal("mtb.b", 2, 5, 4))
    r.case("linear", F.linear, x=normal("linear.x", 3, 4), weight=normal("linear.w", 5, 4), bias=normal("linear.b", 5))
    r.case("linear.deep", F.linear, x=normal("lin3.x", 2, 3, 4), weight=normal("lin3.w", 5, 4), bias=normal("lin3.b", 5))
    r.case("linear.plain", F.linear, x=normal("linp.x", 3, 4), weight=normal("linp.w", 5, 4))


def shaping(r):
    x = lambda name, *shape: normal(f"shaping.{name}", *(shape or (2, 3, 4)))
    cases = {
        "reshape": lambda x: x.reshape(4, -1), "transpose": lambda x: x.transpose(0, 2),
        "transpose.negative": lambda x: x.transpose(-1, -2), "permute": lambda x: x.permute(2, 0, 1),
        "permute.reshape": lambda x: x.permute(2, 0, 1).reshape(4, 6), "flatten": lambda x: x.flatten(1),
        "unsqueeze": lambda x: x.unsqueeze(-2), "slice": lambda x: x[1, 0:2, ::2], "slice.stride": lambda x: x[:, 1:, 1::2],
        "slice.last": lambda x: x[..., -1], "slice.negative": lambda x: x[:, -2:, :-1],
        "pad": lambda x: F.pad(x, (1, 2, 0, 1), value=0.5), "pad.crop": lambda x: F.pad(x, (-1, 1)),
        "pad.reflect": lambda x: F.pad(x, (2, 1), mode="reflect"), "pad.replicate": lambda x: F.pad(x, (2, 1), mode="replicate"),
        "roll": lambda x: torch.roll(x, 2, dims=-1), "roll.negative": lambda x: torch.roll(x, -1, dims=1),
        "flip": lambda x: torch.flip(x, dims=(0, -1)), "tril": lambda x: torch.tril(x), "triu": lambda x: torch.triu(x),
        "tril.1": lambda x: torch.tril(x, 1), "triu.-1": lambda x: torch.triu(x, -1),
        "split": lambda x: torch.split(x, [1, 3], dim=-1), "chunk": lambda x: torch.chunk(x, 3, dim=1),
        "chunk.uneven": lambda x: torch.chunk(x, 3, dim=-1),
    }
    for name, function in cases.items():
        r.case(name, function, x=x(name))
    r.case("squeeze", lambda x: x.squeeze(1), x=x("squeeze", 3, 1, 4))
    r.case("expand", lambda x: x.expand(2, 3, 4), x=x("expand", 3, 1))
    r.case("concat.0", lambda a, b: torch.cat([a, b], 0), a=x("cat.a", 1, 3), b=x("cat.b", 2, 3))
    r.case("concat.-1", lambda a, b: torch.cat([a, b], -1), a=x("cat1.a", 2, 3), b=x("cat1.b", 2, 2))
    r.case("stack.0", lambda a, b: torch.stack([a, b], 0), a=x("stack.a", 2, 3), b=x("stack.b", 2, 3))
    r.case("stack.-1", lambda a, b: torch.stack([a, b], -1), a=x("stack1.a", 2, 3), b=x("stack1.b", 2, 3))
    r.case("gather.1", lambda x, index: x.gather(1, index), x=x("gather", 3, 4), index=integers("gather.i", 4, 3, 2))
    r.case("gather.0", lambda x, index: x.gather(0, index), x=x("gather0", 3, 4), index=integers("gather0.i", 3, 5, 4))
    r.case("indexSelect.0", lambda x, index: x.index_select(0, index), x=x("is0", 4, 3), index=torch.tensor([3, 0, 0, 2, 3]))
    r.case("indexSelect.-1", lambda x, index: x.index_select(-1, index), x=x("is1", 2, 3, 4), index=torch.tensor([1, 1, 3]))
    r.case("scatterAdd.0", lambda x, index, source: x.scatter_add(0, index, source), x=x("sa0", 3, 4),
           index=integers("sa0.i", 3, 5, 4), source=x("sa0.s", 5, 4))
    r.case("scatterAdd.1", lambda x, index, source: x.scatter_add(1, index, source), x=x("sa1", 3, 4),
           index=integers("sa1.i", 4, 3, 6), source=x("sa1.s", 3, 6))
    r.case("select.mask", lambda x, mask: x[mask], x=x("mask", 3, 4), mask=normal("mask.m", 3, 4) > 0)
    r.case("oneHot", lambda x: F.one_hot(x, 5), x=integers("oneHot", 5, 2, 3))
    r.case("embedding", F.embedding, indices=integers("embedding.i", 6, 2, 4), weight=x("embedding", 6, 3))
    r.case("embedding.padding", lambda indices, weight: F.embedding(indices, weight, padding_idx=1),
           indices=torch.tensor([[1, 0, 5], [2, 1, 1]]), weight=x("embedding.p", 6, 3))


def build():
    r = Record()
    for part in (elementwise, reductions, products, shaping):
        part(r)
    return r.tensors
