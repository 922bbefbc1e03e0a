# SPDX-License-Identifier: Apache-2.0
# Collects named tensors: inputs, result, cotangent and gradients of one function, computed in float64, kept in float32.

import zlib

import numpy as np
import torch


def generator(name):
    """Seeded by the name alone, so that a new case changes no old one."""
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def normal(name, *shape, scale=1.0, shift=0.0):
    """Standard normal float32 numbers; the computation widens them, so its input is exactly what the file says."""
    return torch.randn(shape, generator=generator(name)) * scale + shift


def uniform(name, *shape, low=0.0, high=1.0):
    return torch.rand(shape, generator=generator(name)) * (high - low) + low


def integers(name, high, *shape, low=0):
    return torch.randint(low, high, shape, generator=generator(name))


def to_array(tensor):
    tensor = tensor.detach()
    if tensor.dtype == torch.float64:
        tensor = tensor.to(torch.float32)
    return np.ascontiguousarray(tensor.numpy())


class Record:
    """An ordered dictionary of arrays that refuses to overwrite."""

    def __init__(self):
        self.tensors = {}

    def put(self, key, tensor):
        assert key not in self.tensors, key
        self.tensors[key] = to_array(torch.as_tensor(tensor))

    def case(self, name, function, **inputs):
        """Records `name/<input>`, `name/y`, `name/dy` and `name/d<input>` for each floating input.

        A function that returns several results gives `y0`, `y1`, …; integer and boolean results have no `dy`.
        """
        wide = {}
        for key, value in inputs.items():
            self.put(f"{name}/{key}", value)
            wide[key] = value.double().requires_grad_() if value.is_floating_point() else value
        results = function(*wide.values())
        single = not isinstance(results, tuple)
        results = (results,) if single else results
        total = 0
        for position, y in enumerate(results):
            suffix = "" if single else str(position)
            self.put(f"{name}/y{suffix}", y)
            if y.is_floating_point() and y.requires_grad:
                dy = normal(f"{name}/dy{suffix}", *y.shape)
                self.put(f"{name}/dy{suffix}", dy)
                total = total + (y * dy.double()).sum()
        if not isinstance(total, int):
            total.backward()
            for key, value in wide.items():
                if value.is_floating_point() and value.grad is not None:
                    self.put(f"{name}/d{key}", value.grad)
