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
PACKAGES = ["torch", "torchvision", "timm", "fastai", "fastcore", "scikit-learn", "numpy", "safetensors"]


def versions():
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def write(folder, only):
    """Writes the files whose name begins with one of `only`, or all."""
    import importlib

    import torch
    from safetensors.numpy import save_file
    from safetensors.torch import save_file as save_state

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    notes = versions()

    def wanted(name):
        return not only or name in only

    def case(name):
        return importlib.import_module(f"cases.{name}")

    for name in ["arrays", "ops", "operations", "functional", "images", "layers", "losses", "norms", "optimizers", "tabm", "training", "trajectories", "vision"]:
        if wanted(name):
            save_file(case(name).build(), folder / f"{name}.safetensors", metadata=notes)
    if wanted("models"):
        for name, (state, example) in case("models").build().items():
            save_state(state, folder / f"model.{name}.safetensors", metadata=notes)
            save_state(example, folder / f"model.{name}.example.safetensors", metadata=notes)
        save_state(case("models").dtypes(), folder / "dtypes.safetensors",
                   metadata=notes | {"purpose": "one tensor of every type"})
    if wanted("torchfiles"):
        save_state(case("torchfiles").build(), folder / "torchfiles.safetensors", metadata=notes)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    for name in ["schedules", "metrics", "data", "dates", "integers", "numbers", "precision", "text"]:
        if wanted(name):
            write_json(folder / f"{name}.json", {"versions": notes, **case(name).build()})
    if wanted("optimizers"):
        write_json(folder / "optimizers.hypers.json", {"versions": notes, **case("optimizers").hypers()})


def write_json(path, document):
    path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


def take_over(folder, only):
    """Takes the cases of `folder` that differ into the committed files, sorted by name; what is the same to rounding stays
    as it is, to the bit. Says what has changed."""
    changes = []
    for path in sorted(folder.iterdir()):
        old = HERE / path.name
        changed = (take_json if path.suffix == ".json" else take_tensors)(path, old)
        changes += [f"{path.name}: {change}" for change in changed]
    if not only:
        for old in sorted(HERE.iterdir()):
            if old.suffix in (".safetensors", ".json") and not (folder / old.name).exists():
                old.unlink()
                changes.append(f"{old.name}: removed")
    return changes


def differences(old, new, same):
    """The entries of two dictionaries that are not the same, and what to keep: the old values of the others."""
    changed = [f"{key} {'changed' if key in old else 'added'}" for key in sorted(new)
               if key not in old or not same(old[key], new[key])]
    changed += [f"{key} removed" for key in sorted(old.keys() - new.keys())]
    kept = {key: old[key] if key in old and same(old[key], new[key]) else new[key] for key in sorted(new)}
    return changed, kept


def take_json(path, old):
    new = json.loads(path.read_text())
    before = json.loads(old.read_text()) if old.exists() else {}
    versions_before, versions_now = before.pop("versions", None), new.pop("versions")
    changed, kept = differences(before, new, close)
    if changed:
        write_json(old, {"versions": versions_now if not old.exists() else versions_before | versions_now, **kept})
    return changed


def take_tensors(path, old):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    new, before = load_file(path), load_file(old) if old.exists() else {}
    changed, kept = differences(before, new, same_tensors)
    if changed:
        with safe_open(path, framework="pt") as file:
            save_file(kept, old, metadata=file.metadata())
        old.chmod(0o644)
    return changed


def same_tensors(a, b):
    import torch

    return a.shape == b.shape and a.dtype == b.dtype and torch.allclose(a.double(), b.double(), 1e-5, 1e-6, equal_nan=True)


def close(a, b):
    """Equal structure, numbers within 1e-5 relative: other processors round differently."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-6)
    return a == b


def compare(folder, only):
    from safetensors.torch import load_file

    problems = []
    fresh = {path.name for path in folder.iterdir()}
    committed = {path.name for path in HERE.iterdir() if path.suffix in (".safetensors", ".json")}
    if not only:
        problems += [f"{name}: committed, but generate.py does not write it" for name in sorted(committed - fresh)]
    problems += [f"{name}: not committed" for name in sorted(fresh - committed)]
    for name in sorted(fresh & committed):
        if name.endswith(".json"):
            old, new = (json.loads((where / name).read_text()) for where in (HERE, folder))
            old.pop("versions"), new.pop("versions")
            problems += [f"{name}: {change}" for change in differences(old, new, close)[0]]
        else:
            old, new = load_file(HERE / name), load_file(folder / name)
            problems += [f"{name}: {change}" for change in differences(old, new, same_tensors)[0]]
    return problems


def main():
    parser = argparse.ArgumentParser(description="Brings the reference data up to date: cases that give the same stay.")
    parser.add_argument("cases", nargs="*", help="modules of Tests/Reference/cases, such as optimizers; all if none")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the committed files")
    arguments = parser.parse_args()
    for name in arguments.cases:
        if not (HERE / "cases" / f"{name}.py").exists():
            parser.error(f"there is no Tests/Reference/cases/{name}.py")
    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder, arguments.cases)
        if not arguments.check:
            print("\n".join(take_over(folder, arguments.cases)) or "nothing has changed")
            return
        problems = compare(folder, arguments.cases)
    print("\n".join(problems) or "The committed reference data is what these versions give: "
          + ", ".join(f"{key} {value}" for key, value in versions().items()))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
