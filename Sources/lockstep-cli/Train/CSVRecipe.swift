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
    @OptionGroup var network: TableNetworkOptions

    static var settings: [BoundSetting<Self>] {
        [BoundSetting(required: data, \.data), BoundSetting(required: target, \.target)]
            + TableOptions.settings.map { $0.lifted(\.table) } + TableSplitOptions.settings.map { $0.lifted(\.split) }
            + [BoundSetting(optional: metric, \.metric)]
            + TableNetworkOptions.settings.map { $0.lifted(\.network) }
            + ClassWeightsOption.settings.map { $0.lifted(\.weighting) }
    }
    func validate() throws { try checkGiven() }

    var modelName: String { network.network.rawValue }
    var source: String? { data }
    func check() throws { try Failure.requireReadable(data ?? "", option: "--data") }

    var conflict: SettingConflict? {
        if let conflict = table.conflict ?? split.conflict ?? network.conflict { return conflict }
        guard let task = table.task, task != .classes else { return nil }
        for (key, isGiven) in [("classWeights", weighting.isBalanced), ("stratify", split.stratify)] where isGiven {
            let words = key == "stratify" ? "--stratify" : "--class-weights balanced"
            return SettingConflict(key: key, words: words, problem: "--task \(task.rawValue) has no classes")
        }
        return nil
    }

    var folds: Int? { split.fold == nil ? split.folds : nil }
    func ofFold(_ fold: Int) -> Self {
        var own = self
        own.split.fold = fold
        return own
    }
    func foldsOfRows(_ settings: TrainingSettings) throws -> [Int] {
        let (rows, options) = try table.read(data ?? "", target: target ?? "")
        return try split.foldsOfRows(rows, target: target ?? "", options, seed: settings.seed)
    }

    func task(_ settings: TrainingSettings) throws -> TrainingTask {
        let (data, target) = (data ?? "", target ?? "")
        var (rows, options) = try table.read(data, target: target)
        let file = TableOptions.remark(options.csv)
        let (splitter, said) = try split.splitter(rows, target: target, &options, seed: settings.seed)
        let tabular = try DataLoaders.table(
            rows, target: target, batchSize: settings.batchSize, seed: settings.seed, split: splitter, options: options)
        let (loaders, columns) = (tabular.loaders, tabular.columns)
        let targets = try TableTargets(of: loaders, columns, file: data, normalizes: network.network == .tabular)
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
            dls: loaders, model: network.made(columns, targets), loss: network.loss(loss),
            metric: try (metric ?? (classes == nil ? .rmse : .accuracy)).metric(classes: classes),
            optimizer: targets.optimizer,
            remarks: file + said + "\(columns)" + targets.remark(settings.batchSize, metric))
    }
}
