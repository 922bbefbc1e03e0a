// SPDX-License-Identifier: Apache-2.0
// Every option of a training run, and every value it can have.

import LockstepChecks

extension Option {
    /// All options. New ones go here; the generator, the shrinker and the tests follow from this list.
    public static let all: [Option] = data + model + optimization + callbacks + ranks + afterwards

    private static let data: [Option] = [
        Option("items", 0.8, "8", "4", "2", "1", "3", "5", "7", "11", "13", "17", "23", "34", "40", "0"),
        Option("valid", 0.6, "6", "2", "1", "3", "5", "11", "0"),
        Option("batch", 0.7, "4", "2", "1", "3", "5", "7", "8", "16"),
        Option("validBatch", 0.15, "same", "1", "5"),
        Option("dropLast", 0.15, "no", "yes"),
        Option("shuffle", 0.5, "no", "yes"),
        Option("workers", 0.1, "0", "2"),
        Option(
            "source", 0.35, "tensors", "items", "noisy", "skips", "counted", "stream", "parts", "unevenParts",
            "batches", "shared", "own"
        ),
        Option("sampling", 0.1, "every", "weighted", "partial"),
        Option("ignored", 0.25, "none", "some", "most", "batch"),
        Option("notANumber", 0.04, "no", "yes"),
        Option("seed", 0.5, "1", "2", "3"),
    ]

    private static let model: [Option] = [
        Option("dtype", 0.4, "float32", "float64"),
        Option(
            "model", 0.85, "linear", "mlp", "dropout", "batchNorm", "groupNorm", "layerNorm", "branch", "unused",
            "pair", "heads", "secondHead", "normInSecondHead", "normInFirstHead", "conv", "convNorm", "convGroup",
            "convInstance", "lstm", "gru", "stacked", "carried", "regularized", "language", "carriedLanguage", "gpt",
            "table"),
        Option("frozen", 0.15, "none", "body", "group"),
        Option("trainBn", 0.08, "yes", "no"),
        Option(
            "loss", 0.65, "crossEntropy", "weighted", "smoothing", "weightedSmoothing", "focal", "weightedFocal",
            "mse", "l1", "bce", "bceWithLogits", "weightedBCE", "dice", "customItems", "customScalar",
            "customReduction", "customMasked", "customHole", "customUnweighted"),
        Option("reduction", 0.15, "mean", "sum"),
    ]

    /// Those with options of their own, and whatever else `OptimizerFactory` makes.
    private static let optimizers: [String] = {
        let known = [
            "sgd", "momentum", "adam", "adamW", "rmsProp", "radam", "qhadam", "larc", "lars", "lamb", "lookahead",
            "ranger",
        ]
        return Listed.optimizers.map(\.function).reduce(into: known) { if !$0.contains($1) { $0.append($1) } }
    }()

    private static let optimization: [Option] = [
        Option("optimizer", 0.6, optimizers),
        Option("decay", 0.2, "none", "decoupled", "coupled"),
        Option("wdBnBias", 0.05, "no", "yes"),
        Option("groups", 0.25, "one", "two", "discriminative"),
        Option("schedule", 0.4, "fit", "oneCycle", "flatCos", "sgdr", "fineTune"),
        Option("epochs", 0.6, "1", "2", "3"),
        Option("fits", 0.12, "1", "2"),
        Option("between", 0.7, "nothing", "reload", "reset", "validate"),
    ]

    private static let callbacks: [Option] = [
        Option("accumulation", 0.15, "none", "3", "8"),
        Option("clip", 0.15, "none", "norm", "value"),
        Option("mixing", 0.12, "none", "mixUp", "cutMix"),
        Option("precision", 0.12, "none", "bfloat16", "half", "overflow"),
        Option("stopping", 0.12, "none", "valid_loss", "train_loss", "metric"),
        Option("saving", 0.12, "none", "valid_loss", "train_loss", "metric"),
        Option("plateau", 0.12, "none", "valid_loss", "train_loss", "metric"),
        Option("terminating", 0.08, "no", "yes"),
        Option("short", 0.05, "no", "yes"),
        Option("bnFreeze", 0.05, "no", "yes"),
        Option("mcDropout", 0.05, "no", "yes"),
        Option("stats", 0.05, "no", "yes"),
        Option("csv", 0.08, "no", "yes"),
        Option("signal", 0.15, "none", "fit", "epoch", "train", "validate", "batch", "step", "backward", "error"),
        Option(
            "signalAt", 0.9, "after_loss", "before_epoch", "before_train", "before_batch", "after_pred",
            "before_backward", "after_backward", "before_step", "after_step", "after_batch", "before_validate"),
        Option("signalBatch", 0.5, "1", "0", "2"),
        Option("signalRank", 0.5, "all", "last", "first"),
        Option("signalOrder", 0.4, "20", "0"),
        Option("asks", 0.08, "no", "average", "wholeBatch"),
        Option("nested", 0.08, "none", "validate", "predictions"),
        Option("fetching", 0.06, "no", "yes"),
        Option("watching", 0.06, "none", "trace", "times", "graph"),
        Option("assigns", 0.05, "no", "yes"),
        Option("mistake", 0.06, "no", "yes"),
        Option("finder", 0.05, "no", "yes"),
    ]

    private static let ranks: [Option] = [
        Option("form", 0.3, "scope", "callback", "kept"),
        Option("convention", 0.12, "global", "perRank"),
        Option("batchNorm", 0.2, "sync", "averageStatistics", "local"),
        Option("update", 0.35, "automatic", "owner", "replicated"),
        Option("sums", 0.15, "ranks", "bitwise"),
        Option("nodes", 0.15, "one", "each"),
        Option("compression", 0.08, "none", "bf16"),
        Option("checkInterval", 0.1, "none", "1", "3"),
        Option("again", 0.15, "here", "process", "mpirun"),
    ]

    private static let afterwards: [Option] = [
        Option("metrics", 0.5, "none", "plain", "averaged", "accumulated", "stateless"),
        Option("trainMetrics", 0.15, "no", "yes"),
        Option("predictions", 0.3, "none", "plain", "losses", "everything", "single", "interpretation"),
        Option("tta", 0.06, "no", "yes"),
        Option("validate", 0.15, "no", "yes"),
        Option("resume", 0.2, "none", "middle", "validation", "epoch", "twice"),
        Option("export", 0.2, "no", "yes"),
    ]
}
