# SPDX-License-Identifier: Apache-2.0
# Networks for images from torchvision and timm with weights by a formula: outputs, and gradients of one step as sums.

import contextlib
import functools
import io
import zlib

import numpy as np
import timm
import torch
import torch.nn as nn
import torchvision

from .record import Record


def numbers(name, count):
    """`count` float32 numbers from −1 to 1 that follow from the name: MurmurHash3's finaliser of crc32(name) + index."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) + np.uint32(zlib.crc32(name.encode()))
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
        x = x ^ (x >> np.uint32(16))
    return (x.astype(np.float64) / 2**31 - 1).astype(np.float32)


def tensor(name, *shape):
    return torch.from_numpy(numbers(name, int(np.prod(shape)))).reshape(shape)


def formula(name, shape):
    """The weight called `name`: matrices as Kaiming has them, scales around 1, offsets around 0."""
    v = tensor(name, *shape)
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        return 1 + v / 5
    if last in ("running_mean", "bias"):
        return v / 10
    if len(shape) < 2 or v.numel() == shape[0]:
        return 1 + v / 10
    return v * np.float32((6 * shape[0] / v.numel()) ** 0.5)


def fill(model):
    """Gives every tensor of the state its value by the formula; counts of batches stay 0."""
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                value.copy_(formula(name, tuple(value.shape)))


def without_chance(model):
    """Nothing is dropped, so that training mode is a function."""
    if hasattr(model, "_global_params"):
        model._global_params = model._global_params._replace(drop_connect_rate=0)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if type(module).__name__ in ("StochasticDepth", "DropPath"):
            module.p = module.drop_prob = 0.0


def keys(model):
    """One number for the names and shapes of a state dictionary, in its order."""
    lines = [f"{name} {list(value.shape)}" for name, value in model.state_dict().items()]
    return torch.tensor(zlib.crc32("\n".join(lines).encode()))


def direction(name, count):
    """What a gradient is multiplied with."""
    return torch.from_numpy(numbers("direction " + name, count)).double()


def summary(named):
    """Of each tensor its product with a direction, and its norm: [count, 2]."""
    return torch.tensor([
        [float(value.double().flatten() @ direction(name, value.numel())), float(value.double().norm())]
        for name, value in named])


def network(r, name, make, size=64, batch=4, whole=True):
    """What `make(num_classes=…)` gives: parameters and names of the usual size, results of one with 10 classes; sums of them where
    they are not `whole`."""
    usual = make(num_classes=1000)
    r.put(f"{name}/parameters", torch.tensor(sum(p.numel() for p in usual.parameters())))
    r.put(f"{name}/keys", keys(usual))
    del usual
    model = make(num_classes=10)
    fill(model)
    without_chance(model)
    model.double()
    x = tensor(f"{name}/x", batch, 3, size, size).double().requires_grad_()
    with torch.no_grad():
        evaluated = model.eval()(x)
        r.put(f"{name}/evaluated", evaluated if whole else summary([("evaluated", evaluated)]))
    y = model.train()(x)
    r.put(f"{name}/trained", y if whole else summary([("trained", y)]))
    (y * tensor(f"{name}/dy", *y.shape).double()).sum().backward()
    r.put(f"{name}/gradients", summary(
        [("x", x.grad)] + [(key, p.grad) for key, p in sorted(model.named_parameters())]))


def build():
    r = Record()
    for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnext50_32x4d", "wide_resnet50_2", "mobilenet_v2",
                 "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"]:
        network(r, name, getattr(torchvision.models, name))
    for name in ["vit_small_patch16_224", "vit_base_patch16_224", "deit_small_patch16_224", "deit_base_patch16_224"]:
        network(r, name, functools.partial(timm.create_model, name), 224, 2)
    for variant in range(5):
        network(r, f"efficientnet_lite{variant}", lite(variant))
    from fastai.vision.models import xresnet

    for name in ["xresnet18", "xresnet34", "xresnet50", "xresnet101"]:
        network(r, name, lambda num_classes, name=name: getattr(xresnet, name)(n_out=num_classes))
    for name, options in [("resnet18", {}), ("mobilenet_v2", {"blur": True, "norm_type": "batch"}),
                          ("convnext_tiny", {"last_cross": False})]:
        network(r, f"unet.{name}", unet(name, **options), whole=False)
    fine_tuning(r)
    return r.tensors


def unet(name, norm_type=None, **options):
    """fastai's DynamicUnet on what it cuts of a network of torchvision."""
    from fastai.layers import NormType
    from fastai.vision.models.unet import DynamicUnet

    def make(num_classes):
        network = getattr(torchvision.models, name)()
        encoder = nn.Sequential(*list(network.children())[:-2]) if name == "resnet18" else network.features
        return DynamicUnet(encoder, num_classes, (64, 64), norm_type=NormType.Batch if norm_type else None, **options)

    return make


def lite(variant):
    """The network of efficientnet-lite-pytorch, which pads for the size that it is told; ours takes that of the image."""
    from efficientnet_lite_pytorch import EfficientNet

    return lambda num_classes: EfficientNet.from_name(
        f"efficientnet-lite{variant}", num_classes=num_classes, image_size=64)


def fine_tuning(r):
    """fine_tune of a ResNet-18 by fastai: 6 steps of the head, 24 of everything with discriminative rates."""
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader
    from fastai.losses import CrossEntropyLossFlat
    from fastai.metrics import accuracy
    from fastai.vision.learner import vision_learner

    from .trajectories import Tape

    x = tensor("fineTuning/x", 64, 3, 32, 32).double()
    y = torch.arange(64) * 7 % 3
    # Each class is brighter in one channel.
    x[torch.arange(64), y] += 0.5
    pairs = list(zip(x, y))
    dls = DataLoaders(DataLoader(pairs[:48], bs=8), DataLoader(pairs[48:], bs=8))
    learner = vision_learner(
        dls, torchvision.models.resnet18, n_out=3, pretrained=False, loss_func=CrossEntropyLossFlat(), metrics=accuracy,
        ps=0.0)
    fill(learner.model)
    learner.model.double()
    r.put("fineTuning/keys", keys(learner.model))
    r.put("fineTuning/groups", torch.tensor([sum(p.numel() for p in group) for group in learner.splitter(learner.model)]))
    tape = Tape()
    learner.add_cb(tape)
    with contextlib.redirect_stdout(io.StringIO()), learner.no_bar(), learner.no_logging():
        learner.fine_tune(4, base_lr=2e-3, freeze_epochs=1)
    r.put("fineTuning/losses", torch.tensor(tape.losses))
    r.put("fineTuning/lrs", torch.tensor(tape.lrs))
    r.put("fineTuning/moms", torch.tensor(tape.moms))
    r.put("fineTuning/rows", torch.tensor(tape.rows))
    state = sorted((key, value) for key, value in learner.model.state_dict().items() if value.is_floating_point())
    r.put("fineTuning/end", summary(state))
