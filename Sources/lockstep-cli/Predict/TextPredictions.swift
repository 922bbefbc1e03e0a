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
        let items = batches.flatMap { $0.map { list.items[$0] } }
        let own = try learner.answers(for: items, bundle, classes: classes.count)
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
}
