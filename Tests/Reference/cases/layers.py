# SPDX-License-Identifier: Apache-2.0
# Layers as modules: PyTorch's state-dict names, training and evaluation mode, gradients of every parameter.

import torch
import torch.nn as nn
from fastai import layers as fastai

from .record import Record, integers, normal
from .tabm import LinearBatchEnsemble, LinearEnsemble


def layer(r, name, net, *inputs, evaluate=True):
    """Records `name/x…`, `name/state/<key>`, `name/y`, `name/dy`, `name/dx`, `name/grad/<key>`, and, when the layer has
    buffers, `name/after/<key>` (after one forward pass in training mode) and `name/evaluated` (the result after that)."""
    net = net.double().train()
    with torch.no_grad():
        for key, p in net.named_parameters():
            p.copy_(normal(f"{name}/{key}", *p.shape, scale=0.5).double())
    for key, value in net.state_dict().items():
        r.put(f"{name}/state/{key}", value)
    wide = []
    for position, x in enumerate(inputs):
        suffix = str(position) if position else ""
        r.put(f"{name}/x{suffix}", x)
        wide.append(x.double().requires_grad_() if x.is_floating_point() else x)
    y = net(*wide)
    y = y[0] if isinstance(y, tuple) else y
    dy = normal(f"{name}/dy", *y.shape)
    r.put(f"{name}/y", y)
    r.put(f"{name}/dy", dy)
    y.backward(dy.double())
    for position, x in enumerate(wide):
        if x.is_floating_point():
            r.put(f"{name}/dx{position or ''}", x.grad)
    for key, p in net.named_parameters():
        r.put(f"{name}/grad/{key}", p.grad)
    buffers = dict(net.named_buffers())
    for key, value in buffers.items():
        r.put(f"{name}/after/{key}", value)
    if buffers and evaluate:
        r.put(f"{name}/evaluated", net.eval()(*wide))


class LayerNorm2d(nn.LayerNorm):
    """timm's: over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class AdaptiveConcatPool2d(nn.Module):
    """fastai's."""

    def __init__(self, size=1):
        super().__init__()
        self.ap, self.mp = nn.AdaptiveAvgPool2d(size), nn.AdaptiveMaxPool2d(size)

    def forward(self, x):
        return torch.cat([self.mp(x), self.ap(x)], 1)


class DotBias(nn.Module):
    """fastai's EmbeddingDotBias."""

    def __init__(self, factors, users, items, low, high):
        super().__init__()
        self.u_weight, self.i_weight = nn.Embedding(users, factors), nn.Embedding(items, factors)
        self.u_bias, self.i_bias = nn.Embedding(users, 1), nn.Embedding(items, 1)
        self.low, self.high = low, high

    def forward(self, x):
        user, item = x[:, 0], x[:, 1]
        y = (self.u_weight(user) * self.i_weight(item)).sum(1) + self.u_bias(user).squeeze(1) + self.i_bias(item).squeeze(1)
        return torch.sigmoid(y) * (self.high - self.low) + self.low


class SelfAttention(nn.Module):
    """MultiheadAttention under the name `attention`, with query = key = value."""

    def __init__(self, causal=False, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **options)
        self.causal = causal

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype) if self.causal else None
        return self.attention(x, x, x, attn_mask=mask, need_weights=False)[0]


