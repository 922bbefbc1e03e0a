// SPDX-License-Identifier: Apache-2.0
// Collecting what the model says, batch by batch.

import LockstepTensor

/// Collects outputs and targets of validation batches, and inputs and losses if asked for.
///
/// Every rank collects its own items; ``Learner/predictions(on:withInput:withDecoded:withLoss:activation:reorder:callbacks:)``
/// puts them together.
public final class GatherPredictions: Callback {
    private let withInput: Bool
    private let withLoss: Bool
    private let axis: Int
    /// What was collected since the phase began.
    public private(set) var rows = BatchRows()
    private var inputs: [Tensor] = []
    private var counts = (inputs: 0, outputs: 0, targets: 0, losses: 0)

    /// - Parameters:
    ///   - withLoss: Whether to collect losses; the loss function must not reduce then.
    ///   - concatAxis: The axis that counts items.
    public init(withInput: Bool = false, withLoss: Bool = false, concatAxis: Int = 0) {
        (self.withInput, self.withLoss, axis) = (withInput, withLoss, concatAxis)
        super.init()
        runTrain = false
    }

    public override func beforeValidate(_ learner: Learner) {
        rows = BatchRows()
        counts = (0, 0, 0, 0)
    }

    public override func beforeBatch(_ learner: Learner) { inputs = withInput ? learner.xb : [] }

    public override func afterBatch(_ learner: Learner) {
        defer { inputs = [] }
        guard !learner.preds.isEmpty else {
            // A rank without items: how many outputs there are, the other ranks' rows will tell.
            if counts.outputs == 0 {
                counts = (inputs.count, 0, learner.yb.count, withLoss && !learner.yb.isEmpty ? 1 : 0)
            }
            return rows.append([])
        }
        let losses = withLoss ? learner.loss.map { [GatherPredictions.perItem($0, learner.batchItemCount)] } ?? [] : []
        counts = (inputs.count, learner.preds.count, learner.yb.count, losses.count)
        rows.append(inputs + learner.preds + learner.yb + losses)
    }

    /// The parts of `rows`, each in one tensor.
    ///
    /// - Parameter all: the rows of all ranks, or none; where none, parts have no items but the shape of this rank's.
    func result(of all: BatchRows) -> Predictions {
        let sample = rows.batches.first { !$0.isEmpty } ?? []
        if counts.outputs == 0, let columns = all.batches.first(where: { !$0.isEmpty })?.count {
            counts.outputs = columns - counts.inputs - counts.targets - counts.losses
        }
        func parts(_ start: Int, _ count: Int, axis: Int) -> [Tensor] {
            (start..<start + count).map { index in
                all.column(index, axis: axis)
                    ?? (sample.isEmpty ? .zeros([0]) : GatherPredictions.empty(like: sample[index], axis))
            }
        }
        let targets = counts.inputs + counts.outputs
        return Predictions(
            inputs: withInput ? parts(0, counts.inputs, axis: axis) : nil,
            outputs: parts(counts.inputs, counts.outputs, axis: axis),
            targets: parts(targets, counts.targets, axis: axis),
            losses: parts(targets + counts.targets, counts.losses, axis: 0).first)
    }

    /// One loss per item: the mean over what an item's loss consists of.
    private static func perItem(_ loss: Tensor, _ items: Int) -> Tensor {
        if loss.count == items { return loss.reshaped([items]) }
        require(
            items > 0 && loss.count % items == 0,
            "predictions: \(loss.count) losses cannot be shared out over \(items) items; the loss must honour reduction .none"
        )
        return loss.reshaped([items, loss.count / items]).mean(axis: 1)
    }

    private static func empty(like tensor: Tensor, _ axis: Int) -> Tensor {
        var shape = tensor.shape
        if shape.rank > axis { shape[axis] = 0 }
        return .zeros(shape, dtype: tensor.dtype)
    }
}
