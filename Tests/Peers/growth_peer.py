# SPDX-License-Identifier: Apache-2.0
"""The work of `lockstep bench growth` as PyTorch, fastai, pandas and scikit-learn do it.

usage: python growth_peer.py WORK SIZE    prints a line of JSON: size, seconds, bytes at the most beyond those before
"""
import json
import os
import sys
import tempfile
import time


def status(name):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1]) << 10
    return 0


def measure(size, work):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("RssAnon") + status("RssShmem")
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    peak = status("VmHWM") - status("RssFile")
    print(json.dumps({"size": size, "seconds": seconds, "bytes": max(0, peak - before)}))
    return result


def mixed(row, column):
    return (row * 2654435761 + column * 40503) & (2**63 - 1)


def texts(size, path):
    with open(path, "w") as file:
        file.write("a,b,c,d,e,f,g,y\n")
        for row in range(size):
            words = [f"category number {100000 + mixed(row, c) % 1000}" for c in range(7)]
            file.write(",".join(words) + (",yes\n" if row % 2 == 0 else ",no\n"))


def numbers(size, path):
    with open(path, "w") as file:
        file.write(",".join(f"x{c}" for c in range(20)) + ",y\n")
        for row in range(size):
            file.write(",".join(str(mixed(row, c) % 1000003 / 1000) for c in range(21)) + "\n")


def table(size, path, isText, toFirst):
    import pandas as pd
    from fastai.tabular.all import (
        Categorify, CategoryBlock, FillMissing, Normalize, RandomSplitter, RegressionBlock, TabularPandas, range_of)

    (texts if isText else numbers)(size, path)

    def work():
        frame = pd.read_csv(path)
        names = [name for name in frame.columns if name != "y"]
        data = TabularPandas(
            frame, procs=[Categorify, FillMissing, Normalize], cat_names=names if isText else [],
            cont_names=[] if isText else names, y_names="y",
            y_block=CategoryBlock() if isText else RegressionBlock(), splits=RandomSplitter()(range_of(frame)))
        loaders = data.dataloaders(bs=1024)
        return (loaders, loaders.one_batch()) if toFirst else loaders

    return work


def checkpoint(size, path, isLoading):
    import torch

    layers = [torch.nn.Parameter(torch.zeros(size // 6)) for _ in range(6)]
    optimizer = torch.optim.Adam(layers)
    for layer in layers:
        layer.grad = torch.zeros_like(layer)
    optimizer.step()

    def save():
        torch.save({"model": layers, "optimizer": optimizer.state_dict()}, path)
        # Ours is on the disk when it returns.
        with open(path, "rb") as file:
            os.fsync(file.fileno())

    if not isLoading:
        return save
    save()

    def load():
        found = torch.load(path, weights_only=True)
        for layer, other in zip(layers, found["model"]):
            layer.data.copy_(other)
        optimizer.load_state_dict(found["optimizer"])

    return load


def prepared(work, size, path):
    if work == "report":
        from sklearn.metrics import classification_report

        answers = [i * 7919 % size for i in range(20000)]
        targets = [i % size if i % 5 == 0 else answers[i] for i in range(20000)]
        return lambda: classification_report(targets, answers, zero_division=0)
    if work in ("texts", "rows", "firstBatch"):
        return table(size, path, work == "texts", work == "firstBatch")
    if work == "predictions":
        import torch

        torch.set_num_threads(1)
        model, items = torch.nn.Linear(1, 256), torch.zeros(size, 1)

        @torch.no_grad()
        def predict():
            return torch.cat([model(items[start:start + 1024]) for start in range(0, size, 1024)])

        return predict
    if work in ("save", "load"):
        return checkpoint(size, path, work == "load")
    if work == "characters":
        with open(path, "w") as file:
            for row in range(size // 64):
                line = f"{row} the quick brown fox jumps over the lazy dog; how vexingly quick daft zebras"
                file.write(line[:63] + "\n")

        def characters():
            import torch

            with open(path) as file:
                text = file.read()
            numbers = {c: i for i, c in enumerate(sorted(set(text)))}
            return torch.tensor([numbers[c] for c in text], dtype=torch.int64)

        return characters
    sys.exit(3)


if __name__ == "__main__":
    work, size = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        measure(size, prepared(work, size, folder + "/data"))
