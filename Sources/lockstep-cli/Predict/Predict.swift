// SPDX-License-Identifier: Apache-2.0
// `lockstep predict`: an exported learner's answers for new rows, in a process of its own.

import ArgumentParser
import Foundation
import Lockstep
import LockstepData

/// Predictions for the rows of a CSV file.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predict the rows of a CSV table with an exported learner.",
        discussion:
            "EXPORT is what `lockstep train csv` leaves as export.bundle in the run's folder. ROWS needs the columns "
            + "that the model was trained on, in any order; further ones, and the column to predict, are not looked at. The "
            + "answer is a table with a line for each row: the predicted number, or the class and every class's "
            + "probability. For the training table it is the same as predictions.csv in the run's folder. Categories and "
            + "gaps that training did not have are counted on standard error, column by column.")

    @Argument(help: ArgumentHelp("The exported learner.", valueName: "export")) var bundle: String
    @Argument(help: ArgumentHelp("A CSV table with a header, plain or gzip.", valueName: "rows.csv")) var rows: String
    @Option(help: ArgumentHelp("Write the predictions here and not on standard output.", valueName: "file"))
    var output: String?
    @OptionGroup var ranks: RankOptions

    func validate() throws { try Output.checkName("--output", output) }

    func run() throws {
        try Failure.requireReadable(bundle, option: "predict")
        try Failure.requireReadable(rows, option: "predict")
        try Output.check("--output", file: output)
        try ranks.run { [bundle, rows, output] ranks in
            let learner = try Learner.load(contentsOf: bundle, over: ranks)
            guard let columns = learner.dls.columns else {
                throw Failure.noInput("\(bundle): holds a learner that does not predict a column of a table")
            }
            let table = try columns.readRows(rows)
            let (csv, undefined) = try TablePredictions.shared(learner, table, over: ranks)
            if ranks.rank == 0 {
                for values in try columns.unseen(in: table) {
                    Console.standardError.write("lockstep: \(rows): \(values)\n")
                }
            }
            guard let csv else { return }
            let doubt = Predict.doubt(undefined, of: table)
            if let output {
                // What goes through a pipe is for a program: no word of ours between its lines.
                let isFile = !OutputFile.isStream(output)
                try Output.write(csv, to: output)
                if isFile { try say("\(table.rowCount) predictions are in \(output)") }
            } else {
                try say(csv, terminator: "")
            }
            if let doubt { throw doubt }
        }
    }

    /// What is said, when the answers are written, of those that are not numbers.
    private static func doubt(_ count: Int64, of table: CSVTable) -> Failure? {
        count == 0
            ? nil
            : Failure(
                description:
                    "\(table.file): \(count) of \(table.rowCount) answers are not finite numbers; the model's weights are none, or the rows are far from those of its training",
                code: 1)
    }
}
