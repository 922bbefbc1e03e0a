# SPDX-License-Identifier: Apache-2.0
# What fastai's data transforms, splitters and labellers make of small inputs.

import warnings

import numpy as np
import pandas as pd
import torch
from fastai.data.all import *
from fastai.vision.core import TensorImage, TensorMask
from sklearn.model_selection import KFold, StratifiedKFold

LABELS = ["dog", "cat", "ant", "cat", "bee", "dog"]
TAGS = [["b", "a"], [], ["c"], ["a", "c", "b"], ["d"]]
SPLITS = [[0, 1, 3], [2, 4]]


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, (list, tuple, L, CategoryMap)):
        return [plain(x) for x in value]
    return value


def categories(labels, splits=None, **options):
    data = Datasets(labels, tfms=[[Categorize(**options)]], splits=splits)
    return {"vocab": plain(data.vocab), "codes": [int(data[i][0]) for i in (splits[0] if splits else range(len(labels)))]}


def multi():
    data = Datasets(TAGS, tfms=[[MultiCategorize(), OneHotEncode()]], splits=[[0, 1, 3, 2, 4], []])
    rows = [plain(data[i][0].float()) for i in range(len(TAGS))]
    return {"vocab": plain(data.vocab), "rows": rows, "decoded": [plain(data.decode((data[i][0],))[0]) for i in range(len(TAGS))]}


def normalize():
    torch.manual_seed(3)
    x = TensorImage(torch.rand(4, 3, 2, 5))
    norm = Normalize()
    norm.setups(type("OneBatch", (DataLoader,), {"one_batch": lambda self: (x,)})([1]))
    y = norm(x)
    return {"x": plain(x.flatten()), "mean": plain(norm.mean.flatten()), "std": plain(norm.std.flatten()),
            "y": plain(y.flatten()), "back": plain(norm.decode(y).flatten())}


def int_to_float():
    f = IntToFloatTensor(div_mask=5)
    image, mask = TensorImage(torch.arange(0, 256, 17).byte()), TensorMask(torch.arange(0, 40, 7).byte())
    # The nearest bytes: fastai's decoding cuts off, so that many bytes come back one too low.
    far = (torch.tensor([-0.5, 0.0, 0.25, 0.999, 1.0, 1.5]).clamp(0, 1) * 255).round().long()
    return {"image": plain(f(image, split_idx=0)), "mask": plain(f(mask, split_idx=0)), "decoded": plain(far)}


def splitters():
    paths = [Path(p) for p in ["d/train/a/1.png", "d/valid/a/2.png", "d/test/a/3.png", "d/train/b/4.png", "valid/5.png"]]
    table = pd.DataFrame({"x": range(5), "is_valid": [True, False, False, True, False], "part": ["a", "b", "c", "b", "a"]})
    part = lambda split: [[int(i) for i in side] for side in split]
    counts = {}
    for n in [0, 1, 4, 5, 10, 101]:
        train, valid = RandomSplitter(0.25, seed=1)(list(range(n)))
        a, b = RandomSubsetSplitter(0.5, 0.3, seed=1)(list(range(n)))
        counts[str(n)] = [len(train), len(valid), len(a), len(b)]
    marks = [True, False, True, False, False]
    return {"counts": counts, "grandparent": part(GrandparentSplitter()(paths)), "mask": part(MaskSplitter(marks)(range(5))),
            "function": part(FuncSplitter(lambda o: o > 2)(range(5))), "index": part(IndexSplitter([1, 3])(range(5))),
            "end": part(EndSplitter(0.4)(range(5))), "first": part(EndSplitter(0.4, valid_last=False)(range(5))),
            "column": part(ColSplitter()(table)), "columnOn": part(ColSplitter("part", on="b")(table))}


def folds():
    """scikit-learn's, without shuffling: the items for validation of each fold."""
    labels = [["b", "a", "c"][i * 7 % 11 % 3] for i in range(23)]
    parts = lambda splitter, *data: [[int(i) for i in valid] for _, valid in splitter.split(*data)]
    plain = {f"{n}/{k}": parts(KFold(k), range(n)) for n, k in [(7, 3), (10, 5), (5, 5), (23, 4)]}
    return {"labels": labels, "plain": plain,
            "stratified": {str(k): parts(StratifiedKFold(k), labels, labels) for k in [2, 3, 5]}}


def labellers():
    table = pd.DataFrame({"name": ["a", "b"], "tags": ["x y", ""], "size": [1, 2]})
    rows = list(table.itertuples(index=False))
    read = lambda **o: [plain(ColReader(**o)(row)) for row in rows]
    return {"parent": parent_label(Path("d/cat/1.png")), "regex": RegexLabeller(r"/([^/]+)_\d+\.jpg$")("pets/great_dane_12.jpg"),
            "plain": read(cols="size"), "affixed": read(cols="name", pref="p/", suff=".png"),
            "tags": read(cols="tags", label_delim=" ")}


def build():
    warnings.filterwarnings("ignore")
    return {
        "categorize": {"labels": LABELS, "learned": categories(LABELS), "training": categories(LABELS, SPLITS),
                       "given": categories(LABELS, vocab=["dog", "cat", "bee", "ant"]),
                       "unsorted": categories(LABELS, vocab=["dog", "cat", "bee", "ant"], sort=False),
                       "addNA": categories(LABELS, add_na=True)},
        "multiCategorize": {"tags": TAGS, **multi()}, "normalize": normalize(), "intToFloat": int_to_float(),
        "splitters": splitters(), "folds": folds(), "labellers": labellers(),
    }
