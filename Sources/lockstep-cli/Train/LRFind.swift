// SPDX-License-Identifier: Apache-2.0
// `lockstep lr-find`: a learning rate for a recipe, from where the loss falls as the rate rises.

import ArgumentParser
import Foundation
import Lockstep

/// The group of recipes.
struct LRFind: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lr-find",
        abstract: "Find a learning rate: draw the loss over the rate and suggest one.",
        discussion:
            "Trains for a hundred batches or so with a rate that rises from --start to --end, and stops when the "
            + "loss explodes. The run's folder gets lr-find.svg (the curve) and lr-find.csv (its points).",
        subcommands: [
            LRFindCommand<DigitsRecipe>.self, LRFindCommand<MNISTRecipe>.self, LRFindCommand<ImagesRecipe>.self,
            LRFindCommand<CSVRecipe>.self, LRFindCommand<TextRecipe>.self, LRFindCommand<TextClassesRecipe>.self,
        ])
}

/// `lockstep lr-find <recipe>`.
struct LRFindCommand<Source: Recipe>: RunCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Source.name, abstract: "Find a learning rate for " + uncapitalized(Source.abstract),
            discussion: "Default: --batch-size \(Source.defaults.batchSize).")
    }

    @OptionGroup var recipe: Source
    @OptionGroup var options: LRFindOptions
    @OptionGroup var common: RunOptions
    var taken = TakenConfiguration()

    static var verb: String { "lr-find" }
    /// A file for training serves, too.
    static var foreign: Set<String> {
        Set((TrainCommand<Source>.settings + TrainCommand<Source>.calls).map(\.name))
    }
    static var settings: [BoundSetting<Self>] {
        Source.settings.map { $0.lifted(\.recipe) }
            + RunOptions.settings(batchSize: Source.defaults.batchSize).map { $0.lifted(\.common) }
    }
    static var calls: [BoundSetting<Self>] {
        LRFindOptions.calls.map { $0.lifted(\.options) } + RunOptions.calls.map { $0.lifted(\.common) }
    }
    static var elsewhere: [String] { Source.elsewhere + RunOptions.elsewhere }

    func checkGroups() throws {
        try common.log.validate()
        try options.validate()
        try common.ranks.validate()
        try common.validate()
    }

    var conflict: SettingConflict? { recipe.conflict }

    mutating func run() throws {
        if !StopSignals.areWatched || Launcher.startedRanks != nil { StopSignals.watch() }
        try takeConfiguration()
        let values = try resolve(resuming: nil)
        if common.printConfig { return try say(configuration(values), terminator: "") }
        try recipe.check()
        let settings = try TrainingSettings(recipe, common, values: values)
        try common.checkFolder(recipe: "lr-find-\(settings.recipe)")
        try common.ranks.run { [recipe, options, common] ranks in
            try options.find(recipe.task, settings, ranks, folder: common.run, log: common.log.value)
        }
    }
}

/// What the finder can be told.
struct LRFindOptions: SettingGroup {
    static let start = rate("start", 1e-7, "The first rate.")
    @Option(LRFindOptions.start) var start: Double?
    static let end = rate("end", 10.0, "The rate that the last batch stays below.")
    @Option(LRFindOptions.end) var end: Double?
    static let iterations = Setting(
        "iterations", 100, help: "Batches to train for.", valueName: "n",
        problem: {
            $0 < 20
                ? "at least 20 are needed" : $0 > Setting<Int>.most ? "at most \(Setting<Int>.most) are possible" : nil
        })
    @Option(LRFindOptions.iterations) var iterations: Int?

    static var calls: [BoundSetting<Self>] {
        [
            BoundSetting(optional: start, \.start), BoundSetting(optional: end, \.end),
            BoundSetting(optional: iterations, \.iterations),
        ]
    }

    private static func rate(_ key: String, _ initial: Double, _ help: String) -> Setting<Double> {
        Setting(
            key, initial, help: help, valueName: "rate",
            problem: { $0 > 0 && $0.isFinite ? nil : "must be greater than 0" })
    }

    private var bounds: (start: Double, end: Double) { (start ?? Self.start.initial, end ?? Self.end.initial) }

    func validate() throws {
        try checkGiven()
        if bounds.start >= bounds.end {
            throw ValidationError("--start \(bounds.start): must be less than --end \(bounds.end)")
        }
    }

    /// Makes the task on one of `ranks`, and searches with all of them.
    func find(
        _ make: (TrainingSettings) throws -> TrainingTask, _ settings: TrainingSettings, _ ranks: any Communicator,
        folder: String?, log: RunLog
    ) throws {
        setSeed(settings.seed)
        let task = try make(settings)
        try task.check(settings)
        let files = try RunFolder(.begin(folder: folder, .goesOn), recipe: "lr-find-\(settings.recipe)", over: ranks)
        if ranks.isRankZero { log.begin(task, settings, ranks, folder: files.folder) }
        let learner = Learner(
            dls: task.dls, model: task.model, loss: task.loss, optimizer: task.optimizer, splitter: task.splitter,
            metrics: [task.metric], path: files.folder, seed: settings.seed)
        log.take(over: learner)
        if task.freezeEpochs != nil { try learner.freeze() }
        let found = try learner.distributed(over: ranks) {
            try learner.lrFind(
                startLR: .value(bounds.start), endLR: .value(bounds.end),
                iterations: iterations ?? Self.iterations.initial, suggest: [.valley],
                callbacks: [EndIfAsked()])
        }
        try RunWatch.endIfAsked(over: ranks, when: "in the search")
        guard ranks.isRankZero else { return }
        var plot = found.plot()
        plot.title = "\(settings.recipe): loss over learning rate"
        let points = zip(found.lrs, found.losses).map { "\($0),\($1)\n" }.joined()
        try files.write(plot.svg(), to: "lr-find.svg")
        try files.write("lr,loss\n" + points, to: "lr-find.csv")
        log.tell(plot.text())
        for (name, point) in found.suggestions {
            log.tell("suggested by \(name): --lr \(String(format: "%.2g", point.lr))\n")
        }
        if found.suggestions.isEmpty { log.tell("no suggestion: \(found.losses.count) batches are too few\n") }
        log.tell("the curve lies in \(files.folder): lr-find.svg, lr-find.csv\n")
        log.event(
            "end",
            [
                ("suggestions", .object(found.suggestions.map { ("\($0.0)", .number($0.1.lr)) })),
                ("batches", .whole(found.losses.count)), ("folder", .text(files.folder)),
                ("files", .list([.text("lr-find.svg"), .text("lr-find.csv")])),
            ])
    }
}

/// Ends the search on all ranks when one of them is asked to stop.
private final class EndIfAsked: Callback {
    override func beforeFit(_ learner: Learner) { learner.coordinator.watch(.stop) { StopSignals.received != nil } }
    override func afterBatch(_ learner: Learner) throws {
        if learner.coordinator.isAgreed(.stop) { throw CancelSignal.fit }
    }
    override func teardown(_ learner: Learner) { learner.coordinator.watch(.stop, nil) }
}
