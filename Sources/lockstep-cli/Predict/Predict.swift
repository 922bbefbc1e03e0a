// SPDX-License-Identifier: Apache-2.0
// `lockstep predict`: an exported learner's answers for new rows, images or texts, in a process of its own.

import ArgumentParser
import Foundation
import Lockstep
import LockstepData

/// Predictions for the rows of a CSV file, for images, or for texts.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predict the rows of a CSV table, images, or texts, with an exported learner.",
        discussion:
            "EXPORT is the folder of a run, or what `lockstep train csv`, `train images` or `train text-classes` leaves there as export.bundle. For images "
            + "the second argument is a PNG or JPEG file, or a folder of them; the answer has a line for each file, with the class "
            + "and every class's probability. For texts it is a CSV table with their column, a .txt file with a text a line, a folder of "
            + ".txt files with a text each, or - for lines of standard input. For a table it is a file with the columns "
            + "that the model was trained on, in any order; further ones, and the column to predict, are not looked at. The "
            + "answer is a table with a line for each row: the predicted number, or the class and every class's "
            + "probability. For the training table it is the same as predictions.csv in the run's folder. Categories, dates, gaps "
            + "and missing columns that training did not have are counted on standard error, column by column.")

    @Argument(help: ArgumentHelp("The exported learner.", valueName: "export")) var bundle: String
    @Argument(
        help: ArgumentHelp(
            "A CSV table with a header, plain or gzip, or - for standard input; an image, or a folder of images; texts.",
            valueName: "rows"))
    var rows: String
    @Option(help: ArgumentHelp("Write the predictions here and not on standard output.", valueName: "file"))
    var output: String?
    @Flag(
        help:
            "Write a JSON object in each line: prediction, and the probabilities of the classes by their names.")
    var json = false
    @Flag(help: "Refuse rows with categories, dates, gaps or missing columns that training did not have.")
    var strict = false
    @OptionGroup var ranks: RankOptions

    func validate() throws { try Output.checkName("--output", output) }

    func run() throws {
        let bundle = try ExportFile.path(bundle, for: "predict")
        if !RowsInput.isStandardInput(rows) { try Failure.requireReadable(rows, option: "predict") }
        try Output.check("--output", file: output)
        try ranks.run { [bundle, rows, output, json, strict] ranks in
            let learner = try Learner.load(contentsOf: bundle, over: ranks)
            let form: AnswerForm = json ? .json : .csv
            if strict, learner.dls.columns == nil {
                throw Failure.usage("--strict: is for the rows of a table, and \(bundle) predicts no column of one")
            }
            if let texts = learner.dls.trainDataset as? TokenizedTexts {
                return try TextPredictions.write(of: learner, texts, bundle, rows, to: output, form, over: ranks)
            }
            guard let columns = learner.dls.columns else {
                return try ImagePredictions.write(of: learner, bundle, rows, to: output, form, over: ranks)
            }
            let given = try RowsInput.table(rows, columns, over: ranks)
            let table = try columns.completed(given)
            // Every rank refuses; only one tells.
            let unseen = strict || ranks.isRankZero ? try columns.unseen(in: given) : []
            if strict { try Predict.refuse(unseen, in: given.file) }
            let undefined = try TablePredictions.write(learner, table, form, to: output, over: ranks)
            guard ranks.isRankZero else { return }
            for values in unseen { Console.standardError.write("lockstep: \(table.file): \(values)\n") }
            try Predict.sayWritten(table.rowCount, to: output)
            try Predict.checkNumbers(undefined, of: table.rowCount, in: table.file)
        }
    }

    /// Refuses rows that hold what training did not have. Rare categories that were cut off are nothing new.
    private static func refuse(_ unseen: [UnseenValues], in file: String) throws {
        let news = unseen.filter { $0.kind != .rare }.map(\.description)
        guard !news.isEmpty else { return }
        let more = news.count > 4 ? "; and \(news.count - 4) more" : ""
        throw Failure.noInput("\(file): --strict: \(news.prefix(4).joined(separator: "; "))\(more)")
    }

    /// Writes the answers where they are wanted.
    static func write(_ csv: String, of count: Int, to output: String?) throws {
        guard let output else { return try say(csv, terminator: "") }
        try Output.write(csv, to: output)
        try sayWritten(count, to: output)
    }

    /// Says where the answers are; what goes through a pipe is for a program, with no word of ours between its lines.
    private static func sayWritten(_ count: Int, to output: String?) throws {
        guard let output, !OutputFile.isStream(output) else { return }
        try say("\(count) predictions are in \(output)")
    }

    /// Says, when the answers are written, that some are not numbers.
    static func checkNumbers(_ undefined: Int64, of count: Int, in file: String, _ items: String = "rows") throws {
        guard undefined > 0 else { return }
        throw Failure(
            description:
                "\(file): \(undefined) of \(count) answers are not finite numbers; the model's weights are none, or the \(items) are far from those of its training",
            code: 1)
    }
}
