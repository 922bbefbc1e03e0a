// SPDX-License-Identifier: Apache-2.0
// What every recipe can be told.

import ArgumentParser
import Foundation
import Lockstep

/// Options of everything that runs a recipe. The recipe fills in what is not given.
struct RunOptions: SettingGroup {
    static let batchSize = Setting(
        "batchSize", 64, in: 1...1_000_000_000, help: "Samples per step, over all ranks.", showsDefault: false)
    @Option(RunOptions.batchSize) var batchSize: Int?

    static let seed = Setting(
        "seed", 42 as UInt64, help: "Decides initial weights, the split and the order of samples.", valueName: "n")
    @Option(RunOptions.seed) var seed: UInt64?

    static let run = Setting(
        "run", "", help: "Folder of the run's files (default: runs/<recipe>-<date>-<time>).", valueName: "folder",
        showsDefault: false)
    @Option(RunOptions.run) var run: String?

    @Option(
        help: ArgumentHelp(
            "A file of YAML with the names of options for keys; settings.json of a run is one. What the command line says, or --set, comes first.",
            valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("One option as the file would say it; again for more.", valueName: "key=value"))
    var sets: [String] = []

    @Flag(help: "Print the whole configuration as a file for --config, and do nothing else.")
    var printConfig = false

    @OptionGroup var ranks: RankOptions
    @OptionGroup var log: LogOptions

    static var settings: [BoundSetting<Self>] { settings(batchSize: batchSize.initial) }
    /// The same, for a recipe's usual batch size.
    static func settings(batchSize usual: Int) -> [BoundSetting<Self>] {
        [BoundSetting(batchSize, \.batchSize, initial: { _ in usual }), BoundSetting(seed, \.seed)]
    }
    static var calls: [BoundSetting<Self>] {
        [BoundSetting(optional: run, \.run)] + RankOptions.calls.map { $0.lifted(\.ranks) }
            + LogOptions.calls.map { $0.lifted(\.log) }
    }
    static var elsewhere: [String] { ["config", "sets", "printConfig"] }

    func validate() throws {
        try checkGiven()
        try Output.checkName("--run", run, isFolder: true)
        if let config, config.isEmpty { throw ValidationError("--config “”: name a file") }
    }

    /// Refuses a place where the run's folder cannot be: before any rank is started.
    func checkFolder(recipe: String, resuming folder: String? = nil) throws {
        if let folder = folder ?? run {
            try Output.check(run == nil ? "--resume" : "--run", folder: folder)
        } else {
            try Output.check("the run's folder", folder: "runs/\(recipe)")
        }
    }
}

/// Options of training alone.
struct TrainingOptions: SettingGroup {
    static let epochs = Setting(
        "epochs", 10, in: 1...1_000_000_000, help: "Passes over the training data.", showsDefault: false)
    @Option(TrainingOptions.epochs) var epochs: Int?

    static let lr = Setting(
        "lr", 1e-3, help: "Peak learning rate of the one-cycle schedule.", valueName: "rate", showsDefault: false
    ) { rate in rate > 0 && rate <= 1e6 ? nil : "must be greater than 0 and at most 1e6" }
    @Option(TrainingOptions.lr) var lr: Double?

    static let workers = Setting(
        "workers", 0, in: 0...256,
        help:
            "Threads of each rank that make training batches ahead of its steps; the batches are the same (default: 0, for images 1).",
        showsDefault: false)
    @Option(TrainingOptions.workers) var workers: Int?

    static let save = Setting(
        "save", "", help: "Write the trained weights here, too (safetensors).", valueName: "file", showsDefault: false)
    @Option(TrainingOptions.save) var save: String?

    static let export = Setting(
        "export", "", help: "Write the exported learner here, too.", valueName: "file", showsDefault: false)
    @Option(TrainingOptions.export) var export: String?

    static let tta = Setting(
        "tta", false,
        help: "Also predict averages over randomly changed images (test-time augmentation); implies --augment.",
        showsDefault: false, onResume: .given)
    @Flag(TrainingOptions.tta) var tta = false

