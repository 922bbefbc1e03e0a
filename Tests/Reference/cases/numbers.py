# SPDX-License-Identifier: Apache-2.0
# Where numbers tend to go wrong unseen: scores near saturation, NaN, columns with a mean far above their deviation,
# categories that pandas writes as floats.

import math
import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import scipy.special
import scipy.stats
from fastai.tabular.all import Categorify, TabularPandas
from sklearn import metrics as sk

from .record import integers, normal, uniform

warnings.filterwarnings("ignore")


def odds(logits):
    """log(p / (1 − p)) of a softmax, in float64: what orders as p and does not saturate."""
    others = [scipy.special.logsumexp(np.delete(logits, c, axis=-1), axis=-1) for c in range(logits.shape[-1])]
    return logits - np.stack(others, axis=-1)


def binary():
    """Two outputs of which the second is about 98 above the first: a float32 softmax is 1 for all."""
    logits = np.stack([normal("numbers.binary.0", 15).numpy(), 98 + normal("numbers.binary.1", 15).numpy()], 1)
    target = (logits[:, 1] - logits[:, 0] + normal("numbers.binary.t", 15).numpy() > 98).astype(int)
    score = odds(logits.astype(float))[:, 1]
    return {"logits": logits.tolist(), "target": target.tolist(), "values": {
        "rocAUC": sk.roc_auc_score(target, score), "averagePrecision": sk.average_precision_score(target, score),
        "rocAUC.maxFPR.3": sk.roc_auc_score(target, score, max_fpr=0.3),
        "spearman": scipy.stats.spearmanr(score, target).statistic}}


def multiclass():
    logits = normal("numbers.multiclass", 60, 4, scale=60).numpy()
    target = (logits + normal("numbers.multiclass.t", 60, 4, scale=90).numpy()).argmax(1)
    scores = odds(logits.astype(float))
    flags = np.eye(4, dtype=int)[target]
    counts = flags.sum(0)
    each = [sk.roc_auc_score(flags[:, c], scores[:, c]) for c in range(4)]
    pairs, weights = [], []
    for a in range(4):
        for b in range(a):
            rows = (target == a) | (target == b)
            pairs.append(sum(sk.roc_auc_score(target[rows] == c, scores[rows, c]) for c in (a, b)) / 2)
            weights.append(rows.sum())
    return {"logits": logits.tolist(), "target": target.tolist(), "values": {
        "ovr.macro": np.mean(each), "ovr.weighted": np.average(each, weights=counts),
        "ovo.macro": np.mean(pairs), "ovo.weighted": np.average(pairs, weights=weights)}}


def multilabel():
    logits = (normal("numbers.multilabel", 40, 3, scale=3) + 40).numpy()
    flags = (logits + normal("numbers.multilabel.t", 40, 3, scale=4).numpy() > 40).astype(int)
    values = {}
    for average in ["macro", "micro", "weighted"]:
        values[f"roc.{average}"] = sk.roc_auc_score(flags, logits, average=average)
        values[f"ap.{average}"] = sk.average_precision_score(flags, logits, average=average)
    # A sigmoid of 34 is 1 − 1.7e-15, which float32 has not.
    answers = (scipy.special.expit(logits.astype(float)) >= 1 - 2e-15).astype(int)
    values["f1"] = sk.f1_score(flags, answers, average="macro")
    values["accuracy"] = float((answers == flags).mean())
    return {"logits": logits.tolist(), "target": flags.tolist(), "threshold": 1 - 2e-15, "values": values}


