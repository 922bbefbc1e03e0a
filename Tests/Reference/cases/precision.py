# SPDX-License-Identifier: Apache-2.0
# What PyTorch's autocast and gradient scaler make of a small classifier: losses, skipped steps, weights.

import torch

SHAPES = [(8, 6), (8,), (3, 8), (3,)]


def numbers(shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator) * 2 - 1


def run(dtype, scale):
    x = numbers((16, 6), 1)
    y = torch.arange(16) % 3
    weights = [numbers(shape, 10 + i) * 0.5 for i, shape in enumerate(SHAPES)]
    start = [w.flatten().tolist() for w in weights]
    for w in weights:
        w.requires_grad_(True)
    optimizer = torch.optim.SGD(weights, lr=0.1, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=4, enabled=scale > 1)
    losses, scales = [], []
    for _ in range(24):
        with torch.autocast("cpu", dtype=dtype):
            hidden = torch.nn.functional.linear(x, weights[0], weights[1]).relu()
            output = torch.nn.functional.linear(hidden, weights[2], weights[3])
        loss = torch.nn.functional.cross_entropy(output.float(), y)
        losses.append(loss.item())
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        scales.append(scaler.get_scale())
    return {"x": x.flatten().tolist(), "start": start, "losses": losses, "scales": scales,
            "end": [w.detach().flatten().tolist() for w in weights]}


def build():
    return {"bfloat16": run(torch.bfloat16, 1), "half": run(torch.float16, 2.0**22)}
