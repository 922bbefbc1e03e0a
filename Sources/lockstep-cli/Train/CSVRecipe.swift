// SPDX-License-Identifier: Apache-2.0
// The recipe for a table in a file.

import ArgumentParser
import Lockstep
import LockstepData

/// A table with a header.
struct CSVRecipe: Recipe {
    static let name = "csv"
    static let abstract = "A CSV table with a header: what the columns are is inferred and printed."
    static let discussion =
        "Missing numbers are filled in, categories become vectors, numbers are standardised, dates become columns of "
        + "their parts, text that differs in nearly every row is left out. With `train`, the run's "
        + "folder gets predictions.csv: the predictions for every row of the table, as `lockstep predict` makes them "
        + "from the exported learner."
    static let defaults = (epochs: 10, lr: 1e-2, batchSize: 64)

    static let data = Setting("data", "", help: "The table.", valueName: "file", showsDefault: false, onResume: .given)
    @Option(CSVRecipe.data) var data: String?
    static let target = Setting(
        "target", "", help: "Name of the column to predict.", valueName: "column", showsDefault: false)
    @Option(CSVRecipe.target) var target: String?
    @OptionGroup var table: TableOptions
    @OptionGroup var split: TableSplitOptions

    static let metric = Setting(
        "metric", TableMetric.accuracy, help: "What is measured (default: accuracy of classes, rmse of numbers).",
        showsDefault: false, onResume: .sameIfKnown)
    @Option(CSVRecipe.metric) var metric: TableMetric?
    @OptionGroup var weighting: ClassWeightsOption
    static let layers = Setting(
        "layers", SettingList([200, 100]), help: "Sizes of the hidden layers.", valueName: "sizes",
        onResume: .sameIfKnown,
        problem: { $0.elements.allSatisfy((1...65_536).contains) ? nil : "sizes must be between 1 and 65536" })
    @Option(CSVRecipe.layers) var layers: SettingList<Int>?
    static let dropout = Setting(
        "dropout", SettingList([0.0]), help: "Share of hidden values to drop: one for all layers, or one for each.",
        valueName: "shares", onResume: .sameIfKnown,
        problem: { $0.elements.allSatisfy { $0 >= 0 && $0 < 1 } ? nil : "shares must be at least 0 and less than 1" })
    @Option(CSVRecipe.dropout) var dropout: SettingList<Double>?

    static var settings: [BoundSetting<Self>] {
        [BoundSetting(required: data, \.data), BoundSetting(required: target, \.target)]
            + TableOptions.settings.map { $0.lifted(\.table) } + TableSplitOptions.settings.map { $0.lifted(\.split) }
            + [
                BoundSetting(optional: metric, \.metric), BoundSetting(layers, \.layers),
                BoundSetting(dropout, \.dropout),
            ] + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    func validate() throws { try checkGiven() }

    var modelName: String { "tabular" }
    var source: String? { data }
    func check() throws { try Failure.requireReadable(data ?? "", option: "--data") }

    var conflict: SettingConflict? {
        if let conflict = table.conflict ?? split.conflict { return conflict }
        let (sizes, shares) = (layers ?? Self.layers.initial, dropout ?? Self.dropout.initial)
        if shares.elements.count != 1, shares.elements.count != sizes.elements.count {
            return SettingConflict(
                key: "dropout", words: "--dropout \(shares.scalar.bare)",
                problem: "\(shares.elements.count) shares for \(sizes.elements.count) layers; give one, or one for each"
            )
        }
        guard let task = table.task, task != .classes else { return nil }
        for (key, isGiven) in [("classWeights", weighting.isBalanced), ("stratify", split.stratify)] where isGiven {
            let words = key == "stratify" ? "--stratify" : "--class-weights balanced"
            return SettingConflict(key: key, words: words, problem: "--task \(task.rawValue) has no classes")
        }
        return nil
    }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let (data, target) = (data ?? "", target ?? "")
        var (rows, options) = try table.read(data, target: target)
        let file = TableOptions.remark(options.csv)
        let (splitter, said) = try split.splitter(rows, target: target, &options, seed: settings.seed)
        let tabular = try DataLoaders.table(
            rows, target: target, batchSize: settings.batchSize, seed: settings.seed, split: splitter, options: options)
        let (loaders, columns) = (tabular.loaders, tabular.columns)
        let targets = try TableTargets(of: loaders, columns, file: data)
        if weighting.isBalanced, columns.classes == nil {
            throw Failure.usage("--class-weights balanced: the target “\(target)” has no classes")
        }
        let loss: any LossFunction =
            switch columns.target.kind {
            case .classification:
                weighting.isBalanced ? .crossEntropy(weight: targets.balancedWeights) : .crossEntropy
            case .regression: .mse
            case .counts: .poisson(logInput: false)
            }
        let classes = columns.classes?.count
        return TrainingTask(
            dls: loaders, model: model(columns, targets), loss: loss,
            metric: try (metric ?? (classes == nil ? .rmse : .accuracy)).metric(classes: classes),
            remarks: file + said + "\(columns)" + targets.remark(settings.batchSize))
    }

    private func model(_ columns: TabularColumns, _ targets: TableTargets) -> TabularModel {
        let sizes = (layers ?? Self.layers.initial).elements
        var shares = (dropout ?? Self.dropout.initial).elements
        if shares.count == 1 { shares = Array(repeating: shares[0], count: sizes.count) }
        return TabularModel(
            embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
            continuous: columns.continuous.count, outputs: columns.target.outputCount, layers: sizes,
            dropout: shares.allSatisfy { $0 == 0 } ? [] : shares, outputRange: targets.range,
            outputScale: targets.scale)
    }
}
