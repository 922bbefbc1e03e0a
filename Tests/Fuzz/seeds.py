# SPDX-License-Identifier: Apache-2.0
# Writes the small images that fuzzing begins with; needs Pillow (python3 Tests/Fuzz/seeds.py).
from pathlib import Path

from PIL import Image

folder = Path(__file__).parent / "seeds"
folder.mkdir(exist_ok=True)
rgb = Image.new("RGB", (5, 3))
rgb.putdata([(x * 40, y * 80, 7) for y in range(3) for x in range(5)])
grey = rgb.convert("L")

grey.save(folder / "grey.png")
rgb.save(folder / "rgb.png")
rgb.convert("RGBA").save(folder / "rgba.png")
rgb.convert("P", palette=Image.Palette.ADAPTIVE).save(folder / "palette.png")
Image.new("I;16", (3, 2), 40000).save(folder / "deep.png")
grey.save(folder / "grey.jpg", quality=30)
rgb.save(folder / "rgb.jpg", quality=30)
rgb.save(folder / "progressive.jpg", quality=30, progressive=True)
