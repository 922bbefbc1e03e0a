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
        /// Items of this rank's shard of the batch, counted from its first.
        let items: Range<Int>
        var preds: [Tensor]
        var terms: [LossTerm] = []
    }
    private let communicator: any Communicator
    /// This rank's pieces of the batch at hand; nil for one without items.
    private var pieces: [Piece?] = []
    /// What the learner was given, to notice that a callback has put something else there.
    private var given: (preds: [Tensor], loss: Tensor?) = ([], nil)
    /// Whether the loss of some piece of this rank depends on what trains; nil without a piece.
    private(set) var hasGradient: Bool?
    /// The weights of all pieces of the batch, for each term of the loss; none for a loss that adds up its items.
    private var totals: [Double] = []

    /// - Throws: ``BitwiseError`` when the pieces do not divide among the ranks.
    init(over communicator: any Communicator) throws {
        guard MicroShards.count % communicator.size == 0 else {
            throw BitwiseError(
                "\(communicator.size) ranks: bitwise training is possible on 1, 2, 4 or \(MicroShards.count) ranks, among which the \(MicroShards.count) pieces of a batch divide"
            )
        }
        self.communicator = communicator
    }

    // MARK: Passes

    func forward(_ learner: Learner) throws {
        let (rank, size) = (communicator.rank, communicator.size)
        let items = learner.batchItemCount
        let total = Int(try learner.coordinator.average(0, weight: Double(items)).weight)
        let (shards, own) = (Partition(total, into: MicroShards.count), Partition(MicroShards.count, into: size)[rank])
        let start = shards[own.lowerBound].lowerBound
        guard shards.items(ofShards: own).count == items else {
            throw BitwiseError(
                "rank \(rank) has \(items) of a batch of \(total) items: the loader must be sharded evenly")
        }
        if learner.training, learner.model.modules().contains(where: { $0 is BatchNorm && $0.isTraining }) {
            throw BitwiseError(
                "the model has batch-norm layers in training mode, whose statistics need the whole batch at once: use group or layer normalisation, or put these layers into evaluation mode (BnFreeze does if their parameters are frozen and trainBn is false)"
            )
        }
        if learner.model.modules().contains(where: { ($0 as? Recurrent)?.carriesState ?? false }) {
            throw BitwiseError(
                "the model carries its state from batch to batch, which pieces of a batch would take from each other: make it without carriesState"
            )
        }
        let context = DropoutContext.current
        pieces = own.map { number in
            let whole = shards[number]
            if whole.isEmpty { return nil }
            var dropout = context
            (dropout.firstItem, dropout.itemCount) = (whole.lowerBound, whole.count)
            DropoutContext.current = dropout
            let items = whole.lowerBound - start..<whole.upperBound - start
            return Piece(items: items, preds: learner.model.forward(rows(items, of: learner.xb)))
        }
        DropoutContext.current = context
        let present = pieces.compactMap { $0 }
        learner.preds = (0..<(present.first?.preds.count ?? 0)).map { output in
            .concatenated(present.map { $0.preds[output].detached })
        }
        given = (learner.preds, nil)
    }

    func computeLoss(_ learner: Learner) throws {
        try check(zip(learner.preds, given.preds).allSatisfy { $0.body === $1.body }, "predictions")
        let loss = learner.lossFunction
        var unreduced: [Tensor] = []
        for index in pieces.indices {
            guard var piece = pieces[index] else { continue }
            let targets = rows(piece.items, of: learner.yb)
            piece.preds = Array(piece.preds.prefix(learner.preds.count))
            let own = loss.restricted(to: piece.items)
            if loss.reduction == .none {
                unreduced.append(own(piece.preds, targets).detached)
            } else {
                piece.terms = own.terms(piece.preds, targets)
            }
            pieces[index] = piece
        }
        if loss.reduction == .none {
            learner.loss = unreduced.isEmpty ? nil : .concatenated(unreduced)
        } else {
            try merge(learner)
        }
    }

    /// Leaves the loss of this rank's shard; in training every piece's share of the batch's, which all ranks are told.
    private func merge(_ learner: Learner) throws {
        let own = pieces.compactMap { $0 }.map { piece in
            LossPart(items: piece.items.count, terms: piece.terms.map { ($0.mean.item(), $0.weight) })
        }
        learner.part.losses = own
        let addsUp = learner.lossFunction.reduction == .sum
        let value = addsUp ? own.reduce(0) { $0 + $1.terms[0].mean } : LossPart.merged(own)
        learner.loss = value.map { Tensor([$0], shape: []) }
        learner.batchWeight = own.reduce(0) { $0 + $1.terms[0].weight }
        guard learner.training else { return }
        (learner.lossGrad, given.loss) = (learner.loss, learner.loss)
        // Throws the signal of a rank that leaves the batch.
        _ = try learner.coordinator.average(0, weight: 0)
        let everyone = try allPieces(of: learner.lossFunction.termCount)
        if addsUp {
            learner.stepLoss = everyone.reduce(0) { $0 + $1.terms[0].mean }
            totals = []
        } else {
            learner.stepLoss = LossPart.merged(everyone)
            totals = (0..<learner.lossFunction.termCount).map { term in
                everyone.reduce(0) { $0 + max($1.terms[term].weight, 0) }
            }
        }
        (learner.batchWeight, learner.part.isEven) = (1 / Double(communicator.size), true)
    }

    /// What all pieces of the batch say of its loss, those of other ranks, too, in the order of its items.
    private func allPieces(of termCount: Int) throws -> [LossPart] {
        var own: [Double] = []
        for piece in pieces {
            own.append(Double(piece?.items.count ?? 0))
            for term in 0..<termCount {
                let known = piece?.terms[term]
                own.append(known?.mean.item() ?? 0)
                own.append(known?.weight ?? 0)
            }
        }
        let gathered = try communicator.allGather(own, name: "losses")
        let columns = 1 + 2 * termCount
        var all: [LossPart] = []
        for start in stride(from: 0, to: gathered.count, by: columns) where gathered[start] > 0 {
            let terms = (0..<termCount).map { term in
                (mean: gathered[start + 1 + 2 * term], weight: gathered[start + 2 + 2 * term])
            }
            all.append(LossPart(items: Int(gathered[start]), terms: terms))
        }
        return all
    }

    func backward(_ learner: Learner) throws {
        guard let arena = learner.optimizer?.arena else { return }
        try check(learner.lossGrad.map { $0.body } === given.loss.map { $0.body }, "loss")
        var sums: [(leaves: Int, sum: Tensor)] = []
        var touched = Set<Int>()
        hasGradient = nil
        for piece in pieces {
            arena.zeroGradients()
            if let share = piece.flatMap(share) { hasGradient = hasGradient ?? false || share.requiresGradient }
            if let share = piece.flatMap(share), share.requiresGradient { share.backward() }
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
        for index in pieces.indices { pieces[index]?.terms = [] }
    }

    /// What a piece adds to the batch's loss; nil where it counts nothing and others do.
    private func share(_ piece: Piece) -> Tensor? {
        var sum: Tensor?
        for (index, term) in piece.terms.enumerated() {
            let total = totals.isEmpty ? 0 : totals[index]
            if total > 0, term.weight <= 0 { continue }
            let addend = total > 0 ? term.mean * (term.weight / total) : term.mean
            sum = sum.map { $0 + addend } ?? addend
        }
        return sum
    }

    /// Copies, so that they lie in memory alike on all ranks.
    private func rows(_ items: Range<Int>, of tensors: [Tensor]) -> [Tensor] {
        tensors.map { tensor in
            let view = tensor[items].detached
            let copy = Tensor.uninitialized(view.shape, dtype: view.dtype)
            Tensor.copy(view, into: copy)
            return copy
        }
    }

    private func check(_ isKept: Bool, _ what: String) throws {
        if isKept { return }
        throw BitwiseError(
            "a callback has changed the \(what) of a batch, which bitwise training computes in \(MicroShards.count) pieces: leave out callbacks that do, such as \(what == "loss" ? "GradientAccumulation and RNNRegularizer" : "MixedPrecision")"
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
