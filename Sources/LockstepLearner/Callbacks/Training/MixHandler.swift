// SPDX-License-Identifier: Apache-2.0
// What mixing callbacks share: partners, the mixed loss, and putting the loss back.

import LockstepNN
public import LockstepTensor

/// The base of callbacks that train on mixtures of two items: ``MixUp``, ``CutMix``.
///
/// A subclass changes the inputs in `beforeBatch` and calls ``mixTargets(_:others:share:)``. Real-valued targets are
/// mixed as the inputs are. With class indices the loss is replaced during training phases by the mixture of the losses
/// against both targets; it is put back however the phase ends. Training metrics compare outputs of mixed inputs with
/// the unmixed targets.
///
/// Random numbers follow from the learner's seed, the batch's number and the item's place in the global batch. Partners
/// are found in the whole global batch, which the ranks tell each other: W ranks train on the mixtures of one process.
open class MixHandler: Callback {
    private var mixedLoss: MixedLoss?
    private var original: (any LossFunction)?

    public override init() {
        super.init()
        runValid = false
    }

    /// Replaces the loss where targets are class indices. An override calls `super`.
    open override func beforeTrain(_ learner: Learner) throws {
        guard learner.lossFunction.usesIntegerTargets else { return }
        original = learner.lossFunction
        let mixed = MixedLoss(learner.lossFunction)
        mixed.mixture.learner = learner
        (mixedLoss, learner.lossFunction) = (mixed, mixed)
    }

    public final override func afterTrain(_ learner: Learner) { restore(learner) }
    public final override func afterCancelEpoch(_ learner: Learner) { restore(learner) }
    public final override func afterCancelFit(_ learner: Learner) { restore(learner) }
    public final override func teardown(_ learner: Learner) { restore(learner) }

    private func restore(_ learner: Learner) {
        if let original { learner.lossFunction = original }
        (original, mixedLoss) = (nil, nil)
    }

    /// Mixes the targets, or tells the loss how to.
    ///
    /// - Parameters:
    ///   - others: The targets of each item's partner, as ``partners(_:)`` gives them.
    ///   - share: For each item how much of it is its own: `[N]`.
    public final func mixTargets(_ learner: Learner, others: [Tensor], share: Tensor) {
        if let mixedLoss {
            mixedLoss.mixture.others = others
            mixedLoss.mixture.share = share
        } else {
            learner.yb = zip(learner.yb, others).map { MixHandler.mix($0, $1, share) }
        }
    }

    /// The parameter of the distribution that shares are drawn from, where they are.
    static func known(_ alpha: Double?, _ type: String) throws -> Double {
        if let alpha { return alpha }
        throw ExportError(
            .function, "\(type) draws shares from a function, and code cannot be stored", remedy: "Give it an alpha")
    }

    /// `other + share · (own − other)`, item by item.
    static func mix(_ own: Tensor, _ other: Tensor, _ share: Tensor) -> Tensor {
        guard own.dtype.isFloatingPoint else { return own }
        let weight = share.to(own.dtype).reshaped([own.dim(0)] + Array(repeating: 1, count: own.rank - 1))
        return other + (own - other) * weight
    }

    /// The generator of item `item` of the global batch at hand; −1 for the batch as a whole.
    final func generator(_ learner: Learner, item: Int) -> PhiloxGenerator {
        PhiloxGenerator(seed: learner.seed, epoch: DropoutContext.current.step, item: item, purpose: .mixing)
    }

    /// For each item of this rank's shard another item of the global batch, in a random order of the latter: the partners'
    /// inputs and targets. Nil where there is nothing to mix: an unlabelled batch, or a part without items.
    ///
    /// Collective: a rank without items must ask, too.
    public final func partners(_ learner: Learner) throws -> (inputs: [Tensor], targets: [Tensor])? {
        guard !learner.yb.isEmpty || learner.xb.isEmpty else { return nil }
        let whole = try learner.coordinator.wholeBatch(learner.xb + learner.yb)
        let own = learner.batchItemCount
        guard own > 0, let count = whole.first?.shape.first else { return nil }
        var generator = generator(learner, item: -2)
        let order = Tensor.randomPermutation(count, using: &generator)
        let index = order[learner.batchFirstItem..<learner.batchFirstItem + own]
        let others = whole.map { $0.indexSelect(axis: 0, index: index) }
        return (Array(others.prefix(learner.xb.count)), Array(others.dropFirst(learner.xb.count)))
    }
}

/// A loss against two targets: `share` of the item's own, the rest of its partner's. Outside of a mixed batch it is the
/// loss it stands for.
struct MixedLoss: LossFunction {
    /// Set by the callback batch by batch; the learner holds a copy of the loss that refers to the same mixture.
    final class Mixture {
        var others: [Tensor] = []
        var share: Tensor?
        /// Whose batches are mixed, while they train.
        weak var learner: Learner?
    }
    var reduction: Reduction
    let mixture = Mixture()
    let base: any LossFunction
    /// Rows of the batch that this copy is for; nil for all.
    private var rows: Range<Int>?

    init(_ base: any LossFunction) { (self.base, reduction) = (base, base.reduction) }

    func restricted(to rows: Range<Int>) -> any LossFunction {
        var copy = self
        copy.rows = rows
        return copy
    }

    /// The partners' targets and the shares of the items at hand; nil outside of a mixed batch.
    private func mixture(with target: Tensor) -> (other: Tensor, share: Tensor)? {
        guard var other = mixture.others.first, var share = mixture.share, mixture.learner?.training ?? true else {
            return nil
        }
        if let rows { (other, share) = (other[rows], share[rows]) }
        return other.shape == target.shape ? (other, share) : nil
    }

    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        guard let (other, share) = mixture(with: target) else { return unmixed(prediction, target) }
        let (own, partner) = (base.perItem(prediction, target), base.perItem(prediction, other))
        return reduction.apply(to: partner + (own - partner) * share.to(own.dtype))
    }

    private func unmixed(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        var base = base
        base.reduction = reduction
        return base(prediction, target)
    }

    var termCount: Int { reduction == .mean ? base.termCount : 1 }

    /// A mixed batch's loss is a plain mean over items, however the loss it stands for takes its mean.
    func terms(_ prediction: Tensor, _ target: Tensor) -> [LossTerm] {
        if termCount > 1, mixture(with: target) == nil { return base.terms(prediction, target) }
        let mean = LossTerm(self(prediction, target), weight: weight(prediction, target))
        return [mean]
            + (1..<max(termCount, 1)).map { _ in LossTerm(Tensor.zeros([], dtype: mean.mean.dtype), weight: 1) }
    }

    func weight(_ prediction: Tensor, _ target: Tensor) -> Double {
        mixture(with: target) == nil ? base.weight(prediction, target) : Double(prediction.dim(0))
    }

    func activation(_ prediction: Tensor) -> Tensor { base.activation(prediction) }
    func decodes(_ prediction: Tensor) -> Tensor { base.decodes(prediction) }
    var usesIntegerTargets: Bool { true }
    var name: String { "mixed \(base.name)" }
}
