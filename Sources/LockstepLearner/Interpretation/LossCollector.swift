// SPDX-License-Identifier: Apache-2.0
// Collecting each item's loss, and answers if wanted, without keeping predictions.

import LockstepTensor

/// Collects one loss per item of validation batches, and what `extra` makes of a batch.
final class LossCollector: Callback {
    /// Per batch the losses, then the extra columns.
    private(set) var rows = BatchRows()
    private let extra: (_ pred: Tensor, _ target: Tensor) -> [Tensor]

    init(_ extra: @escaping (_ pred: Tensor, _ target: Tensor) -> [Tensor]) {
        self.extra = extra
        super.init()
        runTrain = false
    }

    override var isExported: Bool { false }

    override func beforeValidate(_ learner: Learner) { rows = BatchRows() }

    override func afterBatch(_ learner: Learner) {
        // A rank without items keeps its place in the order of the batches.
        guard let pred = learner.pred, let target = learner.yb.first, let loss = learner.loss else {
            return rows.append([])
        }
        rows.append([perItem(loss.detached, learner.batchItemCount)] + extra(pred.detached, target))
    }

    private func perItem(_ loss: Tensor, _ items: Int) -> Tensor {
        require(
            items > 0 && loss.count % items == 0,
            "interpretation: \(loss.count) losses cannot be shared out over \(items) items; the loss must honour reduction .none"
        )
        return loss.reshaped([items, loss.count / items]).mean(axis: 1)
    }
}
