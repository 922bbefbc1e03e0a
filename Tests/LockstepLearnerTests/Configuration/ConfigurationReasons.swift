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
        "TabularModel.options": "each of them", "TabM.options": "each of them",
        "Bert.configuration": "each of its sizes",
        "DistilBert.configuration": "each of its sizes", "GPT2.configuration": "each of its sizes",
        "TabularModel.categoricalCount": "the number of categories",
        "TabularModel.continuousCount": "continuous", "MSEFlat.flattening": "convertsTarget",
        "L1Flat.flattening": "convertsTarget", "BCEWithLogitsFlat.flattening": "flattens, convertsTarget",
        "LossMetric.label": "name", "Recorder.smooth": "beta", "Tracker.direction": "smallerIsBetter",
        "UNet.plan": "each of its sizes", "UNet.blocks": "of taps and widths", "UNet.cross": "lastCross",
        "UNet.enlarging": "enlarges", "UNet.last": "outputs", "SaveModelCallback.moment": "saving, every",
        "MixUp.draw": "alpha", "CutMix.draw": "alpha",
    ]

    private static let groups = Dictionary(
        [
            ("what it has seen, or works with", state), ("how it was called, for sentences", places),
            ("where text goes", ["ProgressCallback.console", "Tracker.console"]),
            ("set by ranks, for a fit", ["BatchNorm.statisticsReducer"]),
        ].flatMap { reason, names in names.map { ($0, reason) } }, uniquingKeysWith: { first, _ in first })

    private static let places = ["Dice", "DiceMulti", "ForegroundAcc", "CorpusBLEU"].flatMap {
        ["\($0).file", "\($0).line"]
    }

    /// Variables that only the type sets, and that no initialiser takes, need no reason.
    private static let state = ["LossMetric.read", "Recorder.validLoss"]
}
