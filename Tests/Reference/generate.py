#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Writes the reference data of the tests from PyTorch, fastai and scikit-learn; --check compares it with what is committed.

import argparse
import importlib.metadata
import json
import math
import pathlib
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ["torch", "fastai", "fastcore", "scikit-learn", "numpy", "safetensors"]


def versions():
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def write(folder):
    import torch
    from safetensors.numpy import save_file
    from safetensors.torch import save_file as save_state

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    from cases import (data, functional, images, integers, layers, losses, metrics, models, norms, numbers, ops, optimizers,
                       precision, schedules, text, training, trajectories)

    notes = versions()
    for name, module in {"ops": ops, "functional": functional, "images": images, "layers": layers, "losses": losses,
                         "norms": norms, "optimizers": optimizers, "training": training,
                         "trajectories": trajectories}.items():
        save_file(module.build(), folder / f"{name}.safetensors", metadata=notes)
    for name, (state, example) in models.build().items():
        save_state(state, folder / f"model.{name}.safetensors", metadata=notes)
        save_state(example, folder / f"model.{name}.example.safetensors", metadata=notes)
    save_state(models.dtypes(), folder / "dtypes.safetensors", metadata=notes | {"purpose": "one tensor of every type"})
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    for name, values in {"schedules": schedules.build(), "metrics": metrics.build(), "data": data.build(),
                         "integers": integers.build(), "numbers": numbers.build(), "precision": precision.build(),
                         "text": text.build(),
                         "optimizers.hypers": optimizers.hypers()}.items():
        document = json.dumps({"versions": notes, **values}, indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(document + "\n")


def close(a, b):
    """Equal structure, numbers within 1e-5 relative: other processors round differently."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6)
    return a == b


def compare(folder):
    import torch
    from safetensors.torch import load_file

    problems = []
    fresh = {path.name for path in folder.iterdir()}
    committed = {path.name for path in HERE.iterdir() if path.suffix in (".safetensors", ".json")}
    problems += [f"{name}: committed, but generate.py does not write it" for name in sorted(committed - fresh)]
    problems += [f"{name}: not committed" for name in sorted(fresh - committed)]
    for name in sorted(fresh & committed):
        if name.endswith(".json"):
            old, new = (json.loads((where / name).read_text()) for where in (HERE, folder))
            old.pop("versions"), new.pop("versions")
            if not close(old, new):
                problems.append(f"{name}: differs")
            continue
        old, new = load_file(HERE / name), load_file(folder / name)
        if old.keys() != new.keys():
            problems.append(f"{name}: other names: {sorted(old.keys() ^ new.keys())[:5]}")
            continue
        for key in old:
            a, b = old[key], new[key]
            if a.shape != b.shape or a.dtype != b.dtype or not torch.allclose(a.double(), b.double(), 1e-5, 1e-6, equal_nan=True):
                problems.append(f"{name}: {key} differs")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the committed files")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    if not arguments.check:
        write(HERE)
        return
    with tempfile.TemporaryDirectory() as name:
        write(pathlib.Path(name))
        problems = compare(pathlib.Path(name))
    print("\n".join(problems) or "The committed reference data is what these versions give: "
          + ", ".join(f"{key} {value}" for key, value in versions().items()))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