def build():
    r = Record()
    image = normal("image", 2, 3, 5, 4)
    layer(r, "Linear", nn.Linear(4, 3), normal("linear", 2, 4))
    layer(r, "Linear.unbiased", nn.Linear(4, 3, bias=False), normal("linear", 2, 4))
    layer(r, "Conv1d", nn.Conv1d(3, 4, 3, padding=1), normal("conv1d", 2, 3, 7))
    layer(r, "Conv2d", nn.Conv2d(3, 4, 3, stride=2, padding=1), image)
    layer(r, "Conv2d.grouped", nn.Conv2d(4, 6, 3, groups=2, bias=False), normal("conv2d.g", 2, 4, 5, 4))
    layer(r, "ConvTranspose2d", nn.ConvTranspose2d(3, 2, 3, stride=2, output_padding=1), normal("ct", 2, 3, 3, 2))
    layer(r, "BatchNorm1d", nn.BatchNorm1d(4), normal("bn1", 5, 4, shift=1))
    layer(r, "BatchNorm1d.sequence", nn.BatchNorm1d(4, momentum=0.3, eps=1e-3), normal("bn1s", 3, 4, 5))
    layer(r, "BatchNorm2d", nn.BatchNorm2d(3), image)
    layer(r, "BatchNorm2d.plain", nn.BatchNorm2d(3, affine=False), image)
    layer(r, "BatchNorm2d.cumulative", nn.BatchNorm2d(3, momentum=None), image)
    layer(r, "BatchNorm3d", nn.BatchNorm3d(3), normal("bn3", 2, 3, 2, 3, 2))
    layer(r, "LayerNorm", nn.LayerNorm(5), normal("ln", 2, 3, 5))
    layer(r, "LayerNorm.2axes", nn.LayerNorm([3, 5]), normal("ln", 2, 3, 5))
    layer(r, "BatchNorm2d.unbiased", nn.BatchNorm2d(3, bias=False), image)
    layer(r, "GroupNorm.unbiased", nn.GroupNorm(3, 6, bias=False), normal("gn", 2, 6, 3, 2))
    layer(r, "InstanceNorm2d.unbiased", nn.InstanceNorm2d(3, affine=True, bias=False), image)
    layer(r, "LayerNorm.unbiased", nn.LayerNorm(5, bias=False), normal("ln", 2, 3, 5))
    layer(r, "LayerNorm2d", LayerNorm2d(3, eps=1e-6), image)
    layer(r, "RMSNorm", nn.RMSNorm(5, eps=1e-6), normal("ln", 2, 3, 5))
    layer(r, "AdaptiveConcatPool2d", AdaptiveConcatPool2d(), image)
    layer(r, "AdaptiveConcatPool2d.2", AdaptiveConcatPool2d((2, 3)), image)
    layer(r, "GELU.tanh", nn.GELU("tanh"), normal("gelu.tanh", 3, 5))
    layer(r, "ReLU6", nn.ReLU6(), normal("relu6", 3, 5, scale=4))
    layer(r, "Hardswish", nn.Hardswish(), normal("hardswish", 3, 5, scale=3))
    layer(r, "Hardsigmoid", nn.Hardsigmoid(), normal("hardsigmoid", 3, 5, scale=3))
    layer(r, "MaxPool1d.ceil", nn.MaxPool1d(3, 2, 1, ceil_mode=True), normal("pool1d", 2, 3, 8))
    layer(r, "AvgPool1d.ceil", nn.AvgPool1d(3, 2, 1, ceil_mode=True, count_include_pad=False), normal("pool1d", 2, 3, 8))
    layer(r, "MaxPool2d.ceil", nn.MaxPool2d(3, 2, ceil_mode=True), image)
    layer(r, "ConvTranspose1d", nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1, groups=2), normal("ct1", 2, 4, 5))
    layer(r, "Conv3d", nn.Conv3d(4, 6, (1, 3, 2), stride=(2, 1, 1), padding=(0, 1, 0), groups=2), normal("conv3d", 2, 4, 3, 4, 3))
    layer(r, "Upsample", nn.Upsample(scale_factor=1.5, mode="bilinear"), image)
    layer(r, "PixelShuffle", nn.PixelShuffle(2), normal("ps", 2, 8, 2, 3))
    layer(r, "GLU", nn.GLU(1), normal("glu", 2, 4, 3))
    layer(r, "ConvLayer", fastai.ConvLayer(3, 4, stride=2), image)
    layer(r, "ConvLayer.last", fastai.ConvLayer(3, 4, ks=1, norm_type=None, act_cls=None), image)
    layer(r, "ConvLayer.transposed", fastai.ConvLayer(3, 4, 2, 2, transpose=True, bn_1st=False), image)
    layer(r, "LinBnDrop", fastai.LinBnDrop(5, 3, act=nn.ReLU()), normal("lbd", 6, 5))
    layer(r, "LinBnDrop.linearFirst", fastai.LinBnDrop(5, 3, act=nn.ReLU(), lin_first=True), normal("lbd", 6, 5))
    layer(r, "SimpleCNN", fastai.SimpleCNN([3, 4, 5]), normal("cnn", 2, 3, 9, 8))
    layer(r, "SigmoidRange", fastai.SigmoidRange(-1, 2.5), normal("range", 3, 4))
    layer(r, "EmbeddingDotBias", DotBias(3, 6, 4, 0, 5.5), torch.stack([integers("dot.u", 6, 5), integers("dot.i", 4, 5)], 1))
    layer(r, "GroupNorm", nn.GroupNorm(3, 6), normal("gn", 2, 6, 3, 2))
    layer(r, "InstanceNorm2d", nn.InstanceNorm2d(3), image)
    layer(r, "InstanceNorm2d.affine", nn.InstanceNorm2d(3, affine=True, track_running_stats=True), image)
    layer(r, "Embedding", nn.Embedding(6, 3), integers("emb", 6, 2, 4))
    layer(r, "Embedding.padding", nn.Embedding(6, 3, padding_idx=2), torch.tensor([[0, 2, 5], [2, 3, 3]]))
    layer(r, "LSTM", nn.LSTM(3, 4, num_layers=2, batch_first=True), normal("rnn", 2, 5, 3))
    layer(r, "LSTM.bidirectional", nn.LSTM(3, 4, bidirectional=True, batch_first=True), normal("rnn", 2, 5, 3))
    layer(r, "GRU", nn.GRU(3, 4, num_layers=2, batch_first=True), normal("rnn", 2, 5, 3))
    layer(r, "GRU.bidirectional", nn.GRU(3, 4, bidirectional=True, batch_first=True), normal("rnn", 2, 5, 3))
    layer(r, "LinearBatchEnsemble", LinearBatchEnsemble(3, 7, 4), normal("lbe", 5, 4, 3))
    layer(r, "LinearBatchEnsemble.row", LinearBatchEnsemble(3, 7, 4), normal("lbe.row", 5, 3))
    layer(r, "LinearEnsemble", LinearEnsemble(3, 2, 4), normal("le", 5, 4, 3))
    layer(r, "MultiheadAttention", SelfAttention(), normal("mha", 2, 5, 8))
    layer(r, "MultiheadAttention.causal", SelfAttention(causal=True), normal("mha", 2, 5, 8))
    layer(r, "Sequential", nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)), normal("seq", 6, 4))
    return r.tensors
