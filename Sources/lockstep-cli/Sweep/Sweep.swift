// SPDX-License-Identifier: Apache-2.0
// `lockstep sweep`: many runs of a recipe that differ in some options, and a table of what came of them.

import ArgumentParser
import Lockstep
import LockstepData

/// The group of recipes.
struct Sweep: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a recipe many times with other options, and say which are best.",
        discussion:
            "Each trial is a process and a run of its own in the folder of --out, which also gets sweep.csv, the table that "
            + "is printed at the end, best first. The same command goes on with a sweep that was interrupted: finished trials "
            + "stay, begun ones are resumed.",
        subcommands: [
            SweepCommand<DigitsRecipe>.self, SweepCommand<MNISTRecipe>.self, SweepCommand<ImagesRecipe>.self,
            SweepCommand<CSVRecipe>.self, SweepCommand<TextRecipe>.self, SweepCommand<TextClassesRecipe>.self,
        ])
}

/// `lockstep sweep <recipe>`.
struct SweepCommand<Source: Recipe>: RunCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Source.name, abstract: "Train many times on " + uncapitalized(Source.abstract),
            discussion: "Options are those of `lockstep train \(Source.name)`; --over names those that differ.")
    }

    @OptionGroup var recipe: Source
    @OptionGroup var options: TrainingOptions
    @OptionGroup var common: RunOptions
    @OptionGroup var sweep: SweepOptions
    var taken = TakenConfiguration()

    static var verb: String { "sweep" }
    static var settings: [BoundSetting<Self>] {
        Source.settings.map { $0.lifted(\.recipe) }
            + TrainingOptions.settings(Source.defaults).map { $0.lifted(\.options) }
            + RunOptions.settings(batchSize: Source.defaults.batchSize).map { $0.lifted(\.common) }
    }
    /// What a trial is told as it is.
    private static var trialCalls: [BoundSetting<Self>] {
        TrainingOptions.calls.map { $0.lifted(\.options) } + RunOptions.calls.map { $0.lifted(\.common) }
    }
    static var calls: [BoundSetting<Self>] { trialCalls + SweepOptions.calls.map { $0.lifted(\.sweep) } }
    static var elsewhere: [String] {
        Source.elsewhere + TrainingOptions.elsewhere + RunOptions.elsewhere + SweepOptions.elsewhere
    }

    func validate() throws { try options.watch.check(common.log) }

    func checkGroups() throws {
        try validate()
        try common.log.validate()
        try options.watch.validate()
        try options.validate()
        try common.ranks.validate()
        try common.validate()
        try sweep.validate()
    }

    var conflict: SettingConflict? { recipe.conflict ?? options.conflict }

    mutating func run() throws {
        if !StopSignals.areWatched { StopSignals.watch() }
        if Launcher.startedRanks != nil {
            throw Failure.usage(
                "lockstep sweep starts its trials itself: run it without mpirun; --ranks is each trial's")
        }
        try takeConfiguration()
        try refuseOwnPlaces()
        let axes = try sweep.over.map { try axis($0) }
        try SweepAxis.check(axes, listedAs: "--over")
        if common.printConfig {
            var all = self
            let values = try all.resolve(resuming: nil)
            return try say(all.configuration(values), terminator: "")
        }
        guard !axes.isEmpty else {
            throw Failure.usage("--over: which options differ? --over lr=1e-3,1e-2, say, or --over lr=1e-4..1e-1")
        }
        try checkBase(axes)
        let told = (Self.settings + Self.trialCalls).compactMap { setting in
            setting.given(self).map { (setting.name, $0, setting.isList) }
        }
        let usualEpochs = options.epochs ?? Source.defaults.epochs
        let search = try SweepSearch(
            sweep.strategy(of: axes), axes: axes, trials: sweep.trials, seed: common.seed ?? RunOptions.seed.initial,
            epochs: usualEpochs)
        let plan = SweepPlan(
            recipe: Source.name, told: told, settings: Set(Self.settings.map(\.name)), search: search,
            ranking: sweep.ranking, keepsBest: options.best)
        try SweepRun(
            plan, folder: sweep.out, jobs: sweep.jobs ?? SweepOptions.jobs.initial, log: common.log.value
        ).run()
    }

    /// A trial has places of its own.
    private mutating func refuseOwnPlaces() throws {
        let own = ["run", "resume", "overwrite", "save", "export", "trace", "logDir", "tensorboard", "histogramsEvery"]
        for setting in Self.trialCalls where own.contains(setting.key) && setting.given(self) != nil {
            // A file for one training serves, too.
            if let entry = taken[setting.key], !entry.isSet {
                setting.set(&self, .nothing)
                continue
            }
            throw Failure.usage("\(setting.option): every trial has a folder of its own in that of --out; leave it out")
        }
    }

    /// `lr=1e-3,1e-2`: an option that differs. What a file says of it no longer counts.
    private mutating func axis(_ word: String) throws -> SweepAxis {
        let place = "--over \(word)"
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
            throw Failure.usage("\(place): write KEY=VALUES, such as lr=1e-3,1e-2 or lr=1e-4..1e-1")
        }
        let name = optionName(String(word[..<sign]))
        guard let setting = Self.settings.first(where: { $0.name == name }) else {
            throw Failure.usage(
                "\(place): train \(Source.name) has no option --\(name) that decides the training"
                    + similar(name, Self.settings.map(\.name)))
        }
        if setting.given(self) != nil {
            if taken[setting.key]?.isSet ?? true {
                throw Failure.usage("\(place): the command line says \(setting.option), too; leave one of them out")
            }
            setting.set(&self, .nothing)
        }
        return try SweepAxis(setting, String(word[word.index(after: sign)...]), place: place)
    }

    /// Refuses a sweep no trial of which could begin.
    private func checkBase(_ axes: [SweepAxis]) throws {
        let names = Set(axes.map(\.name))
        for setting in Self.settings where !names.contains(setting.name) && setting.given(self) == nil {
            guard let request = setting.request else { continue }
            throw Failure.usage("Missing expected argument '\(request)'; see 'lockstep sweep \(Source.name) --help'")
        }
        try refuseFolds(names)
        if !names.contains("data"), !names.contains("weights") { try recipe.check() }
    }

    /// Refuses trials of several models: what is compared is the history of one.
    private func refuseFolds(_ names: Set<String>) throws {
        let isOne = names.contains("fold") || Self.settings.contains { $0.key == "fold" && $0.given(self) != nil }
        guard !isOne, let word = names.contains("folds") ? "--over folds" : recipe.folds.map({ "--folds \($0)" })
        else { return }
        throw Failure.usage("\(word): a sweep compares runs of one model each; name one of the folds with --fold")
    }
}
