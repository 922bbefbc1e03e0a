// SPDX-License-Identifier: Apache-2.0
// What a training run can be told about being watched, stopped and resumed.

import ArgumentParser
import Foundation
import Lockstep

/// Options of every recipe that change nothing about the training.
struct WatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Go on with an interrupted run, in the middle of an epoch if need be, on any number of ranks. Give the recipe and its data as before; what else decides the training is in settings.json.",
            valueName: "folder"))
    var resume: String?

    @Option(help: ArgumentHelp("Keep a checkpoint to resume from after every so many epochs.", valueName: "n"))
    var checkpointEvery: Int?

    @Option(
        help: ArgumentHelp("Write what every rank did when, for ui.perfetto.dev (JSON).", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Write a log file for each rank into this folder.", valueName: "folder"))
    var logDir: String?

    @Flag(help: "Print what each rank's time went into, after every epoch.")
    var times = false

    /// None of them is a setting of the run.
    static var elsewhere: [String] { ["resume", "checkpointEvery", "trace", "logDir", "times"] }

    func validate() throws {
        if let checkpointEvery, checkpointEvery < 1 {
            throw ValidationError("--checkpoint-every \(checkpointEvery): at least 1 is needed")
        }
        try Output.checkName("--trace", trace)
        try Output.checkName("--log-dir", logDir, isFolder: true)
        try Output.checkName("--resume", resume, isFolder: true)
    }
}
