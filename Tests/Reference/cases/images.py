# SPDX-License-Identifier: Apache-2.0
# Images as Pillow reads and resizes them, PyTorch samples them, fastai lights them; small files of every kind.

import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from .record import normal, uniform


def pixels(name, *shape):
    return (uniform("images." + name, *shape).numpy() * 256).clip(0, 255).astype(np.uint8)


def smooth(height, width, channels):
    """A picture that JPEG can keep."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [127 + 120 * np.sin(x / (5 + c) + y / (7 - c) + c) for c in range(channels)]
    return np.stack(planes, -1).round().astype(np.uint8)


def encoded(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return np.frombuffer(out.getvalue(), dtype=np.uint8).copy()


def files():
    """name/file: its bytes; name/pixels: [H, W, C] as stored; name/rgb and name/grey: what Pillow converts to."""
    noise = pixels("noise", 7, 5, 4)
    made = {
        "png.grey": (Image.fromarray(noise[..., 0]), {"format": "PNG"}),
        "png.greyAlpha": (Image.fromarray(noise[..., :2], "LA"), {"format": "PNG"}),
        "png.rgb": (Image.fromarray(noise[..., :3]), {"format": "PNG"}),
        "png.rgba": (Image.fromarray(noise), {"format": "PNG"}),
        "png.palette": (Image.fromarray(smooth(9, 11, 3)).quantize(7), {"format": "PNG"}),
        "png.bits": (Image.fromarray(noise[..., 0]).convert("1"), {"format": "PNG"}),
        "png.pixel": (Image.fromarray(noise[:1, :1, :3]), {"format": "PNG"}),
        "jpeg.rgb": (Image.fromarray(smooth(19, 23, 3)), {"format": "JPEG", "quality": 92}),
        "jpeg.grey": (Image.fromarray(smooth(16, 8, 1)[..., 0]), {"format": "JPEG", "quality": 92}),
        "jpeg.progressive": (Image.fromarray(smooth(17, 31, 3)), {"format": "JPEG", "progressive": True}),
        "jpeg.cmyk": (Image.fromarray(smooth(8, 8, 4), "CMYK"), {"format": "JPEG"}),
    }
    data = {}
    for name, (image, options) in made.items():
        data[f"{name}/file"] = encoded(image, **options)
        stored = Image.open(io.BytesIO(data[f"{name}/file"].tobytes()))
        if stored.mode in ("P", "1"):
            stored = stored.convert("RGB" if stored.mode == "P" else "L")
        if stored.mode == "CMYK":
            continue
        array = np.asarray(stored)
        data[f"{name}/pixels"] = array if array.ndim == 3 else array[..., None]
        data[f"{name}/rgb"] = np.asarray(stored.convert("RGB"))
        data[f"{name}/grey"] = np.asarray(stored.convert("RGB").convert("L"))[..., None]
    return data


def resized():
    """name/x [C, H, W] and name/y, by Pillow in floating point; the size is y's, the part of x in the name's case."""
    data = {}
    for name, (height, width), (newHeight, newWidth), box in [
            ("half", (8, 8), (4, 4), None), ("larger", (5, 7), (11, 13), None), ("odd", (17, 13), (7, 5), None),
            ("pixel", (1, 1), (3, 3), None), ("toPixel", (9, 6), (1, 1), None), ("mixed", (4, 12), (9, 5), None),
            ("part", (10, 12), (6, 6), (3, 2, 10, 9))]:
        x = normal("images.resize." + name, 2, height, width).numpy()
        part = x if box is None else x[:, box[1]:box[3], box[0]:box[2]]
        planes = [np.asarray(Image.fromarray(plane).resize((newWidth, newHeight), Image.BILINEAR)) for plane in part]
        data |= {f"resize.{name}/x": x, f"resize.{name}/y": np.stack(planes)}
    data["resize.bytes/x"] = pixels("resize.bytes", 20, 14, 3)
    data["resize.bytes/y"] = np.asarray(Image.fromarray(data["resize.bytes/x"]).resize((6, 9), Image.BILINEAR))
    return data


# As fastai composes them, on square images: the rows of the matrix that takes new places to old ones.
def rotation(degrees):
    angle = degrees * math.pi / 180
    return np.array([[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]])


def zoom(scale, x, y):
    s = 1 / scale
    return np.array([[s, 0, (1 - s) * (2 * x - 1)], [0, s, (1 - s) * (2 * y - 1)], [0, 0, 1]])


MAPS = {
    "identity": np.eye(3), "flip": np.diag([-1.0, 1, 1]), "flipVertical": np.diag([1.0, -1, 1]),
    "transposition": np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1]]), "rotation": rotation(10), "back": rotation(-33),
    "quarter": rotation(90), "zoom": zoom(1.5, 0.25, 0.75), "smaller": zoom(0.4, 0.5, 0.5),
    "all": np.diag([-1.0, 1, 1]) @ rotation(20) @ zoom(1.2, 0.1, 0.9),
}


def warped():
    x = normal("images.warp", 1, 3, 9, 9).double()
    data = {"warp/x": x[0].float().numpy()}
    for name, matrix in MAPS.items():
        data[f"warp.{name}/map"] = matrix[:2].reshape(-1).copy()
        grid = F.affine_grid(torch.from_numpy(matrix[None, :2].copy()), x.shape, align_corners=True)
        for padding in ["zeros", "border", "reflection"]:
            y = F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=True)
            data[f"warp.{name}/{padding}"] = y[0].float().numpy()
        data[f"warp.{name}/nearest"] = F.grid_sample(
            x, grid, mode="nearest", padding_mode="zeros", align_corners=True)[0].float().numpy()
    return data


def lit():
    from fastai.vision.augment import lighting  # noqa: F401  (patches TensorImage)
    from fastai.torch_core import TensorImage

    x = uniform("images.light", 4, 3, 5, 5)
    shifts = torch.tensor([0.0, 0.4, -0.7, 0.2]).view(4, 1, 1, 1)
    factors = torch.tensor([1.0, 1.0, 1.2, 0.8]).view(4, 1, 1, 1)
    y = TensorImage(x.clone()).lighting(lambda v: (v + shifts) * factors)
    return {"light/x": x.numpy(), "light/y": torch.Tensor(y).numpy(), "light/brightness": shifts.flatten().numpy(),
            "light/contrast": factors.flatten().numpy()}


def build():
    return {name: np.ascontiguousarray(value) for name, value in (files() | resized() | warped() | lit()).items()}
