// SPDX-License-Identifier: Apache-2.0
// Collecting what the model says, batch by batch, in memory or in files.

import LockstepNN
import LockstepTensor

/// Collects inputs, outputs, targets and losses of validation batches, as far as they are wanted, or writes outputs and
/// targets to files instead of keeping them.
///
/// `Learner.predictions` adds one and takes its `result`. What several ranks collect goes to the writing rank a few
/// batches at a time; files are written by the writing rank alone, one global batch after the other, so that no other rank
/// ever holds more than that.
/// - Note: fastai: `GatherPredsCallback`.
public final class GatherPredsCallback: Callback {
    private let withInput: Bool
    private let withLoss: Bool
    private let withPredictions: Bool
    private let withTargets: Bool
    private let axis: Int
    private let files: (predictions: BatchFiles?, targets: BatchFiles?)
    private let expected: Int?
    private let activates: Bool
    /// This rank's rows that the writing rank does not have yet.
    private var waiting = BatchRows()
    /// How many batches go to the writing rank at once, on all ranks; nil before it is agreed on.
    private var group: Int?
    /// The columns of all ranks' rows, on the writing rank.
    private var columns: [GrowingColumn] = []
    /// This rank's columns without rows: what they are where nothing comes.
    private var samples: [Tensor] = []
    private var inputs: [Tensor] = []
    /// Bytes that a rank sends at once, if not a batch has more.
    private static let groupBytes = 8 << 20
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
    public convenience init(
        withInput: Bool = false, withLoss: Bool = false, withPredictions: Bool = true, withTargets: Bool = true,
        savePredictions: String? = nil, saveTargets: String? = nil, concatDim: Int = 0
    ) {
        self.init(
            withInput: withInput, withLoss: withLoss, withPredictions: withPredictions, withTargets: withTargets,
            savePredictions: savePredictions, saveTargets: saveTargets, concatDim: concatDim, expected: nil,
            activates: false)
    }

    /// - Parameters:
    ///   - expected: How many items will come, where that is known.
    ///   - activates: Whether outputs get the loss function's activation as they come.
    init(
        withInput: Bool, withLoss: Bool, withPredictions: Bool, withTargets: Bool, savePredictions: String?,
        saveTargets: String?, concatDim: Int, expected: Int?, activates: Bool
    ) {
        (self.expected, self.activates) = (expected, activates)
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
        (waiting, group, columns, samples) = (BatchRows(), nil, [], [])
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
            if !counts.hasSeenOutputs, group == nil {
                (counts.inputs, counts.targets) = (inputs.count, targets.count)
                counts.losses = withLoss && !learner.yb.isEmpty ? 1 : 0
            }
            waiting.append([])
            return try hand(learner)
        }
        let outputs = withPredictions ? learner.preds : []
        let losses = withLoss ? learner.loss.map { [perItem($0, learner)] } ?? [] : []
        (counts.inputs, counts.outputs, counts.hasSeenOutputs) = (inputs.count, outputs.count, true)
        (counts.targets, counts.losses) = (targets.count, losses.count)
        let all = inputs + outputs + targets + losses
        if samples.isEmpty {
            samples = all.map { GatherPredsCallback.empty(like: $0, axis) }
            // The writing rank takes them from what comes: an activation may not be made for no items.
            if !learner.coordinator.isWriter { activate(&samples, learner) }
        }
        waiting.append(all)
        try hand(learner)
    }

    /// Gives the writing rank what has come, when it is time on all ranks.
    private func hand(_ learner: Learner) throws {
        if group == nil { group = try agreedGroup(learner) }
        if let group, waiting.batches.count >= group { try flush(learner) }
    }

    /// How many batches fill a group; nil while no rank has had an item.
    private func agreedGroup(_ learner: Learner) throws -> Int? {
        let coordinator = learner.coordinator
        let seen = counts.hasSeenOutputs
        guard coordinator.rankCount > 1 else { return seen ? 1 : nil }
        guard let known = try coordinator.average(counts.packed, weight: seen ? 1 : 0).mean else { return nil }
        if !seen { counts.packed = known }
        let bytes = waiting.batches.joined().reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        let mean = try coordinator.average(Double(bytes), weight: 1).mean ?? 0
        return max(1, min(1024, Int(Double(Self.groupBytes) / max(1, mean))))
    }

    private func flush(_ learner: Learner) throws {
        let all = try learner.coordinator.gather(waiting)
        waiting = BatchRows()
        for var batch in all.batches where !batch.isEmpty {
            activate(&batch, learner)
            while columns.count < batch.count {
                let place = columns.count
                columns.append(GrowingColumn(axis: axis(of: place), expected: expected))
                let empty = GatherPredsCallback.empty(like: batch[place], axis(of: place))
                if samples.indices.contains(place) { samples[place] = empty } else { samples.append(empty) }
            }
            for (index, piece) in batch.enumerated() { columns[index].append(piece) }
        }
    }

    /// Makes what they mean of a batch's outputs, where that is wanted.
    private func activate(_ columns: inout [Tensor], _ learner: Learner) {
        let outputs = counts.inputs..<counts.inputs + counts.outputs
        guard activates, !outputs.isEmpty else { return }
        withNoGrad {
            columns.replaceSubrange(outputs, with: learner.lossFunction.meaning(of: Array(columns[outputs])))
        }
    }

    /// The axis that counts items; losses have but one.
    private func axis(of column: Int) -> Int {
        column < counts.inputs + counts.outputs + counts.targets ? axis : 0
    }

    public override func afterValidate(_ learner: Learner) throws {
        for folder in [files.predictions, files.targets] { try folder?.finish(learner) }
        try flush(learner)
    }

    /// What was collected in the last validation, each part in one tensor; parts have no items, but this rank's shape, where nothing
    /// has come, as on ranks that do not write. It is given away: a second call has no items.
    ///
    /// - Parameter order: The data set's index of each row in turn, when the rows are to be sorted by it.
    public func result(order: [Int]? = nil) -> Predictions {
        // Without rows nothing is known of the shape of outputs: there are none that could be activated.
        if !counts.hasSeenOutputs, columns.isEmpty { counts.outputs = 0 }
        func parts(_ start: Int, _ count: Int) -> [Tensor] {
            (start..<start + count).map { index in
                (columns.indices.contains(index) ? columns[index].finish(order: order) : nil)
                    ?? (samples.indices.contains(index) ? samples[index] : .zeros([0]))
            }
        }
        let targets = counts.inputs + counts.outputs
        return Predictions(
            inputs: withInput ? parts(0, counts.inputs) : nil,
            outputs: withPredictions ? parts(counts.inputs, counts.outputs) : nil,
            targets: withTargets ? parts(targets, counts.targets) : [],
            losses: parts(targets + counts.targets, counts.losses).first, axis: axis)
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

    private static func empty(like tensor: Tensor, _ axis: Int) -> Tensor {
        var shape = tensor.shape
        if shape.rank > axis { shape[axis] = 0 }
        return .zeros(shape, dtype: tensor.dtype)
    }
}
