// SPDX-License-Identifier: Apache-2.0
// A model's answers for texts, as a table.

import Lockstep
import LockstepData
import LockstepTensor

/// The classes of texts, in their order.
enum TextPredictions {
    /// Predicts the texts of `place` with all ranks, and writes a table from rank 0. Collective.
    ///
    /// - Throws: ``Failure`` when the learner does not choose among the classes of its texts, and as ``TextList``.
    static func write(
        of learner: Learner, _ texts: TokenizedTexts, _ bundle: String, _ place: String, to output: String?,
        _ form: AnswerForm, over ranks: any Communicator
    ) throws {
        let list = try TextList(place, texts.columns, over: ranks)
        let classes = texts.classes
        let batches = list.batches(learner.dls.train.batchSize ?? 1, over: ranks)
        let own = try answers(of: learner, bundle, batches, list, classes.count)
        let probabilities = try list.gathered(
            own.probabilities, batches, width: classes.count, over: ranks, name: "probabilities")
        let decided = try list.gathered(own.decided, batches, width: 1, over: ranks, name: "classes")
        guard let probabilities, let decided else { return }
        let lines = form.lines(probabilities, decided, classes, files: list.names)
        let header = form.header((list.names == nil ? [] : ["file"]) + [texts.columns.target], classes)
        try Predict.write(header + lines.lines, of: list.texts.count, to: output)
        try Predict.checkNumbers(
            Int64(lines.undefined), of: list.texts.count,
            in: RowsInput.isStandardInput(place) ? "standard input" : place, "texts")
    }

    /// Probabilities and classes for the texts of some batches, one after another.
    private static func answers(
        of learner: Learner, _ bundle: String, _ batches: [[Int]], _ list: TextList, _ classes: Int
    ) throws -> (probabilities: [Float], decided: [Int]) {
        let rows = batches.flatMap(\.self)
        guard !rows.isEmpty else { return ([], []) }
        // Batches are whole: an answer does not depend on how many others there are.
        let filled = TablePredictions.filled(rows, learner.dls.train.batchSize ?? 1)
        let loader = try learner.dls.testLoader(for: filled.map { list.items[$0] })
        let all = try learner.withoutProgress { try learner.predictions(on: .loader(loader), withDecoded: true) }
        let probabilities = TablePredictions.first(rows.count, of: all.predictions)
        let decided = all.decoded.map { TablePredictions.first(rows.count, of: $0).ints } ?? []
        guard probabilities.shape.dimensions == [rows.count, classes], decided.count == rows.count,
            decided.allSatisfy((0..<classes).contains)
        else {
            throw Failure.usage(
                "\(bundle): the model's answers of shape \(probabilities.shape) do not choose among \(classes) classes")
        }
        return (probabilities.floats, decided)
    }
}
