// SPDX-License-Identifier: Apache-2.0
// A model's answers for the rows of a table, as a table.

import Lockstep
import LockstepData
import LockstepTensor

/// The predictions for rows of a table, in the table's order.
struct TablePredictions {
    /// The names of the columns.
    let header: String
    /// A line for each row: the number, or the class and every class's probability; no class where a probability is not a
    /// number.
    let lines: String
    /// Rows for which the model's answer is not a finite number.
    let undefined: Int

    /// How many rows are predicted at a time, about: the answers for all may be more than fits in memory.
    private static let rowsAtATime = 1 << 18

    /// Writes the predictions for every row to a file, whole or not at all, or to standard output. Collective.
    ///
    /// - Returns: On every rank how many answers are not numbers.
    static func write(
        _ learner: Learner, _ table: CSVTable, _ form: AnswerForm = .csv, to path: String?, over ranks: any Communicator
    ) throws -> Int64 {
        var file: OutputFile?
        let undefined = try each(learner, table, form, over: ranks) { lines in
            guard let path else { return try say(lines, terminator: "") }
            if file == nil { file = try OutputFile(path) }
            try file?.write(Array(lines.utf8))
        }
        try file?.finish()
        return undefined
    }

    /// Calls `take` on rank 0 with the predictions for every row, in the table's order and the header first, some at a time; each rank
    /// predicts a part. Collective.
    ///
    /// - Returns: On every rank how many answers are not numbers.
    /// - Throws: What `take` throws, once all has been gathered: no rank waits for one that has left.
    private static func each(
        _ learner: Learner, _ table: CSVTable, _ form: AnswerForm, over ranks: any Communicator,
        take: (String) throws -> Void
    ) throws -> Int64 {
        let batchSize = learner.dls.train.batchSize ?? 1
        let size = max(1, rowsAtATime / batchSize) * batchSize
        var (start, undefined, failure) = (0, Int64(0), nil as (any Error)?)
        repeat {
            let end = min(start + size, table.rowCount)
            let own = part(of: ranks.rank, among: ranks.size, rows: end - start, batchSize: batchSize)
            let predicted = try TablePredictions(
                learner, table, form, part: own.lowerBound + start..<own.upperBound + start)
            let (text, count) = try gathered(
                start == 0 ? predicted.header : "", predicted.lines, predicted.undefined, over: ranks)
            undefined += count
            if let text, failure == nil {
                do { try take(text) } catch { failure = error }
            }
            start = end
        } while start < table.rowCount
        if let failure { throw failure }
        return undefined
    }

    /// The lines of all ranks behind a header, on rank 0, and how many answers are not numbers. Collective.
    static func gathered(
        _ header: String, _ lines: String, _ undefined: Int, over ranks: any Communicator
    ) throws -> (text: String?, undefined: Int64) {
        let undefined = try ranks.allReduce(Int64(undefined), name: "answers that are not numbers")
        let parts = try ranks.gatherVariable(Array(lines.utf8), to: 0, name: "predictions")
        return (parts.map { header + String(decoding: $0.joined(), as: UTF8.self) }, undefined)
    }

    /// The predictions for `part` of the rows, all of them when nil, in batches of the training's size unless another is said.
    ///
    /// - Throws: ``Failure`` when the learner does not predict a column of a table, `DataError` when the table does not
    ///   have the columns it needs.
    init(
        _ learner: Learner, _ table: CSVTable, _ form: AnswerForm, part: Range<Int>? = nil, batchSize: Int? = nil
    ) throws {
        guard let columns = learner.dls.columns else {
            throw Failure.usage("\(table.file): the learner does not predict a column of a table")
        }
        let rows = Array(part ?? 0..<table.rowCount)
        let batchSize = batchSize ?? learner.dls.train.batchSize ?? 1
        let data = try columns.dataset(table, rows: TablePredictions.filled(rows, batchSize), withTarget: false)
        let loader = learner.dls.testLoader(for: data)
        loader.options.batchSize = batchSize
        let all = try learner.withoutProgress { try learner.predictions(on: .loader(loader), withDecoded: true) }
        let found = (
            count: rows.count, predictions: TablePredictions.first(rows.count, of: all.predictions),
            decoded: all.decoded.map { TablePredictions.first(rows.count, of: $0) }
        )
        guard let classes = columns.classes else {
            guard found.predictions.count == found.count || found.count == 0 else {
                throw Failure.usage(
                    "\(table.file): the model's answers of shape \(found.predictions.shape) are not a number for each row"
                )
            }
            header = form.header([columns.target.name], [])
            let numbers = found.predictions.floats
            lines = numbers.map(form.line).joined()
            undefined = numbers.count { !$0.isFinite }
            return
        }
        guard found.count == 0 || found.predictions.shape.dimensions == [found.count, classes.count] else {
            throw Failure.usage(
                "\(table.file): the model's answers of shape \(found.predictions.shape) are not \(classes.count) classes"
            )
        }
        let decided = found.decoded.flatMap { $0.dtype.isInteger && $0.count == found.count ? $0.ints : nil } ?? []
        guard found.count == 0 || decided.count == found.count && decided.allSatisfy(classes.indices.contains) else {
            throw Failure.usage("\(table.file): the model's loss does not choose among \(classes.count) classes")
        }
        header = form.header([columns.target.name], classes)
        (lines, undefined) = form.lines(found.predictions.floats, decided, classes)
    }

    /// The part of the rows that a rank predicts: whole batches, so that every row is in the same batch as on one rank
    /// and gets the same answer to the last bit.
    static func part(of rank: Int, among ranks: Int, rows: Int, batchSize: Int) -> Range<Int> {
        let batches = (rows + batchSize - 1) / batchSize
        let own = Partition(batches, into: ranks)[rank]
        return min(rows, own.lowerBound * batchSize)..<min(rows, own.upperBound * batchSize)
    }

    /// Whole batches of `rows`, the last one filled with its last row: products round by their sizes, and the answer for a row must
    /// not depend on how many others there are.
    static func filled<Row>(_ rows: [Row], _ batchSize: Int) -> [Row] {
        // A larger batch would cost more than the last bit of its last rows is worth.
        guard let last = rows.last, batchSize <= 4096 else { return rows }
        return rows + Array(repeating: last, count: (batchSize - rows.count % batchSize) % batchSize)
    }

    static func first(_ count: Int, of answers: Tensor) -> Tensor {
        answers.rank > 0 && answers.dim(0) > count ? answers[0..<count] : answers
    }
}
