// SPDX-License-Identifier: Apache-2.0
// `lockstep compare`: several runs side by side, as one page for a browser.

import ArgumentParser
import Lockstep
import LockstepData

/// Writes the page of several runs.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write several runs side by side as one page for a browser.",
        discussion:
            "RUN… are the folders of runs, complete or not, two at least. The page has each loss and metric with a curve for every run, the "
            + "numbers at the end of each and the best there were, and the settings in which the runs differ. Like the page of `lockstep "
            + "report` it is one file that refers to nothing outside of itself.")

    @Argument(help: ArgumentHelp("The folders of runs.", valueName: "run")) var folders: [String]
    @Option(help: ArgumentHelp("Write the page here.", valueName: "file")) var output = "compare.html"

    func validate() throws {
        guard folders.count > 1 else {
            throw ValidationError("compare \(folders.joined(separator: " ")): name two runs at least")
        }
        // The page of a thousand has a curve for each, and nobody can tell them apart.
        guard folders.count <= 100 else { throw ValidationError("compare: \(folders.count) runs; 100 at most") }
        try Output.checkName("--output", output)
    }

    func run() throws {
        let runs = try folders.map { try RunFacts(of: $0, for: "compare") }
        try Output.check("--output", file: output)
        try Output.write(ComparePage(runs).html, to: output)
        if !OutputFile.isStream(output) { try say("the comparison is in \(output)") }
    }
}
