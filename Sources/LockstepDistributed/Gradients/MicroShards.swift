// SPDX-License-Identifier: Apache-2.0
// The passes of a batch in pieces that do not depend on the number of ranks.

import LockstepComm
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// Cuts every global batch into eight consecutive pieces, whatever the number of ranks, and runs each by itself.
///
/// ```
/// piece             0   1   2   3   4   5   6   7      forward, loss and backward of one piece: the same bits everywhere
/// 2 ranks          (0 + 1) + (2 + 3)|(4 + 5) + (6 + 7)  each rank adds up its pieces
/// all              ((0+1)+(2+3)) + ((4+5)+(6+7))        and the ranks' sums continue the same tree
/// ```
/// Shapes, kernels and the order of every addition are then those of one process.
final class MicroShards: BatchPasses {
    /// Pieces of a global batch.
    static let count = 8

    private struct Piece {
        /// Items of this rank's part.
        let items: Range<Int>
        let preds: [Tensor]
        var loss: Tensor?
        var value = 0.0
        var weight = 0.0
    }
    private let communicator: any Communicator
    /// This rank's pieces of the batch at hand; nil for one without items.
    private var pieces: [Piece?] = []
    /// What the learner was given, to notice that a callback has put something else there.
    private var given: (preds: [Tensor], loss: Tensor?) = ([], nil)

    /// - Throws: ``BitwiseError`` when the pieces do not divide among the ranks.
    init(over communicator: any Communicator) throws {
        guard MicroShards.count % communicator.size == 0 else {
            throw BitwiseError(
                "\(communicator.size) ranks: bitwise training is possible on 1, 2, 4 or \(MicroShards.count) ranks, among which the \(MicroShards.count) pieces of a batch divide"
            )
        }
        self.communicator = communicator
    }

    /// For each piece of this rank: the loss times its weight, and the weight.
    var terms: [Double] { pieces.flatMap { [($0?.value ?? 0) * ($0?.weight ?? 0), $0?.weight ?? 0] } }

    // MARK: Passes

    func forward(_ learner: Learner) throws {
        let (rank, size) = (communicator.rank, communicator.size)
        let items = Int(learner.batchWeight)
        let total = Int(try learner.coordinator.average(0, weight: Double(items)).weight)
        let start = rank * total / size
        guard (rank + 1) * total / size - start == items else {
            throw BitwiseError(
                "rank \(rank) has \(items) of a batch of \(total) items: the loader must be sharded evenly")
        }
        if learner.training, learner.model.modules().contains(where: { $0 is BatchNorm && $0.isTraining }) {
            throw BitwiseError(
                "the model has batch-norm layers in training mode, whose statistics need the whole batch at once: use group or layer normalisation, or freeze them (BnFreeze)"
            )
        }
        let context = DropoutContext.current
        let own = MicroShards.count / size
        pieces = (rank * own..<(rank + 1) * own).map { number in
            let part = number * total / MicroShards.count - start..<(number + 1) * total / MicroShards.count - start
            if part.isEmpty { return nil }
            if learner.training {
                var own = context
                (own.firstItem, own.itemCount) = (start + part.lowerBound, part.count)
                DropoutContext.current = own
            }
            return Piece(items: part, preds: learner.model.forward(rows(part, of: learner.xb)))
        }
        let present = pieces.compactMap { $0 }
        learner.preds = (0..<(present.first?.preds.count ?? 0)).map { output in
            .concatenated(present.map { $0.preds[output].detached })
        }
        given = (learner.preds, nil)
    }

    func computeLoss(_ learner: Learner) throws {
        try check(zip(learner.preds, given.preds).allSatisfy { $0.body === $1.body }, "predictions")
        let addsUp = learner.lossFunction.reduction == .sum
        for index in pieces.indices {
            guard var piece = pieces[index] else { continue }
            let targets = rows(piece.items, of: learner.yb)
            let loss = learner.lossFunction(piece.preds, targets)
            (piece.loss, piece.value) = (loss, loss.detached.mean().item())
            piece.weight = addsUp ? 1 : learner.lossFunction.weight(piece.preds[0], targets[0])
            pieces[index] = piece
        }
        let (sum, weight) = MicroShards.total(terms)
        let loss = Tensor([addsUp || weight == 0 ? sum : sum / weight] as [Double], shape: [])
        (learner.loss, learner.lossGrad) = (loss, loss)
        given.loss = loss
        if learner.training { learner.batchWeight = weight }
    }

    func backward(_ learner: Learner) throws {
        guard let arena = learner.optimizer?.arena else { return }
        try check(learner.lossGrad.map { $0.body } === given.loss.map { $0.body }, "loss")
        var sums: [(leaves: Int, sum: Tensor)] = []
        var touched = Set<Int>()
        for piece in pieces {
            arena.zeroGradients()
            if let piece, let loss = piece.loss { (loss * piece.weight).backward() }
            for (index, slot) in arena.slots.enumerated() where slot.parameter.leaf.isTouched { touched.insert(index) }
            arena.completeGradients()
            let copy = Tensor.uninitialized(arena.gradients.shape, dtype: arena.gradients.dtype)
            Tensor.copy(arena.gradients, into: copy)
            sums.append((1, copy))
            while sums.count > 1, sums[sums.count - 1].leaves == sums[sums.count - 2].leaves {
                let right = sums.removeLast()
                Tensor.add(right.sum, into: sums[sums.count - 1].sum)
                sums[sums.count - 1].leaves += right.leaves
            }
        }
        // The pieces of a rank are a power of two: one sum is left.
        if let whole = sums.first { Tensor.copy(whole.sum, into: arena.gradients) }
        for (index, slot) in arena.slots.enumerated() where touched.contains(index) {
            slot.parameter.leaf.markTouched()
        }
        for index in pieces.indices { pieces[index]?.loss = nil }
    }

    /// The sum of losses times weights, and of weights, in the order of the pieces.
    static func total(_ terms: [Double]) -> (loss: Double, weight: Double) {
        stride(from: 0, to: terms.count, by: 2).reduce((0, 0)) { ($0.0 + terms[$1], $0.1 + terms[$1 + 1]) }
    }

    /// Copies, so that they lie in memory alike on all ranks.
    private func rows(_ part: Range<Int>, of tensors: [Tensor]) -> [Tensor] {
        tensors.map { tensor in
            let view = tensor[part].detached
            let copy = Tensor.uninitialized(view.shape, dtype: view.dtype)
            Tensor.copy(view, into: copy)
            return copy
        }
    }

    private func check(_ isKept: Bool, _ what: String) throws {
        if isKept { return }
        throw BitwiseError(
            "a callback has replaced the \(what) of a batch, which bitwise training computes in \(MicroShards.count) pieces: it cannot be combined with MixUp, CutMix or GradientAccumulation"
        )
    }
}

/// What makes training with the same bits on any number of ranks impossible.
public struct BitwiseError: Error, CustomStringConvertible, Sendable {
    /// One sentence with the remedy.
    public let message: String
    public var description: String { "bitwise reduction: \(message)" }

    init(_ message: String) { self.message = message }
}
