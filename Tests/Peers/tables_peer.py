# SPDX-License-Identifier: Apache-2.0
"""Twelve real tables learned by lockstep, fastai and scikit-learn's histogram boosting, on the same rows.

usage: python tables_peer.py LOCKSTEP FOLDER [--epochs 10] [--tables weather,hdma] [--learners lockstep,tabm]

Three seeds; each draws a fifth for validation and the networks' weights. Every answer for a row of validation lies in
FOLDER/TABLE-SEED/LEARNER.csv, and all numbers come from these files by the same lines below; what is there is not learned again.
Prints a table in Markdown and writes FOLDER/tables.json.

Of numbers the measure is the root of the mean square error, of classes accuracy (and the logarithmic loss beside it). Two learners
are level where their means over the seeds differ by no more than one standard error of the three differences, or by no more than 1 % of
the second one's mean. `better` is a better mean, level or not.
"""
import argparse
import json
import math
import os
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy
import pandas

import tables_learners as learners
from tables_data import CLASSES, TABLES, cut

SEEDS = (1, 2, 3)
NAMES = {
    "lockstep": "Lockstep", "tabm": "`--model tabm`", "fastai-untold": "fastai", "fastai-book": "as its book",
    "fastai-scaled": "scaled, 1e-2", "boosting": "boosting"}


BEST = "the best of fastai's three"


def learned(learner, program, name, seed, folder, epochs):
    path, target, date = f"{folder}/{name}.csv", *TABLES[name][1:]
    table = pandas.read_csv(path, parse_dates=[date] if date else None)
    classes = sorted(table[target].astype(str).unique()) if name in CLASSES else None
    truth = table[target][table["is_valid"]].to_numpy()
    start = sum(os.times()[:4])
    if learner in ("lockstep", "tabm"):
        options = ["--epochs", str(epochs)] + (["--model", "tabm"] if learner == "tabm" else [])
        answers = learners.lockstep(program, path, target, classes, seed, f"{folder}/{learner}", *options)
    else:
        table = learners.columns(table, target, date)
        if learner == "boosting":
            answers = learners.boosting(table, target, classes, seed)
        else:
            answers = learners.fastai(table, target, classes, seed, epochs, learner.removeprefix("fastai-"))
    seconds = sum(os.times()[:4]) - start
    frame = pandas.DataFrame(answers, columns=["answer"] if classes is None else classes)
    frame.insert(0, "truth", truth)
    frame.to_csv(f"{folder}/{learner}.csv.part", index=False)
    with open(f"{folder}/{learner}.json", "w") as file:
        json.dump({"seconds": seconds}, file)
    os.rename(f"{folder}/{learner}.csv.part", f"{folder}/{learner}.csv")


def measured(path, name):
    """Measures of a file of answers: the first is the one that counts."""
    frame = pandas.read_csv(path, dtype={"truth": str})
    if name not in CLASSES:
        return {"rmse": math.sqrt(((frame["answer"] - frame["truth"].astype(float)) ** 2).mean())}
    answers = frame.drop(columns="truth")
    places = answers.columns.get_indexer(frame["truth"])
    shares = answers.to_numpy()
    of_truth = shares[numpy.arange(len(shares)), places] / shares.sum(axis=1)
    return {"accuracy": float((shares.argmax(axis=1) == places).mean()),
            "loss": float(-numpy.log(numpy.maximum(of_truth, 1e-7)).mean())}


def compared(first, second, name):
    """Whether the first one's measures over the seeds are better, and whether they are level."""
    differences = numpy.array(first) - numpy.array(second)
    if name not in CLASSES:
        differences = -differences
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    difference = differences.mean()
    return bool(difference > 0), bool(abs(difference) <= max(error, 0.01 * numpy.mean(second)))


def short(value, name):
    return f"{value:.4f}" if name in CLASSES or value < 1 else f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lockstep")
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=10, help="of every network")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--learners", default=",".join(NAMES))
    told = parser.parse_args()
    names, chosen = told.tables.split(","), told.learners.split(",")
    result = {}
    for name in names:
        rows = {}
        for seed in SEEDS:
            folder = f"{told.folder}/{name}-{seed}"
            os.makedirs(folder, exist_ok=True)
            if not os.path.exists(f"{folder}/{name}.csv"):
                cut(name, seed).to_csv(f"{folder}/{name}.csv", index=False)
            for learner in chosen:
                if not os.path.exists(f"{folder}/{learner}.csv"):
                    learned(learner, told.lockstep, name, seed, folder, told.epochs)
                with open(f"{folder}/{learner}.json") as file:
                    own = measured(f"{folder}/{learner}.csv", name) | json.load(file)
                for measure, value in own.items():
                    rows.setdefault(learner, {}).setdefault(measure, []).append(value)
        with open(f"{folder}/{name}.csv") as file:
            count = len(pandas.read_csv(file))
        result[name] = {"rows": count, "target": TABLES[name][1], "learners": rows}
        print(f"{name}: " + ", ".join(
            f"{learner} {short(numpy.mean(next(iter(own.values()))), name)} in {numpy.mean(own['seconds']):.1f} s"
            for learner, own in rows.items()), file=sys.stderr, flush=True)
    report(result, chosen)
    with open(f"{told.folder}/tables.json", "w") as file:
        json.dump({"epochs": told.epochs, "seeds": SEEDS, "tables": result}, file, indent=1)


def report(result, chosen):
    print("| table, target (rows) | measure | " + " | ".join(NAMES[learner] for learner in chosen) + " |")
    print("|---|---|" + "---|" * len(chosen))
    counts = {}
    for name, found in result.items():
        of = {learner: next(iter(own.values())) for learner, own in found["learners"].items()}
        measure = next(iter(next(iter(found["learners"].values()))))
        better = max if name in CLASSES else min
        best = better(numpy.mean(values) for values in of.values())
        cells = []
        for learner in chosen:
            own, value = found["learners"][learner], numpy.mean(of[learner])
            cell = f"**{short(value, name)}**" if value == best else short(value, name)
            cells.append(cell + (f", {numpy.mean(own['loss']):.3f}" if "loss" in own else ""))
        print(f"| {name}, `{found['target']}` ({found['rows']:,}) | {measure}{', loss' if name in CLASSES else ''} | "
              + " | ".join(cells) + " |")
        fastais = [of[peer] for peer in of if peer.startswith("fastai-")]
        if fastais:
            of[BEST] = better(fastais, key=numpy.mean)
        for ours in ("lockstep", "tabm"):
            for peer in ("fastai-untold", "fastai-book", "fastai-scaled", BEST, "boosting"):
                if ours in of and peer in of:
                    is_better, is_level = compared(of[ours], of[peer], name)
                    count = counts.setdefault((ours, peer), {"better": [], "level or better": [], "clearly better": []})
                    if is_better:
                        count["better"].append(name)
                    if is_better or is_level:
                        count["level or better"].append(name)
                    if is_better and not is_level:
                        count["clearly better"].append(name)
    sums = [sum(sum(found["learners"][learner]["seconds"]) for found in result.values()) for learner in chosen]
    print("| all of it | processor seconds | " + " | ".join(f"{seconds:,.0f}" for seconds in sums) + " |")
    print()
    for (ours, peer), count in counts.items():
        print(f"{NAMES[ours]} against {NAMES.get(peer, peer)}: "
              + "; ".join(f"{word} on {len(of)} of {len(result)}" for word, of in count.items()))
        missed = [name for name in result if name not in count["level or better"]]
        if missed:
            print(f"  behind on {', '.join(missed)}")


if __name__ == "__main__":
    main()
