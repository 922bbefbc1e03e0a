// SPDX-License-Identifier: Apache-2.0
// One run of a recipe on every rank: train, report, leave the files.

import Foundation
import Lockstep

/// Trains a task on the ranks that were asked for.
struct TrainingRun: Sendable {
    private let settings: TrainingSettings
    private let options: TrainingOptions
    private let plan: RunPlan
    private let log: RunLog
    /// The folder of the run that this one is a part of; nil for a run by itself.
    private let whole: String?

    init(
        _ settings: TrainingSettings, _ options: TrainingOptions, _ plan: RunPlan, _ log: RunLog,
        partOf whole: String? = nil
    ) {
        (self.settings, self.options, self.plan, self.log, self.whole) = (settings, options, plan, log, whole)
    }

    /// Makes the task and trains it, on one of `ranks`.
    ///
    /// - Parameter started: When the program began, from which a time limit counts; now when nil.
    func train(
        _ make: (TrainingSettings) throws -> TrainingTask, _ ranks: any Communicator,
        since started: ContinuousClock.Instant? = nil
    ) throws {
        let beginning = ContinuousClock.now
        setSeed(settings.seed)
        let task = try make(settings)
        try task.check(settings)
        try options.checkTrackers(task)
        try options.checkBitwise(task.model)
        try RunWatch.endIfAsked(over: ranks)
        if let workers = options.workers { task.dls.train.numWorkers = workers }
        let files = try RunFolder(plan, recipe: settings.recipe, over: ranks)
        if files.isComplete {
            if ranks.isRankZero { RunFolder.sayComplete(files.folder, log) }
            return
        }
        if ranks.isRankZero { log.begin(task, settings, ranks, folder: files.folder) }
        let watch = try RunWatch(
            options.watch, plan, in: files.folder, since: started ?? beginning, partOf: whole, over: ranks, saidIn: log)
        let learner = Learner(
            dls: task.dls, model: task.model, loss: task.loss, optimizer: task.optimizer, splitter: task.splitter,
            callbacks: watch.callbacks + options.trackers(log.console),
            metrics: [task.metric], path: files.folder, modelDirectory: "", seed: settings.seed)
        log.take(over: learner)
        let prepared = ContinuousClock.now
        var (conclusion, augmented): (String?, Double?)
        var best: Double??
        var interpretation: RunInterpretation?
        try learner.distributed(
            over: ranks, reduction: options.bitwise ? .bitwise : .ranks, compression: options.compression.value
        ) {
            try learner.coordinator.write {
                try files.write(settings.json + "\n", to: "settings.json")
                try RunState(state: .running).write(in: files)
            }
            try watch.fit(learner, settings, freezeEpochs: task.freezeEpochs)
            if watch.isStopped { return }
            try learner.save("model", withOptimizer: false)
            if let save = options.save { try learner.save(absolute(save), withOptimizer: false) }
            try learner.export(to: absolute(files.path("export.bundle")))
            if let export = options.export { try learner.export(to: absolute(export)) }
            conclusion = try task.conclude?(learner, files)
            // Of the model that is kept, not of the last epoch's.
            if options.best { best = try learner.withoutProgress { try learner.validate() }.last }
            if options.showResults { interpretation = try RunInterpretation(learner) }
            if options.tta { augmented = try accuracy(of: learner.tta().predictions, learner) }
        }
        try watch.endIfStopped(over: ranks, in: files)
        try watch.endIfAskedLate(over: ranks, in: files)
        let trained = ContinuousClock.now
        // After training every rank has the whole model: each predicts a part of the rows.
        let isPredicted = try writePredictions(of: learner, in: files, over: ranks)
        if ranks.isRankZero {
            try report(
                learner, task, files, conclusion, best, augmented, interpretation, isPredicted,
                times: (prepared - beginning, trained - prepared))
            try RunState(state: .complete).write(in: files)
            RunState.removeCheckpoints(of: files.folder)
        }
        try end(learner, watch, files, over: ranks)
    }

