// SPDX-License-Identifier: Apache-2.0
// A learner at a glance.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

extension Learner {
    /// The model's layers with the shapes they put out for one item, parameter counts, and what it is trained with.
    ///
    /// ```text
    /// layer         output    parameters  trainable
    /// Linear(1, 4)  [1, 4]             8  yes
    /// ReLU          [1, 4]
    /// Linear(4, 3)  [1, 3]            15  yes
    /// parameters: 23, trainable: 23, not trainable: 0
    ///
    /// optimizer: adam
    /// loss: CrossEntropyFlat
    /// callbacks: TrainEvalCallback, Recorder, ProgressCallback
    /// ```
    /// Nothing changes: no callback sees it and loaders stay where they were. Not collective: the same on every rank;
    /// print it on the one that writes.
    /// - Throws: ``LearnerError`` when there is no batch to take an item from; what the loader throws.
    /// - Note: fastai: `summary`.
    public func summary() throws -> String {
        guard let batch = try firstBatch(of: dls.train) ?? dls.valid.flatMap({ try firstBatch(of: $0) }), batch.size > 0
        else { throw LearnerError(.noLoader, "summary: the loaders have no item the model could be shown") }
        var lines = [model.summary(batch.inputs.map { $0[0..<1] }), ""]
        lines.append("optimizer: \(optimizer?.rule.name ?? optimizerFactory.name)")
        lines.append("loss: \(lossFunction)")
        if let optimizer {
            let (frozen, count) = (optimizer.frozenIndex, optimizer.groups.count)
            lines.append(frozen == 0 ? "nothing is frozen" : "frozen: groups 0 ..< \(frozen) of \(count)")
        }
        lines.append("callbacks: \(runningOrder.map(\.typeName).joined(separator: ", "))")
        return lines.joined(separator: "\n")
    }
}
