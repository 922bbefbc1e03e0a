# SPDX-License-Identifier: Apache-2.0
# What transformers and image models are made of besides: repeating, resampling, writing by index, einsum and so on.

import torch
import torch.nn.functional as F

from .record import Record, integers, normal, uniform


def repeating(r):
    x = lambda name, *shape: normal(f"operations.{name}", *(shape or (2, 3, 4)))
    cases = {
        "repeatInterleaved": lambda x: x.repeat_interleave(3, dim=1), "repeatInterleaved.flat": lambda x: x.repeat_interleave(2),
        "repeated": lambda x: x.repeat(2, 1, 3), "repeated.deeper": lambda x: x.repeat(2, 3, 1, 2),
        "tiled": lambda x: torch.tile(x, (2, 3)), "unbind": lambda x: torch.unbind(x, 1),
        "glu": lambda x: F.glu(x, -1), "normalized": lambda x: F.normalize(x), "normalized.1": lambda x: F.normalize(x, p=1, dim=-1),
        "windows": lambda x: x.unfold(2, 3, 1), "windows.strided": lambda x: x.unfold(1, 1, 2),
        "remainder.number": lambda x: torch.remainder(x, -0.7), "floorDivided.number": lambda x: x - torch.floor_divide(x.detach(), 0.3),
    }
    for name, function in cases.items():
        r.case(name, function, x=x(name))
    r.case("repeatInterleaved.counts", lambda x, counts: x.repeat_interleave(counts, dim=1), x=x("ric", 2, 3, 2),
           counts=torch.tensor([2, 0, 3]))
    for indexing in ["ij", "xy"]:
        r.case(f"meshgrid.{indexing}", lambda a, b, c, i=indexing: torch.meshgrid(a, b, c, indexing=i), a=x("mga", 2), b=x("mgb", 3),
               c=x("mgc", 2))
    divisor = normal("operations.divisor", 4)
    divisor = divisor.sign() * (divisor.abs() + 0.3)
    r.case("remainder", torch.remainder, a=x("remainder", 3, 4), b=divisor)
    r.case("floorDivided", lambda a, b: torch.floor_divide(a.detach(), b.detach()), a=normal("fd", 3, 4, scale=5), b=divisor)
    whole = integers("operations.whole", 20, 4, 5, low=-20)
    parts = torch.tensor([3, -3, 7, 1, -1])
    r.case("remainder.integers", torch.remainder, a=whole, b=parts)
    r.case("floorDivided.integers", torch.floor_divide, a=whole, b=parts)
    r.case("pixelShuffle", lambda x: F.pixel_shuffle(x, 2), x=x("ps", 2, 8, 2, 3))
    r.case("pixelUnshuffle", lambda x: F.pixel_unshuffle(x, 2), x=x("pu", 2, 3, 4, 6))
    r.case("weightNorm", lambda v, g: torch._weight_norm(v, g, 0), v=x("wn", 4, 3, 2), g=x("wng", 4, 1, 1))


def writing(r):
    x = lambda name, *shape: normal(f"operations.{name}", *shape)
    order = torch.tensor([[2, 0, 1, 2], [0, 2, 2, 1]])  # no place twice: PyTorch says nothing of what stays then
    r.case("scatter.0", lambda x, index, source: x.scatter(0, index, source), x=x("sc0", 3, 4), index=order, source=x("sc0.s", 2, 4))
    r.case("scatter.1", lambda x, index, source: x.scatter(1, index, source), x=x("sc1", 4, 3),
           index=order.T.contiguous(), source=x("sc1.s", 4, 2))
    r.case("scatter.value", lambda x, index: x.scatter(0, index, 1.5), x=x("scv", 3, 4), index=order)
    r.case("indexAdd.0", lambda x, index, source: x.index_add(0, index, source), x=x("ia0", 4, 3),
           index=torch.tensor([3, 0, 3]), source=x("ia0.s", 3, 3))
    r.case("indexAdd.1", lambda x, index, source: x.index_add(1, index, source, alpha=-0.5), x=x("ia1", 2, 4, 3),
           index=torch.tensor([1, 1, 0, 2, 1]), source=x("ia1.s", 2, 5, 3))
    mask = normal("ms.m", 3, 4) > 0
    r.case("maskedScatter", lambda x, mask, source: x.masked_scatter(mask, source), x=x("ms", 3, 4), mask=mask, source=x("ms.s", 2, 7))
    r.case("maskedScatter.row", lambda x, mask, source: x.masked_scatter(mask, source), x=x("msr", 2, 3, 4),
           mask=torch.tensor([True, False, False, True]), source=x("msr.s", 13))
    r.case("nonzero", torch.nonzero, x=integers("nz", 3, 2, 3, 4))
    rows, columns = integers("ix.r", 3, 2, 2, low=-3), integers("ix.c", 4, 2, low=-4)
    r.case("index.1", lambda x, i: x[i], x=x("ix1", 3, 4, 2), i=rows)
    r.case("index.2", lambda x, i, j: x[i, j], x=x("ix2", 3, 4, 2), i=rows, j=columns)


