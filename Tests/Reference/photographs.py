#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A small set of real photographs for fine-tuning: squares of the sixteen that come with scikit-learn and scikit-image, a class each.

"""usage: photographs.py FOLDER

Writes FOLDER/train and FOLDER/valid with a folder for each photograph: twenty squares of its left half to train on, twenty of its
right half to validate. No pixel is in both, so that what is learned is what a photograph is of, not how a part of it looks."""

import pathlib
import random
import sys

from PIL import Image
import skimage
from sklearn.datasets import load_sample_image

NAMES = ["astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png",
         "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg"]


def photographs():
    folder = pathlib.Path(skimage.__file__).parent / "data"
    for name in NAMES:
        yield name.split(".")[0], Image.open(folder / name).convert("RGB")
    for name in ["china", "flower"]:
        yield name, Image.fromarray(load_sample_image(name + ".jpg"))


def main(folder):
    draw = random.Random(1)
    for name, photo in photographs():
        width, height = photo.size
        for part, left, right in [("train", 0, width // 2), ("valid", width // 2, width)]:
            target = folder / part / name
            target.mkdir(parents=True, exist_ok=True)
            for number in range(20):
                side = draw.randint(96, min(right - left, height, 224))
                x, y = draw.randint(left, right - side), draw.randint(0, height - side)
                photo.crop((x, y, x + side, y + side)).resize((128, 128), Image.BILINEAR).save(target / f"{number}.jpg", quality=92)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
