// SPDX-License-Identifier: Apache-2.0
// Stored properties of built-in types that are no field of their description, and why.

enum ConfigurationReasons {
    static let all = renamed.merging(groups) { first, _ in first }

    /// Options under the names that files have for them.
    private static let renamed = [
        "Embedding.paddingIndex": "padding", "LayerNorm.normalizedShape": "shape",
        "MaxPool2d.kernelSize": "kernel", "AvgPool2d.kernelSize": "kernel", "MaxPool1d.kernelSize": "kernel",
        "AvgPool1d.kernelSize": "kernel", "AdaptiveAvgPool2d.outputSize": "size",
        "AdaptiveMaxPool2d.outputSize": "size", "AdaptiveAvgPool1d.outputSize": "size",
        "AdaptiveMaxPool1d.outputSize": "size", "Recurrent.inputSize": "inputs", "Recurrent.hiddenSize": "hidden",
        "Recurrent.hasBias": "bias", "GPT.dropoutRate": "dropout", "RecurrentLanguageModel.dropoutRate": "dropout",
        "TabularModel.options": "each of them", "TabularModel.categoricalCount": "the number of categories",
        "TabularModel.continuousCount": "continuous", "MSEFlat.flattening": "convertsTarget",
        "L1Flat.flattening": "convertsTarget", "BCEWithLogitsFlat.flattening": "flattens, convertsTarget",
        "LossMetric.label": "name", "Recorder.smooth": "beta", "Tracker.direction": "smallerIsBetter",
        "SaveModelCallback.moment": "saving, every", "MixUp.draw": "alpha", "CutMix.draw": "alpha",
    ]

    private static let groups = Dictionary(
        [
            ("what it has seen, or works with", state), ("how it was called, for sentences", places),
            ("where text goes", ["ProgressCallback.console", "Tracker.console"]),
            ("set by ranks, for a fit", ["BatchNorm.statisticsReducer", "BatchNorm.singleValueHandler"]),
        ].flatMap { reason, names in names.map { ($0, reason) } }, uniquingKeysWith: { first, _ in first })

    private static let places = ["Dice", "DiceMulti", "ForegroundAcc", "CorpusBLEU"].flatMap {
        ["\($0).file", "\($0).line"]
    }

    private static let state = [
        "Recurrent.carried", "AvgSmoothLoss.count", "AvgSmoothLoss.sum", "LossMetric.average", "LossMetric.read",
        "AvgLoss.entries", "AvgLoss.offset", "Dice.inter", "Dice.union", "Dice.mark", "DiceMulti.counts",
        "DiceMulti.mark", "ForegroundAcc.counts", "ForegroundAcc.mark", "CorpusBLEU.matches", "CorpusBLEU.counts",
        "CorpusBLEU.lengths", "Recorder.lrs", "Recorder.losses", "Recorder.iters", "Recorder.rows", "Recorder.names",
        "Recorder.hps", "Recorder.validLoss", "Recorder.trainValues", "Recorder.validValues", "Recorder.metrics",
        "Recorder.sawPhase", "Recorder.isCancelled", "Recorder.start", "ProgressCallback.bar",
        "ProgressCallback.replaced", "ProgressCallback.isShown", "CollectDataCallback.data",
        "WeightAverage.weights", "WeightAverage.steps", "WeightAverage.wasCancelled", "MCDropoutCallback.passes",
        "MCDropoutCallback.switchedOn", "RNNCallback.rawStates",
        "RNNCallback.states",
        "GradientAccumulation.count", "GradientAccumulation.batchItems", "MixHandler.mixedLoss",
        "MixHandler.original", "GradientClip.norm", "Tracker.best", "Tracker.outcome", "EarlyStoppingCallback.waited",
        "ReduceLROnPlateau.waited", "SaveModelCallback.lastPath", "SaveModelCallback.hasBest",
    ]
}