def resampling(r):
    sizes = {"larger": (7, 9), "smaller": (3, 2), "same": (5, 4), "one": (1, 1)}
    for mode in ["nearest", "nearest-exact", "bilinear", "bicubic", "area"]:
        for label, size in sizes.items():
            key = f"interpolated.{mode}.{label}"
            r.case(key, lambda x, s=size, m=mode: F.interpolate(x, size=s, mode=m), x=normal(key, 2, 3, 5, 4))
            if mode.startswith("bi"):
                key += ".corners"
                r.case(key, lambda x, s=size, m=mode: F.interpolate(x, size=s, mode=m, align_corners=True), x=normal(key, 2, 3, 5, 4))
        for scale in [2.0, 1.7, 0.6]:
            key = f"interpolated.{mode}.scale.{scale}"
            r.case(key, lambda x, s=scale, m=mode: F.interpolate(x, scale_factor=s, mode=m), x=normal(key, 2, 3, 5, 4))
    for mode in ["nearest", "nearest-exact", "linear", "area"]:
        for size in [9, 3]:
            key = f"interpolated.sequence.{mode}.{size}"
            r.case(key, lambda x, s=size, m=mode: F.interpolate(x, size=s, mode=m), x=normal(key, 2, 3, 5))
    for mode in ["bilinear", "nearest"]:
        for padding in ["zeros", "border", "reflection"]:
            for corners in [False, True]:
                key = f"gridSample.{mode}.{padding}.{corners}"
                r.case(key, lambda x, grid, o=dict(mode=mode, padding_mode=padding, align_corners=corners): F.grid_sample(x, grid, **o),
                       x=normal(key, 2, 3, 4, 5), grid=uniform(key + "g", 2, 3, 2, 2, low=-2.5, high=2.5))
    for label, options in {"plain": {}, "strided": dict(stride=2, padding=1), "dilated": dict(dilation=(1, 2), padding=(0, 1))}.items():
        key = f"unfolded.{label}"
        r.case(key, lambda x, o=options: F.unfold(x, (2, 3), **o), x=normal(key, 2, 3, 5, 7))
        columns = F.unfold(torch.zeros(2, 3, 5, 7), (2, 3), **options).shape
        key = f"folded.{label}"
        r.case(key, lambda x, o=options: F.fold(x, (5, 7), (2, 3), **o), x=normal(key, *columns))
    for label, options in {"plain": {}, "strided": dict(stride=2, padding=1, output_padding=1), "grouped": dict(groups=2, dilation=2)}.items():
        key = f"convTranspose1d.{label}"
        r.case(key, lambda x, weight, bias, o=options: F.conv_transpose1d(x, weight, bias, **o), x=normal(key, 2, 4, 5),
               weight=normal(key + "w", 4, 6 // options.get("groups", 1), 3), bias=normal(key + "b", 6))
    for label, options in {"plain": {}, "strided": dict(stride=(2, 1, 2), padding=1), "grouped": dict(groups=2, dilation=(1, 2, 1), padding=(0, 1, 2))}.items():
        key = f"conv3d.{label}"
        r.case(key, lambda x, weight, bias, o=options: F.conv3d(x, weight, bias, **o), x=normal(key, 2, 4, 3, 5, 4),
               weight=normal(key + "w", 6, 4 // options.get("groups", 1), 2, 3, 2), bias=normal(key + "b", 6))


def products(r):
    cases = {"matmul": ("ij,jk->ik", [3, 4], [4, 2]), "batched": ("bij,bjk->bik", [2, 3, 4], [2, 4, 2]),
             "transposed": ("bhqd,bhkd->bhqk", [2, 2, 3, 4], [2, 2, 5, 4]), "outer": ("i,j->ij", [3], [4]),
             "sum": ("ij,kl->j", [2, 3], [2, 2]), "implicit": ("ij,jk", [3, 4], [4, 2]), "inner": ("ijk,ijk->", [2, 3, 4], [2, 3, 4]),
             "ellipsis": ("...ij,...jk->...ik", [2, 1, 3, 4], [5, 4, 2]), "reordered": ("abc,cd->dba", [2, 3, 4], [4, 2]),
             "broadcast": ("ij,ij->i", [3, 1], [3, 4])}
    for label, (equation, a, b) in cases.items():
        key = f"einsum.{label}"
        r.case(key, lambda a, b, e=equation: torch.einsum(e, a, b), a=normal(key + "a", *a), b=normal(key + "b", *b))
    for label, equation in {"trace": "ii->", "diagonal": "ii->i", "transpose": "ij->ji", "sums": "ij->j"}.items():
        key = f"einsum.{label}"
        r.case(key, lambda x, e=equation: torch.einsum(e, x), x=normal(key, 3, 3))
    r.case("einsum.three", lambda a, b, c: torch.einsum("ij,jk,kl->il", a, b, c), a=normal("e3a", 2, 3), b=normal("e3b", 3, 4),
           c=normal("e3c", 4, 2))
    r.case("einsum.bilinear", lambda a, b, c: torch.einsum("bn,anm,bm->ba", a, b, c), a=normal("eba", 2, 3), b=normal("ebb", 4, 3, 5),
           c=normal("ebc", 2, 5))
    r.case("attention.grouped", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True),
           q=normal("gqa.q", 2, 6, 5, 4), k=normal("gqa.k", 2, 2, 5, 4), v=normal("gqa.v", 2, 2, 5, 4))


def build():
    r = Record()
    for part in (repeating, writing, resampling, products):
        part(r)
    return r.tensors
