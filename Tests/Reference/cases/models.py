# SPDX-License-Identifier: Apache-2.0
# State dictionaries as safetensors.torch writes them, with inputs and outputs; a file with every element type.

import torch
import torch.nn as nn

from .record import normal


def mlp():
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 12, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 10))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 8, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 11)

    def forward(self, x):
        return self.head(self.norm(self.lstm(self.embedding(x))[0]))


def build():
    """name: (state dictionary, {x, y}); models in evaluation mode, initialised as PyTorch does."""
    torch.manual_seed(7)
    images = normal("images", 5, 1, 8, 8)
    made = {"mlp": (mlp(), images.flatten(1)), "cnn": (cnn(), images),
            "recurrent": (Recurrent(), torch.randint(0, 11, (3, 7), generator=torch.Generator().manual_seed(3)))}
    files = {}
    for name, (net, x) in made.items():
        with torch.no_grad():
            net.train()(x)  # so that running statistics are not at their initial values
            files[name] = (net.state_dict(), {"x": x, "y": net.eval()(x)})
    return files


def dtypes():
    """Small tensors of every element type that the format and this package share, a scalar and an empty one."""
    values = torch.tensor([[0.0, 1, -2.5], [3.140625, 1e30, -1e-30]])
    return {
        "F32": values, "F64": values.double(), "BF16": values.bfloat16(), "F16": torch.tensor([0.5, -2, 65504]).half(),
        "I32": torch.tensor([-2**31, 0, 2**31 - 1], dtype=torch.int32), "I64": torch.tensor([-2**63, 0, 2**63 - 1]),
        "U8": torch.tensor([0, 7, 255], dtype=torch.uint8), "BOOL": torch.tensor([True, False, True]),
        "scalar": torch.tensor(42.0), "empty": torch.zeros(0, 3), "naïve name/with.dots": torch.tensor([1.0]),
    }
