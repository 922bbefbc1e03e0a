// SPDX-License-Identifier: Apache-2.0
// Collecting what the model says, batch by batch, in memory or in files.

import LockstepTensor

/// Collects inputs, outputs, targets and losses of validation batches, as far as they are wanted, or writes outputs and
/// targets to files instead of keeping them.
///
/// `Learner.predictions` adds one and puts the parts together. On several ranks every rank collects its own items; files
/// are written by the writing rank alone, one global batch after the other, so that no rank ever holds more than a batch.
/// - Note: fastai: `GatherPredsCallback`.
public final class GatherPredsCallback: Callback {
    private let withInput: Bool
    private let withLoss: Bool
    private let withPredictions: Bool
    private let withTargets: Bool
    private let axis: Int
    private let files: (predictions: BatchFiles?, targets: BatchFiles?)
    /// What was collected since the phase began.
    public private(set) var rows = BatchRows()
    private var inputs: [Tensor] = []
    private var counts = Columns()

    /// How many columns of each kind the rows have.
    private struct Columns {
        var (inputs, outputs, targets, losses) = (0, 0, 0, 0)
        var hasSeenOutputs = false

        /// All four as one number, for the ranks that have seen no item.
        var packed: Double {
            get { Double(inputs | outputs << 12 | targets << 24 | losses << 36) }
            set {
                let all = Int(newValue)
                (inputs, outputs) = (all & 0xFFF, all >> 12 & 0xFFF)
                (targets, losses) = (all >> 24 & 0xFFF, all >> 36 & 0xFFF)
            }
        }
    }

    /// - Parameters:
    ///   - withLoss: Whether to collect losses; the loss function must not reduce then.
    ///   - withPredictions: Whether to keep outputs.
    ///   - withTargets: Whether to keep targets.
    ///   - savePredictions: An existing folder outputs are written to instead of being kept.
    ///   - saveTargets: An existing folder targets are written to instead of being kept.
    ///   - concatDim: The axis that counts items.
    public init(
        withInput: Bool = false, withLoss: Bool = false, withPredictions: Bool = true, withTargets: Bool = true,
        savePredictions: String? = nil, saveTargets: String? = nil, concatDim: Int = 0
    ) {
        (self.withInput, self.withLoss) = (withInput, withLoss)
        self.withPredictions = withPredictions && savePredictions == nil
        self.withTargets = withTargets && saveTargets == nil
        axis = concatDim
        files = (
            savePredictions.map { BatchFiles($0, axis: concatDim) }, saveTargets.map { BatchFiles($0, axis: concatDim) }
        )
        super.init()
        runTrain = false
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }

    public override func beforeValidate(_ learner: Learner) throws {
        rows = BatchRows()
        counts = Columns()
        for folder in [files.predictions, files.targets] { try folder?.begin(learner) }
    }

    public override func beforeBatch(_ learner: Learner) { inputs = withInput ? learner.xb : [] }

    public override func afterBatch(_ learner: Learner) throws {
        defer { inputs = [] }
        try files.predictions?.add(learner.preds, learner)
        try files.targets?.add(learner.preds.isEmpty ? [] : Array(learner.yb.prefix(1)), learner)
        let targets = withTargets ? learner.yb : []
        guard !learner.preds.isEmpty else {
            // A rank without items: how many outputs there are, the other ranks will tell.
            if !counts.hasSeenOutputs {
                (counts.inputs, counts.targets) = (inputs.count, targets.count)
                counts.losses = withLoss && !learner.yb.isEmpty ? 1 : 0
            }
            return rows.append([])
        }
        let outputs = withPredictions ? learner.preds : []
        let losses = withLoss ? learner.loss.map { [perItem($0, learner)] } ?? [] : []
        (counts.inputs, counts.outputs, counts.hasSeenOutputs) = (inputs.count, outputs.count, true)
        (counts.targets, counts.losses) = (targets.count, losses.count)
        rows.append(inputs + outputs + targets + losses)
    }

    public override func afterValidate(_ learner: Learner) throws {
        for folder in [files.predictions, files.targets] { try folder?.finish(learner) }
        // A rank that a source gives nothing has the same parts as the others, without items.
        let known = try learner.coordinator.average(counts.packed, weight: counts.hasSeenOutputs ? 1 : 0).mean
        if let known, !counts.hasSeenOutputs { counts.packed = known }
    }

    /// The parts of `all`, each in one tensor.
    ///
    /// - Parameters:
    ///   - all: The rows of all ranks, or none; where none, parts have no items but the shape of this rank's.
    ///   - order: The data set's index of each row in turn, when the rows are to be sorted by it.
    func result(of all: BatchRows, order: [Int]?) -> Predictions {
        let sample = rows.batches.first { !$0.isEmpty } ?? []
        // Without rows nothing is known of the shape of outputs: there are none that could be activated.
        if !counts.hasSeenOutputs, all.batches.allSatisfy(\.isEmpty) { counts.outputs = 0 }
        func parts(_ start: Int, _ count: Int, axis: Int) -> [Tensor] {
            (start..<start + count).map { index in
                let whole =
                    all.column(index, axis: axis)
                    ?? (sample.isEmpty ? .zeros([0]) : GatherPredsCallback.empty(like: sample[index], axis))
                return GatherPredsCallback.sorted(whole, by: order, axis)
            }
        }
        let targets = counts.inputs + counts.outputs
        return Predictions(
            inputs: withInput ? parts(0, counts.inputs, axis: axis) : nil,
            outputs: withPredictions ? parts(counts.inputs, counts.outputs, axis: axis) : nil,
            targets: withTargets ? parts(targets, counts.targets, axis: axis) : [],
            losses: parts(targets + counts.targets, counts.losses, axis: 0).first, axis: axis)
    }

    /// One loss per item: the mean over what an item's loss consists of.
    private func perItem(_ loss: Tensor, _ learner: Learner) -> Tensor {
        guard let target = learner.yb.first, target.rank > axis else { return loss.reshaped([loss.count]) }
        let items = target.shape[axis]
        if loss.count == items { return loss.reshaped([items]) }
        require(
            items > 0 && loss.count % items == 0,
            "predictions: \(loss.count) losses cannot be shared out over \(items) items; the loss must honour reduction .none"
        )
        if axis > 0, loss.count == target.count {
            return loss.reshaped(target.shape).mean(axes: target.shape.indices.filter { $0 != axis })
        }
        return loss.reshaped([items, loss.count / items]).mean(axis: 1)
    }

    private static func sorted(_ tensor: Tensor, by order: [Int]?, _ axis: Int) -> Tensor {
        guard let order, tensor.rank > axis, tensor.shape[axis] == order.count else { return tensor }
        let ranks = order.indices.sorted { (order[$0], $0) < (order[$1], $1) }
        return withNoGrad { tensor.indexSelect(axis: axis, index: Tensor(ranks)) }
    }

    private static func empty(like tensor: Tensor, _ axis: Int) -> Tensor {
        var shape = tensor.shape
        if shape.rank > axis { shape[axis] = 0 }
        return .zeros(shape, dtype: tensor.dtype)
    }
}
