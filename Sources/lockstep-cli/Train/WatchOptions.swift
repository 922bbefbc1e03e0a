// SPDX-License-Identifier: Apache-2.0
// What a training run can be told about being watched, stopped and resumed.

import ArgumentParser
import Foundation
import Lockstep

/// Options of every recipe that change nothing about the training.
struct WatchOptions: SettingGroup {
    static let resume = Setting(
        "resume", "",
        help:
            "Go on with an interrupted run, in the middle of an epoch if need be, on any number of ranks. Give the recipe; what else decides the training, the data too, is in settings.json. With auto the folder is that of --run: the run begins there if none has begun, goes on if it was interrupted, and is left alone if it is complete (default: auto where LOCKSTEP_RESUME is).",
        valueName: "folder|auto", showsDefault: false)
    @Option(WatchOptions.resume) var resume: String?

    static let overwrite = Setting(
        "overwrite", false, help: "Replace the run that lies in the folder of --run.", showsDefault: false)
    @Flag(WatchOptions.overwrite) var overwrite = false

    static let checkpointEvery = Setting(
        "checkpointEvery", "10min",
        help:
            "Keep a checkpoint to resume from after every so many steps, epochs or minutes: 500steps, 2epochs, 10min; a number alone counts epochs (default: 10min).",
        valueName: "interval", showsDefault: false,
        problem: { CheckpointInterval($0) == nil ? "is no interval: 500steps, 2epochs, 10min" : nil })
    @Option(WatchOptions.checkpointEvery) var checkpointEvery: String?

    static let keep = Setting(
        "keep", 2, in: 1...Setting<Int>.most,
        help: "How many checkpoints to keep while the run goes on (default: 2).", showsDefault: false)
    @Option(WatchOptions.keep) var keep: Int?

    static let timeLimit = Setting(
        "timeLimit", 60.0,
        help:
            "Stop in good order, to be resumed, early enough before so many minutes have passed (default: the end of a Slurm job).",
        valueName: "minutes", showsDefault: false,
        problem: { $0 > 0 && $0 <= 1e7 ? nil : "must be greater than 0 and at most 1e7 minutes" })
    @Option(WatchOptions.timeLimit) var timeLimit: Double?

    static let trace = Setting(
        "trace", "", help: "Write what every rank did when, for ui.perfetto.dev (JSON).", valueName: "file",
        showsDefault: false)
    @Option(WatchOptions.trace) var trace: String?

    static let logDir = Setting(
        "logDir", "", help: "Write a log file for each rank into this folder.", valueName: "folder",
        showsDefault: false)
    @Option(WatchOptions.logDir) var logDir: String?

    static let times = Setting(
        "times", false, help: "Print what each rank's time went into, after every epoch.", showsDefault: false)
    @Flag(WatchOptions.times) var times = false

    static let tensorboard = Setting(
        "tensorboard", "",
        help: "Write event files for TensorBoard into this folder: losses, rates, metrics, and what the run was told.",
        valueName: "folder", showsDefault: false)
    @Option(WatchOptions.tensorboard) var tensorboard: String?

    static let histogramsEvery = Setting(
        "histogramsEvery", 100, in: 1...Setting<Int>.most,
        help:
            "With --tensorboard, also histograms of parameters and gradients, after every so many steps (default: never).",
        valueName: "steps", showsDefault: false)
    @Option(WatchOptions.histogramsEvery) var histogramsEvery: Int?

    /// None of them is a setting of the run.
    static var calls: [BoundSetting<Self>] {
        [
            BoundSetting(optional: resume, \.resume), BoundSetting(flag: overwrite, \.overwrite),
            BoundSetting(optional: checkpointEvery, \.checkpointEvery), BoundSetting(optional: keep, \.keep),
            BoundSetting(optional: timeLimit, \.timeLimit), BoundSetting(optional: trace, \.trace),
            BoundSetting(optional: logDir, \.logDir), BoundSetting(flag: times, \.times),
            BoundSetting(optional: tensorboard, \.tensorboard),
            BoundSetting(optional: histogramsEvery, \.histogramsEvery),
        ]
    }

    /// When checkpoints are kept.
    var interval: CheckpointInterval {
        CheckpointInterval(checkpointEvery ?? Self.checkpointEvery.initial) ?? .minutes(10)
    }

    /// Refuses a table of each rank's times, which has no other form, beside another one of what is printed.
    func check(_ log: LogOptions) throws {
        guard times, log.value != .table else { return }
        throw ValidationError("--times prints a table; leave it or --\(log.quiet ? "quiet" : "log json") out")
    }

    func validate() throws {
        try checkGiven()
        if overwrite, resume != nil { throw ValidationError("--overwrite and --resume exclude each other") }
        try Output.checkName("--trace", trace)
        try Output.checkName("--log-dir", logDir, isFolder: true)
        try Output.checkName("--tensorboard", tensorboard, isFolder: true)
        if histogramsEvery != nil, tensorboard == nil {
            throw ValidationError("--histograms-every: where to? name a folder with --tensorboard")
        }
        try Output.checkName("--resume", resume, isFolder: true)
    }
}
