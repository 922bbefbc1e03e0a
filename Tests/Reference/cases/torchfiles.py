# SPDX-License-Identifier: Apache-2.0
# Files that torch.save has written, as bytes, with the tensors that they hold; and some that hold more than tensors.

import io
import re
import warnings

import numpy as np
import torch
import torch.nn as nn

from .record import normal


class Net(nn.Module):
    """Small, with what files of networks have: a convolution, a normalisation with its counter, a head."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Linear(2, 3)


def net():
    torch.manual_seed(11)
    made = Net()
    with torch.no_grad():
        made.norm.running_mean.copy_(torch.tensor([0.25, -0.5]))
        made.norm.num_batches_tracked.fill_(7)
    return made


def types():
    return {
        "F64": torch.tensor([0.1, -2.5], dtype=torch.float64), "F32": torch.tensor([[0.5, 1e30], [-1e-30, 3.25]]),
        # Every kind of half: normal, largest, smallest, subnormal, infinite, not a number.
        "F16": torch.tensor([0.5, 65504, 2**-14, 2**-24, -3 * 2**-24, float("inf"), float("nan"), -0.0]).half(),
        "BF16": torch.tensor([1.0, -2.5]).bfloat16(), "I64": torch.tensor([-2**63, 0, 2**63 - 1]),
        "I32": torch.tensor([-2**31, 2**31 - 1], dtype=torch.int32), "I16": torch.tensor([-2**15, 2**15 - 1], dtype=torch.int16),
        "I8": torch.tensor([-128, 127], dtype=torch.int8), "U8": torch.tensor([0, 255], dtype=torch.uint8),
        "BOOL": torch.tensor([True, False]), "scalar": torch.tensor(42.0), "empty": torch.zeros(0, 3),
        "naïve name": torch.tensor([1.0]),
    }


def strided():
    """Views of one storage: reordered, cut out, every second one, and one that two names share."""
    whole = torch.arange(24.0).reshape(4, 6)
    return {
        "whole": whole, "transposed": whole.t(), "cut": whole[1:3, 2:5], "second": whole[:, ::2], "row": whole[3],
        "same": whole, "permuted": torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1), "last": whole[3, 5],
    }


def save(value, stream=False, **options):
    file = io.BytesIO()
    # Storages are called by their addresses and lie in the order of those; here in that of the pickle, so that the bytes are
    # always the same.
    torch.serialization.sorted = list
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, file, _use_new_zipfile_serialization=not stream, **options)
    del torch.serialization.sorted
    data = file.getvalue()
    if stream:
        keys = list(dict.fromkeys(re.findall(rb"(?<=[\x00-\x20])\d{14,15}(?=[q\x94])", data)))
        for number, key in enumerate(keys):
            data = data.replace(key, b"%0*d" % (len(key), number))
    return torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())


def adapted(weight, inputs):
    """timm's `adapt_input_conv` (timm/models/_manipulate.py)."""
    outputs, found, height, width = weight.shape
    if inputs == 1:
        if found > 3:
            return weight.reshape(outputs, found // 3, 3, height, width).sum(dim=2)
        return weight.sum(dim=1, keepdim=True)
    repeats = -(-inputs // 3)
    return weight.repeat(1, repeats, 1, 1)[:, :inputs] * (3 / inputs)


def build():
    files = {}

    def put(name, tensors, file):
        files[f"{name}/file"] = file
        for key, tensor in tensors.items():
            tensor = tensor.detach().contiguous().clone()
            files[f"{name}/{key}"] = tensor.long() if tensor.dtype in (torch.int8, torch.int16) else tensor

    state = net().state_dict()
    training = {
        "epoch": 90, "arch": "net", "best": 0.5, "done": True,
        "state_dict": {f"module.{key}": value for key, value in state.items()},
        "optimizer": {"state": {0: {"momentum": torch.ones(2)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.99), "params": [0]}]},
        "size": torch.Size([3, 32, 32]),
    }
    wrapped = {f"module.{key}": value for key, value in state.items()}
    for kind, stream in [("zip", False), ("stream", True)]:
        put(f"{kind}.state", state, save(state, stream))
        put(f"{kind}.training", wrapped, save(training, stream))
        put(f"{kind}.types", types(), save(types(), stream))
        put(f"{kind}.strided", strided(), save(strided(), stream))
        parameters = dict(net().named_parameters())
        put(f"{kind}.parameters", parameters, save(parameters, stream))
        put(f"{kind}.protocol4", state, save(state, stream, pickle_protocol=4))
        files[f"refused.{kind}.module/file"] = save(nn.Linear(1, 1), stream)
    torch.serialization.set_crc32_options(False)
    put("zip.unchecked", state, save(state))
    torch.serialization.set_crc32_options(True)
    put("zip.half", {key: value.half() if value.is_floating_point() else value for key, value in state.items()},
        save({key: value.half() if value.is_floating_point() else value for key, value in state.items()}))
    script = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(nn.Linear(1, 1)), script)
    files["refused.script/file"] = torch.from_numpy(np.frombuffer(script.getvalue(), dtype=np.uint8).copy())
    for name, value in {
        "set": {"a": {1}}, "numpy": {"a": np.float64(0.5)}, "complex": {"a": torch.ones(1, dtype=torch.complex64)},
        "float8": {"a": torch.ones(1).to(torch.float8_e4m3fn)}, "sparse": {"a": torch.eye(2).to_sparse()},
        "quantized": {"a": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)},
        "expanded": {"a": torch.ones(1).expand(1000)}, "dtype": {"a": torch.ones(1), "b": torch.float16},
        "device": {"a": torch.ones(1), "b": torch.device("cpu")}, "negated": {"a": torch.ones(1, dtype=torch.cfloat).conj().imag},
    }.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            files[f"refused.{name}/file"] = save(value)
    for found, inputs in [(3, 1), (3, 2), (3, 4), (3, 7), (12, 1), (2, 1)]:
        weight = normal(f"inputs.{found}.{inputs}", 2, found, 1, 2)
        files[f"inputs.{found}.{inputs}/x"] = weight
        files[f"inputs.{found}.{inputs}/y"] = adapted(weight, inputs)
    return files