def undefined():
    """What the originals make of one NaN among the predictions: true where it is NaN, or refused."""
    predicted, wanted = normal("numbers.nan.p", 9).double().numpy(), normal("numbers.nan.t", 9).double().numpy()
    predicted[4] = math.nan
    flags = (wanted > 0).astype(int)

    def is_undefined(function, *arguments):
        try:
            result = function(*arguments)
        except ValueError:
            return True
        return bool(math.isnan(getattr(result, "statistic", result)))

    return {"pearson": is_undefined(scipy.stats.pearsonr, predicted, wanted),
            "spearman": is_undefined(scipy.stats.spearmanr, predicted, wanted),
            "r2": is_undefined(sk.r2_score, wanted, predicted),
            "explainedVariance": is_undefined(sk.explained_variance_score, wanted, predicted),
            "rocAUC": is_undefined(sk.roc_auc_score, flags, predicted),
            "averagePrecision": is_undefined(sk.average_precision_score, flags, predicted),
            "brier": is_undefined(sk.brier_score_loss, flags, predicted),
            "pearson.infinity": is_undefined(scipy.stats.pearsonr, np.where(np.isnan(predicted), np.inf, predicted), wanted),
            "spearman.infinity": is_undefined(scipy.stats.spearmanr, np.where(np.isnan(predicted), np.inf, predicted), wanted)}


def correlations():
    """Numbers whose mean is far above their deviation, and numbers whose squares leave the range of doubles."""
    a, b = normal("numbers.correlation.a", 40).double().numpy(), normal("numbers.correlation.b", 40).double().numpy()
    values = {}
    for name, x in {"shifted": a * 1e-3 + 1e6, "tiny": a * 1e-200, "huge": a * 1e200}.items():
        values[name] = {"predicted": x.tolist(), "target": (a + b).tolist(),
                        "pearson": float(scipy.stats.pearsonr(x, a + b).statistic)}
    return values


def statistics(values):
    """Exactly, from fractions."""
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / len(exact)
    ordered, middle = sorted(exact), len(exact) // 2
    median = ordered[middle] if len(exact) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    scale = max(abs(value - mean) for value in exact)
    deviation = float(scale) * math.sqrt(variance / scale ** 2)
    return {"mean": float(mean), "median": float(median), "deviation": deviation,
            "standardised": [float(value - mean) / deviation for value in exact]}


def columns():
    stamps = [1_700_000_000_000_000 + 3 * int(k) for k in range(101)]
    nanoseconds = [1_700_000_000_000_000_000 + int(k) for k in integers("numbers.nanoseconds", 2000, 60)]
    shifted = [float(v) for v in (normal("numbers.shifted", 61, scale=0.02).double() + 1e4)]
    wide = [float(v) for v in (10.0 ** uniform("numbers.wide", 40, low=-35, high=38).double())]
    tiny = [float(v) for v in (normal("numbers.tiny", 30).double() * 1e-200)]
    return {name: {"values": [repr(v) for v in values], **statistics(values)}
            for name, values in {"stamps": stamps, "nanoseconds": nanoseconds, "shifted": shifted, "wide": wide,
                                 "tiny": tiny}.items()}


def categories():
    """fastai's codes for rows in which pandas has made floats of a column of integers, and the other way round."""
    def fitted(training, rows):
        table = TabularPandas(pd.DataFrame({"k": training}), procs=[Categorify], cat_names=["k"])
        new = table.new(pd.DataFrame({"k": rows}))
        new.process()
        return [int(code) for code in new.items["k"]]

    whole = [3, 1, 2, 6, 3, 12]
    return {"integers as floats": {"training": [str(v) for v in whole], "rows": ["6.0", "3.0", "12.0", "7.0", "1.0"],
                                   "codes": fitted(whole, [6.0, 3.0, 12.0, 7.0, 1.0])},
            "floats as integers": {"training": [str(float(v)) for v in whole], "rows": ["6", "3", "12", "7", "1"],
                                   "codes": fitted([float(v) for v in whole], [6, 3, 12, 7, 1])}}


def build():
    plain = lambda values: {key: float(v) for key, v in values.items()}
    parts = {"binary": binary(), "multiclass": multiclass(), "multilabel": multilabel()}
    for part in parts.values():
        part["values"] = plain(part["values"])
    return parts | {"undefined": undefined(), "correlations": correlations(), "columns": columns(),
                    "categories": categories()}