    static let showResults = Setting(
        "showResults", false,
        help:
            "Show some predictions at the end, in the terminal and as results.html in the run's folder; and leave there, for lockstep report, which classes are confused and the items with the largest losses (interpretation.json).",
        showsDefault: false)
    @Flag(TrainingOptions.showResults) var showResults = false

    static let bitwise = Setting(
        "bitwise", false,
        help:
            "Train with the same bits on 1, 2, 4 and 8 ranks: batches in eight pieces, added as a fixed tree. Slower.",
        showsDefault: false, onResume: .sameIfKnown)
    @Flag(TrainingOptions.bitwise) var bitwise = false

    static let earlyStop = Setting(
        "earlyStop", 1, in: 1...1_000_000_000,
        help: "End when the loss of validation has not become smaller for so many epochs (default: never).",
        valueName: "epochs", showsDefault: false, onResume: .sameIfKnown)
    @Option(TrainingOptions.earlyStop) var earlyStop: Int?

    static let best = Setting(
        "best", false, help: "Keep the model of the epoch with the smallest loss of validation, not of the last one.",
        showsDefault: false, onResume: .sameIfKnown)
    @Flag(TrainingOptions.best) var best = false

    @OptionGroup var compression: CompressionOption
    @OptionGroup var watch: WatchOptions

    static var settings: [BoundSetting<Self>] { settings((epochs.initial, lr.initial, 0)) }
    /// The same, with what is usual for a recipe.
    static func settings(_ usual: (epochs: Int, lr: Double, batchSize: Int)) -> [BoundSetting<Self>] {
        [
            BoundSetting(epochs, \.epochs, initial: { _ in usual.epochs }),
            BoundSetting(lr, \.lr, initial: { _ in usual.lr }), BoundSetting(flag: tta, \.tta),
            BoundSetting(flag: bitwise, \.bitwise), BoundSetting(optional: earlyStop, \.earlyStop),
            BoundSetting(flag: best, \.best),
        ] + CompressionOption.settings.map { $0.lifted(\.compression) }
    }
    static var calls: [BoundSetting<Self>] {
        [
            BoundSetting(optional: workers, \.workers), BoundSetting(optional: save, \.save),
            BoundSetting(optional: export, \.export), BoundSetting(flag: showResults, \.showResults),
        ] + WatchOptions.calls.map { $0.lifted(\.watch) }
    }

    func validate() throws {
        try checkGiven()
        try Output.checkName("--save", save)
        try Output.checkName("--export", export)
    }

    /// Refuses places where what is asked for cannot be written: before training, not after.
    func checkPlaces() throws {
        try Output.check("--save", weights: save)
        try Output.check("--export", file: export)
        try Output.check("--trace", file: watch.trace)
        try Output.check("--log-dir", folder: watch.logDir)
        try Output.check("--tensorboard", folder: watch.tensorboard)
    }

    /// What a cross-validation of several models has no place for.
    func conflict(withFolds folds: Int) -> SettingConflict? {
        let places = [
            ("save", "--save", save), ("export", "--export", export), ("trace", "--trace", watch.trace),
            ("logDir", "--log-dir", watch.logDir), ("tensorboard", "--tensorboard", watch.tensorboard),
        ]
        for case (let key, let option, let place?) in places {
            return SettingConflict(
                key: key, words: "\(option) \(place)",
                problem: "one place for the \(folds) models of --folds; with --fold one of them is trained")
        }
        return nil
    }

    /// Refuses a model that cannot be trained in pieces of a batch, before a folder is made for it.
    func checkBitwise(_ model: Module) throws {
        guard bitwise, model.modules().contains(where: { $0 is BatchNorm }) else { return }
        throw Failure.usage(
            "--bitwise: the model has batch normalisation, whose statistics need the whole batch at once; a model without it can be trained so, as digits' mlp and tables' tabm"
        )
    }

    /// What excludes each other.
    var conflict: SettingConflict? {
        guard bitwise, compression.isOn else { return nil }
        return SettingConflict(
            key: "bitwise", words: "--bitwise",
            problem: "it and --compression bf16 exclude each other: the one keeps the bits that the other rounds")
    }
}
