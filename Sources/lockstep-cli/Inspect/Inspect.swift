// SPDX-License-Identifier: Apache-2.0
// `lockstep inspect`: what a file or folder is, what is in it, and whether it is whole.

import ArgumentParser
import LockstepInspect

/// Looks at what Lockstep writes.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a file or a run's folder holds and whether it is whole.",
        discussion:
            "Knows weights (those of PyTorch, too, of which nothing is run), resume points, export bundles, settings, histories, "
            + "predictions (CSV and .npy), traces, logs of ranks, pages of results, and the folder of a run. Reads, and changes "
            + "nothing. Ends with 0 for what is whole, 65 for what is damaged or not of Lockstep, 66 for what is not there or "
            + "cannot be read.")

    @Argument(help: ArgumentHelp("A file, or the folder of a run.", valueName: "path")) var path: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let found = Inspection.of(path)
        try say(json ? try found.json : found.text)
        guard found.state != .whole else { return }
        throw Failure(
            description: "\(Fact.visible(path)): \(Fact.visible(found.problem ?? found.state.rawValue))",
            code: found.state.exitCode)
    }
}
