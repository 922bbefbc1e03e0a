// SPDX-License-Identifier: Apache-2.0
// What a training run can be told about being watched, stopped and resumed.

import ArgumentParser
import Foundation
import Lockstep

/// Options of every recipe that change nothing about the training.
struct WatchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Go on with an interrupted run, in the middle of an epoch if need be, on any number of ranks. Give the recipe and its data as before.",
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

    func validate() throws {
        if let checkpointEvery, checkpointEvery < 1 {
            throw ValidationError("--checkpoint-every \(checkpointEvery): at least 1 is needed")
        }
        if let trace, trace.hasSuffix("/") { throw ValidationError("--trace \(trace): name a file, not a folder") }
    }

    /// The settings of the run to resume; `settings` when there is none. What was given explicitly must be as it was then.
    ///
    /// - Throws: ``Failure``: 66 when the folder holds no run, 64 when it holds another one.
    func resumed(
        _ settings: TrainingSettings, given: [(option: String, isSame: (TrainingSettings) -> Bool)]
    ) throws
        -> TrainingSettings
    {
        guard let resume else { return settings }
        let path = resume + "/settings.json"
        let before: TrainingSettings
        do {
            before = try JSONDecoder().decode(TrainingSettings.self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw Failure.noInput("--resume \(resume): no run was begun there: \(path) cannot be read as settings")
        }
        guard (before.recipe, before.model) == (settings.recipe, settings.model) else {
            throw Failure.usage(
                "--resume \(resume): that run trains \(before.model) with the recipe \(before.recipe), not \(settings.model) with \(settings.recipe)"
            )
        }
        if let other = given.first(where: { !$0.isSame(before) }) {
            throw Failure.usage("--resume \(resume): that run was begun with another \(other.option); leave it out")
        }
        return before
    }
}
