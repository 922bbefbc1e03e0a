// SPDX-License-Identifier: Apache-2.0
// `lockstep report`: a run as one page for a browser.

import ArgumentParser
import Lockstep
import LockstepData

/// Writes the page of a run.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a run as one page for a browser: report.html.",
        discussion:
            "RUN is the folder of a run, complete or not. The page has the losses and metrics of history.csv, the learning rate as it was "
            + "planned, the ends of rank logs that lie in the folder, configuration, versions, files, and the command that repeats the "
            + "run. It is one file that refers to nothing outside of itself and runs no script, in light or dark as the reader has it."
    )

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run")) var folder: String
    @Option(help: ArgumentHelp("Write the page here (default: report.html in the folder).", valueName: "file"))
    var output: String?

    func validate() throws { try Output.checkName("--output", output) }

    func run() throws {
        let page = ReportPage(try RunFacts(of: folder, for: "report"))
        let path = output ?? "\(folder)/report.html"
        try Output.check(output == nil ? "report" : "--output", file: path)
        try Output.write(page.html, to: path)
        if !OutputFile.isStream(path) { try say("the report is in \(path)") }
    }
}