    /// Writes predictions for every row of a table; false where there is none. Collective.
    private func writePredictions(
        of learner: Learner, in files: RunFolder, over ranks: any Communicator
    ) throws -> Bool {
        guard let data = settings.data, let columns = learner.dls.columns else { return false }
        let table = try columns.readRows(data)
        _ = try TablePredictions.write(learner, table, to: files.path("predictions.csv"), over: ranks)
        return true
    }

    /// What rank 0 leaves and says at the end.
    private func report(
        _ learner: Learner, _ task: TrainingTask, _ files: RunFolder, _ conclusion: String?, _ best: Double??,
        _ augmented: Double?, _ interpretation: RunInterpretation?, _ isPredicted: Bool,
        times: (setUp: Duration, trained: Duration)
    ) throws {
        var written = ["model.safetensors", "export.bundle", "history.csv", "settings.json"]
        if isPredicted { written.append("predictions.csv") }
        if options.best { written.append("best.safetensors") }
        if options.showResults {
            let results = try learner.showResults(console: log == .table ? .standardOutput : nil)
            try results.write(to: files.path("results.html"), title: "\(settings.recipe): predictions")
            written.append("results.html")
        }
        if let interpretation {
            try files.write(interpretation.json, to: RunInterpretation.file)
            written.append(RunInterpretation.file)
        }
        let (setUp, trained) = (times.setUp / .seconds(1), times.trained / .seconds(1))
        let last = (best ?? learner.finalRecord.last).flatMap { $0 }.map { decimals($0, 4) } ?? "unknown"
        let metric = last + (best == nil ? "" : " of the best epoch")
        let result = metric + (augmented.map { ", with test-time augmentation \(decimals($0, 4))" } ?? "")
        log.event(
            "end",
            zip((learner.recorder?.metricNames ?? []).dropFirst(), learner.finalRecord).map { ($0, .number($1)) }
                + (best.map { [("best_" + task.metric.name, .number($0))] } ?? [])
                + (augmented.map { [("tta_" + task.metric.name, .number($0))] } ?? [])
                + (conclusion.map { [("conclusion", .text($0))] } ?? []) + [
                    ("seconds", .number(trained)), ("seconds_before", .number(setUp)),
                    ("folder", .text(files.folder)), ("files", .list(written.map { .text($0) })),
                ])
        log.tell(
            """
            \(conclusion ?? "\(task.metric.name) \(result)"), trained in \(decimals(trained, 2)) s \
            (data and model took \(decimals(setUp, 2)) s)
            the run's files lie in \(files.folder): \(written.joined(separator: ", "))

            """)
    }

    /// Ends a rank whose run is complete with a code that says what is wrong with it, if something is.
    private func end(_ learner: Learner, _ watch: RunWatch, _ files: RunFolder, over ranks: any Communicator) throws {
        let losses = learner.finalRecord.prefix(2).compactMap { $0 }
        if let loss = losses.first(where: { !$0.isFinite }) {
            if ranks.isRankZero {
                Console.standardError.write(
                    "lockstep: the final loss is \(loss.isNaN ? "not a number" : "infinite"): the model in \(files.folder) is of no use; a smaller --lr may help\n"
                )
            }
            try endTold(65, over: ranks)
        }
        if watch.hasLostLogs { try endTold(74, over: ranks) }
    }
}

/// Ends this rank, in good order, with a code whose reason has been said.
func endTold(_ code: Int32, over ranks: any Communicator) throws {
    // A thread cannot end alone: what it throws ends the process when the others have come to their end.
    if ranks is InProcessCommunicator { throw Failure(description: "", code: code, isTold: true) }
    World.end(code: code)
}

/// The share of right decisions; nil without any, as on ranks that do not get the predictions.
private func accuracy(of found: Predictions, _ learner: Learner) -> Double? {
    guard let targets = found.target?.ints, !targets.isEmpty else { return nil }
    let decisions = learner.lossFunction.decodes(found.predictions).ints
    return Double(zip(decisions, targets).count { $0 == $1 }) / Double(targets.count)
}

/// The path from the root.
func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}

/// `value` with a fixed number of decimals.
func decimals(_ value: Double, _ digits: Int) -> String {
    value.isNaN ? "nan" : String(format: "%.\(digits)f", value)
}
