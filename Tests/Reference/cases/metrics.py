# SPDX-License-Identifier: Apache-2.0
# Metrics of scikit-learn and fastai on fixed predictions.

import numpy as np
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
    binary = {"rocAUC": sk.roc_auc_score(flags, scores), "averagePrecision": sk.average_precision_score(flags, scores),
              "brier": sk.brier_score_loss(flags, scores), "f1": sk.f1_score(flags, scores > 0.5),
              "fBeta2": sk.fbeta_score(flags, scores > 0.5, beta=2), "jaccard": sk.jaccard_score(flags, scores > 0.5),
              "precision": sk.precision_score(flags, scores > 0.5), "recall": sk.recall_score(flags, scores > 0.5)}
    regression = {"mse": float(fastai.mse(predicted, wanted)), "mae": float(fastai.mae(predicted, wanted)),
                  "rmse": sk.root_mean_squared_error(wanted, predicted), "r2": sk.r2_score(wanted, predicted),
                  "explainedVariance": sk.explained_variance_score(wanted, predicted),
                  "pearson": float(np.corrcoef(predicted, wanted)[0, 1])}
    numbers = lambda values: {key: v if isinstance(v, list) else float(v) for key, v in values.items()}
    return {
        "multiclass": {"logits": logits.tolist(), "target": target.tolist(), "values": numbers(multiclass)},
        "binary": {"scores": scores.tolist(), "target": flags.tolist(), "values": numbers(binary)},
        "regression": {"predicted": predicted.tolist(), "target": wanted.tolist(), "values": numbers(regression)},
    }
