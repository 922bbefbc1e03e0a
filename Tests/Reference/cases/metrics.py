# SPDX-License-Identifier: Apache-2.0
# Metrics of scikit-learn and fastai on fixed predictions.

import numpy as np
import scipy.optimize
import scipy.stats
import torch
from fastai import metrics as fastai
from sklearn import metrics as sk

from .record import integers, normal, uniform


def build():
    logits = normal("metrics.logits", 40, 4).double()
    target = integers("metrics.target", 4, 40)
    chosen = logits.argmax(-1)
    scores = uniform("metrics.scores", 40).double()
    flags = (scores + uniform("metrics.noise", 40).double() > 1).long()
    predicted, wanted = normal("metrics.p", 30).double(), normal("metrics.t", 30).double()
    probabilities = torch.softmax(logits, -1).numpy()
    multiclass = {
        "accuracy": float(fastai.accuracy(logits, target)), "errorRate": float(fastai.error_rate(logits, target)),
        "top2Accuracy": float(fastai.top_k_accuracy(logits, target, k=2)),
        "balancedAccuracy": sk.balanced_accuracy_score(target, chosen), "cohenKappa": sk.cohen_kappa_score(target, chosen),
        "hammingLoss": sk.hamming_loss(target, chosen), "matthews": sk.matthews_corrcoef(target, chosen),
        "confusionMatrix": sk.confusion_matrix(target, chosen).tolist(),
        "rocAUC.ovr": sk.roc_auc_score(target, probabilities, multi_class="ovr"),
    }
    for average in ["macro", "micro", "weighted"]:
        for name, function in {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score}.items():
            multiclass[f"{name}.{average}"] = function(target, chosen, average=average)
        multiclass[f"jaccard.{average}"] = sk.jaccard_score(target, chosen, average=average)
        multiclass[f"fbeta.{average}"] = sk.fbeta_score(target, chosen, beta=0.5, average=average)
    multiclass["f1.labels"] = sk.f1_score(target, chosen, labels=[1, 3], average="macro")
    for weights in ["linear", "quadratic"]:
        multiclass[f"kappa.{weights}"] = sk.cohen_kappa_score(target, chosen, weights=weights)
    multiclass["balanced.adjusted"] = sk.balanced_accuracy_score(target, chosen, adjusted=True)
    for kind in ["ovr", "ovo"]:
        for average in ["macro", "weighted"]:
            multiclass[f"roc.{kind}.{average}"] = sk.roc_auc_score(target, probabilities, multi_class=kind, average=average)
    # Four yes-or-no questions per item, answered by a positive score.
    row, column = np.meshgrid(np.arange(40), np.arange(4), indexing="ij")
    flagged = ((7 * row + 3 * column + row // 3 * column) % 5 < 2).astype(int)
    answers = (logits.numpy() >= 0).astype(int)
    multilabel = {"hamming": sk.hamming_loss(flagged, answers), "mcc": sk.matthews_corrcoef(flagged.ravel(), answers.ravel()),
                  "f2.macro": sk.fbeta_score(flagged, answers, beta=2, average="macro", zero_division=0)}
    for average in ["macro", "micro", "weighted", "samples"]:
        for name, function in {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score,
                               "jaccard": sk.jaccard_score}.items():
            multilabel[f"{name}.{average}"] = function(flagged, answers, average=average, zero_division=0)
        multilabel[f"ap.{average}"] = sk.average_precision_score(flagged, logits, average=average)
        if average != "samples":
            multilabel[f"roc.{average}"] = sk.roc_auc_score(flagged, logits, average=average)
    binary = {"rocAUC": sk.roc_auc_score(flags, scores), "averagePrecision": sk.average_precision_score(flags, scores),
              "brier": sk.brier_score_loss(flags, scores), "f1": sk.f1_score(flags, scores > 0.5),
              "fBeta2": sk.fbeta_score(flags, scores > 0.5, beta=2), "jaccard": sk.jaccard_score(flags, scores > 0.5),
              "precision": sk.precision_score(flags, scores > 0.5), "recall": sk.recall_score(flags, scores > 0.5),
              "rocAUC.maxFPR.3": sk.roc_auc_score(flags, scores, max_fpr=0.3)}
    tied = np.rint(scores.float().numpy() * 10)
    binary |= {"rocAUC.tied": sk.roc_auc_score(flags, tied), "averagePrecision.tied": sk.average_precision_score(flags, tied)}
    regression = {"mse": float(fastai.mse(predicted, wanted)), "mae": float(fastai.mae(predicted, wanted)),
                  "rmse": sk.root_mean_squared_error(wanted, predicted), "r2": sk.r2_score(wanted, predicted),
                  "explainedVariance": sk.explained_variance_score(wanted, predicted),
                  "pearson": float(np.corrcoef(predicted, wanted)[0, 1]),
                  "spearman": scipy.stats.spearmanr(predicted, wanted).statistic,
                  "spearman.tied": scipy.stats.spearmanr(np.rint(predicted), np.rint(wanted)).statistic,
                  "expRMSPE": float(fastai.exp_rmspe(predicted, wanted))}
    quartic = scipy.optimize.minimize_scalar(
        lambda x: (x - 0.3) ** 4 + 0.1 * x, bounds=(-1, 2), method="bounded", options={"xatol": 0.01})
    numbers = lambda values: {key: v if isinstance(v, list) else float(v) for key, v in values.items()}
    return {
        "multiclass": {"logits": logits.tolist(), "target": target.tolist(), "values": numbers(multiclass)},
        "binary": {"scores": scores.tolist(), "target": flags.tolist(), "values": numbers(binary)},
        "multilabel": {"values": numbers(multilabel)},
        "optimum": {"value": float(quartic.fun), "argument": float(quartic.x)},
        "regression": {"predicted": predicted.tolist(), "target": wanted.tolist(), "values": numbers(regression)},
    }
