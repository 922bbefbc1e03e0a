#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Runs models that a test has written with onnxruntime and says how far its results are from Lockstep's: one JSON line each.
"""usage: onnx_reader.py FOLDER

FOLDER/NAME/case.json: {"inputs": [{"name", "npy" or "strings" and "shape"}], "outputs": [as inputs], "counts": [0, 1]}
beside model.onnx. The first items, as many as "counts" say, are tried by themselves, too.
"""

import json
import os
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime


def value(entry, folder):
    if "strings" in entry:
        return np.array(entry["strings"], dtype=object).reshape(entry["shape"])
    return np.load(folder / entry["npy"])


def distance(found, expected):
    """The largest error, relative where numbers are large; infinite where shapes or what is no number differ."""
    if found.shape != expected.shape:
        return f"shape {list(found.shape)} for {list(expected.shape)}"
    if found.dtype == object or expected.dtype == object:
        return 0.0 if (found.astype(str) == expected.astype(str)).all() else "other words"
    if found.dtype != expected.dtype:
        return f"{found.dtype} for {expected.dtype}"
    if found.size == 0:
        return 0.0
    a, b = found.astype(np.float64), expected.astype(np.float64)
    fine = np.isfinite(b)
    if (np.isfinite(a) != fine).any() or not np.array_equal(a[~fine], b[~fine], equal_nan=True):
        return "other places are no numbers"
    if not fine.any():
        return "no number is expected, which compares nothing"
    return float((np.abs(a - b)[fine] / np.maximum(1, np.abs(b[fine]))).max(initial=0))


def run(folder):
    case = json.loads((folder / "case.json").read_text())
    path = folder / "model.onnx"
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inputs = {entry["name"]: value(entry, folder) for entry in case["inputs"]}
    expected = [value(entry, folder) for entry in case["outputs"]]
    worst = {}
    for level in ["ORT_DISABLE_ALL", "ORT_ENABLE_ALL"]:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        wanted = [entry["name"] for entry in case["outputs"]]
        if names != wanted:
            return {"problem": f"outputs {names}, not {wanted}"}
        for count in [None] + case["counts"]:
            fed = {name: x if count is None else x[:count] for name, x in inputs.items()}
            for name, found, wanted in zip(names, session.run(None, fed), expected):
                error = distance(found, wanted if count is None else wanted[:count])
                place = f"{name}, {level}, {'all' if count is None else count} items"
                if isinstance(error, str):
                    return {"problem": f"{place}: {error}"}
                worst[place] = error
    place = max(worst, key=worst.get)
    return {"error": worst[place], "place": place, "opsets": {x.domain: x.version for x in model.opset_import}}


def main():
    if len(sys.argv) != 2 or sys.argv[1] == "--help":
        print(__doc__)
        return
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        # A process for each: what ends one is that model's result.
        child = os.fork()
        if child == 0:
            try:
                result = run(folder)
            except Exception as problem:  # a model that cannot be loaded is a result, too
                result = {"problem": f"{type(problem).__name__}: {problem}"[:600]}
            print(json.dumps({"case": folder.name} | result), flush=True)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 0:
            print(json.dumps({"case": folder.name, "problem": f"onnxruntime has ended with {status}"}), flush=True)


if __name__ == "__main__":
    main()
