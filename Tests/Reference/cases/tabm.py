# SPDX-License-Identifier: Apache-2.0
# Ensembles in one network (arXiv 2410.24210), written from the paper's formulas one member at a time: outputs, losses, gradients.

import torch
import torch.nn as nn
import torch.nn.functional as F

from .record import Record, integers, normal


class LinearBatchEnsemble(nn.Module):
    """BatchEnsemble, eq. 5: each member has a weight of its own, `weight · outer(s, r)`, and an offset."""

    def __init__(self, inputs, outputs, members):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.r = nn.Parameter(torch.zeros(members, inputs))
        self.s = nn.Parameter(torch.zeros(members, outputs))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, x):
        one = [x if x.dim() == 2 else x[:, i] for i in range(len(self.r))]
        return torch.stack([
            F.linear(one[i], self.weight * torch.outer(self.s[i], self.r[i]), self.bias[i]) for i in range(len(self.r))], 1)


class LinearEnsemble(nn.Module):
    """A linear map for each member."""

    def __init__(self, inputs, outputs, members):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, outputs))

    def forward(self, x):
        return torch.stack([x[:, i] @ self.weight[i] + self.bias[i] for i in range(len(self.bias))], 1)


class TabM(nn.Module):
    def __init__(self, tables, continuous, outputs, layers, members, ends=lambda y: y):
        super().__init__()
        self.embeds = nn.ModuleList(nn.Embedding(*table) for table in tables)
        width = continuous + sum(size for _, size in tables)
        self.blocks = nn.ModuleList()
        for size in layers:
            self.blocks.append(nn.Sequential(LinearBatchEnsemble(width, size, members), nn.ReLU()))
            width = size
        self.output = LinearEnsemble(width, outputs, members)
        self.ends = ends

    def forward(self, categories, numbers):
        x = torch.cat([table(categories[:, i]) for i, table in enumerate(self.embeds)] + [numbers], 1)
        for block in self.blocks:
            x = block(x)
        return self.ends(self.output(x))


def model(r, name, net, loss, target, average):
    """`name/categories`, `name/numbers`, `name/target`, `name/state/<key>`; the `members`, their mean `loss` with `name/grad/<key>`,
    and the `prediction`."""
    net = net.double()
    with torch.no_grad():
        for key, p in net.named_parameters():
            p.copy_(normal(f"{name}/{key}", *p.shape, scale=0.5).double())
    for key, value in net.state_dict().items():
        r.put(f"{name}/state/{key}", value)
    categories = torch.stack([integers(f"{name}/a", 3, 5), integers(f"{name}/b", 9, 5)], 1)
    numbers = normal(f"{name}/numbers", 5, 3)
    members = net(categories, numbers.double())
    losses = torch.stack([loss(members[:, i], target) for i in range(members.shape[1])])
    losses.mean().backward()
    for key, value in {"categories": categories, "numbers": numbers, "target": target, "members": members,
                       "loss": losses.mean(), "prediction": average(members)}.items():
        r.put(f"{name}/{key}", value)
    for key, p in net.named_parameters():
        r.put(f"{name}/grad/{key}", p.grad)


def build():
    r = Record()

    def net(outputs, ends=lambda y: y):
        return TabM([(3, 2), (9, 4)], 3, outputs, [7, 6], 4, ends)

    def log_mean(members):
        return members.softmax(-1).mean(1).log()

    weight = torch.tensor([1.0, 2.0, 3.0]).double()
    target = torch.tensor([0, 2, 1, 1, 2])
    model(r, "TabM.classes", net(3), F.cross_entropy, target, log_mean)
    model(r, "TabM.weighted", net(3), lambda x, y: F.cross_entropy(x, y, weight), target, log_mean)
    scaled = net(1, lambda y: y * 7.5 + 120)
    model(r, "TabM.numbers", scaled, F.mse_loss, normal("tabm.y", 5, 1, scale=7, shift=120).double(), lambda y: y.mean(1))
    counts = net(1, lambda y: y.sigmoid() * 9)
    model(r, "TabM.counts", counts, lambda x, y: F.poisson_nll_loss(x, y, log_input=False),
          integers("tabm.counts", 8, 5, 1).double(), lambda y: y.mean(1))
    return r.tensors
