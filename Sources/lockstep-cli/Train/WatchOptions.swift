// SPDX-License-Identifier: Apache-2.0
// What a training run can be told about being watched, stopped and resumed.

import ArgumentParser
import Foundation
import Lockstep

/// Options of every recipe that change nothing about the training.
struct WatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Go on with an interrupted run, in the middle of an epoch if need be, on any number of ranks. Give the recipe and its data as before; what else decides the training is in settings.json. With auto the folder is that of --run: the run begins there if none has begun, goes on if it was interrupted, and is left alone if it is complete (default: auto where LOCKSTEP_RESUME is).",
            valueName: "folder|auto"))
    var resume: String?

    @Flag(help: "Replace the run that lies in the folder of --run.")
    var overwrite = false

    @Option(
        help: ArgumentHelp(
            "Keep a checkpoint to resume from after every so many steps, epochs or minutes: 500steps, 2epochs, 10min; a number alone counts epochs (default: 10min).",
            valueName: "interval"),
        transform: WatchOptions.interval)
    var checkpointEvery: CheckpointInterval?

    @Option(help: ArgumentHelp("How many checkpoints to keep while the run goes on (default: 2).", valueName: "n"))
    var keep: Int?

    @Option(
        help: ArgumentHelp(
            "Stop in good order, to be resumed, early enough before so many minutes have passed (default: the end of a Slurm job).",
            valueName: "minutes"))
    var timeLimit: Double?

    @Option(
        help: ArgumentHelp("Write what every rank did when, for ui.perfetto.dev (JSON).", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Write a log file for each rank into this folder.", valueName: "folder"))
    var logDir: String?

    @Flag(help: "Print what each rank's time went into, after every epoch.")
    var times = false

    /// None of them is a setting of the run.
    static var elsewhere: [String] {
        ["resume", "overwrite", "checkpointEvery", "keep", "timeLimit", "trace", "logDir", "times"]
    }

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep \(keep): at least 1 is needed") }
        if let timeLimit, !(timeLimit > 0 && timeLimit <= 1e7) {
            throw ValidationError("--time-limit \(timeLimit): must be greater than 0 and at most 1e7 minutes")
        }
        if overwrite, resume != nil { throw ValidationError("--overwrite and --resume exclude each other") }
        try Output.checkName("--trace", trace)
        try Output.checkName("--log-dir", logDir, isFolder: true)
        try Output.checkName("--resume", resume, isFolder: true)
    }

    private static func interval(_ text: String) throws -> CheckpointInterval {
        guard let interval = CheckpointInterval(text) else {
            throw ValidationError("“\(text)” is no interval: 500steps, 2epochs, 10min")
        }
        return interval
    }
}
