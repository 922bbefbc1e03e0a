// SPDX-License-Identifier: Apache-2.0
// One run of a recipe on every rank: train, report, leave the files.

import Foundation
import Lockstep

/// What a recipe trains.
struct TrainingTask {
    let dls: DataLoaders
    let model: Module
    let loss: any LossFunction
    let metric: Metric
    /// Printed before training, once.
    var notes = ""
    /// Run on every rank when the weights are saved; what it returns is printed instead of the metric, once.
    var conclude: (@Sendable (Learner, RunFolder) throws -> String)?
}

/// Trains a task on the ranks that were asked for.
struct TrainingRun: Sendable {
    private let settings: TrainingSettings
    private let options: TrainingOptions

    init(_ settings: TrainingSettings, _ options: TrainingOptions) {
        (self.settings, self.options) = (settings, options)
    }

    /// Makes the task on every rank and trains it.
    func run(_ make: @escaping @Sendable (TrainingSettings) throws -> TrainingTask) throws {
        if options.printConfig { return print(try settings.json) }
        try options.ranks.run { ranks in try train(make, ranks) }
    }

    private func train(_ make: (TrainingSettings) throws -> TrainingTask, _ ranks: any Communicator) throws {
        let started = ContinuousClock.now
        setSeed(settings.seed)
        let task = try make(settings)
        if let train = task.dls.train as? DataLoader, train.batchCount == 0 {
            throw Failure.usage(
                "--batch-size \(settings.batchSize): larger than the training set of \(train.itemCount ?? 0) samples")
        }
        let files = try RunFolder(options.run, recipe: settings.recipe, over: ranks)
        let console = Console.standardOutput
        if ranks.isRankZero {
            if !task.notes.isEmpty { console.write(task.notes + "\n") }
            console.write(opening(task, ranks) + "\n")
        }
        let learner = Learner(
            dls: task.dls, model: task.model, loss: task.loss, callbacks: [HistoryFile(files.path("history.csv"))],
            metrics: [task.metric], path: files.folder, modelDirectory: "", seed: settings.seed)
        let prepared = ContinuousClock.now
        var conclusion: String?
        try learner.distributed(over: ranks) {
            try learner.fitOneCycle(settings.epochs, lrMax: .value(settings.lr))
            try learner.save("model", withOptimizer: false)
            if let save = options.save { try learner.save(absolute(save), withOptimizer: false) }
            try learner.coordinator.write { try files.write(settings.json + "\n", to: "settings.json") }
            conclusion = try task.conclude?(learner, files)
        }
        guard ranks.isRankZero else { return }
        let (setUp, trained) = ((prepared - started) / .seconds(1), (.now - prepared) / .seconds(1))
        let result = learner.finalRecord.last.flatMap { $0 }.map { decimals($0, 4) } ?? "unknown"
        console.write(
            """
            \(conclusion ?? "\(task.metric.name) \(result)"), trained in \(decimals(trained, 2)) s (data and model took \(decimals(setUp, 2)) s)
            the run's files lie in \(files.folder): model.safetensors, history.csv, settings.json

            """)
    }

    private func opening(_ task: TrainingTask, _ ranks: any Communicator) -> String {
        func items(_ source: (any BatchSource)?) -> String { "\((source as? DataLoader)?.itemCount ?? 0)" }
        let kind = ranks is InProcessCommunicator ? "threads" : "processes"
        return
            "\(settings.recipe): \(items(task.dls.train)) samples to train on, \(items(task.dls.valid)) to validate; "
            + "\(settings.model) of \(task.model.parameterCount) parameters; "
            + (ranks.size == 1 ? "1 rank" : "\(ranks.size) ranks (\(kind))")
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

/// `value` with a fixed number of decimals.
func decimals(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
