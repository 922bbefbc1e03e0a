// SPDX-License-Identifier: Apache-2.0
// Training on weighted sums of two items.

public import LockstepTensor
import LockstepNN

/// Replaces each training item by a weighted sum of it and another of the batch: `x ← λx + (1 − λ)x′`, targets alike.
/// Zhang et al., arXiv 1710.09412.
///
/// λ = max(l, 1 − l) with l from Beta(α, α), drawn for each item, so that an item stays more itself than its partner. See
/// ``MixHandler`` for the loss and for several ranks.
/// - Note: fastai: `MixUp`.
public final class MixUp: MixHandler {
    /// The parameter of the Beta distribution; nil when a function draws shares.
    public let alpha: Double?
    private let draw: (inout PhiloxGenerator) -> Double

    /// - Precondition: `alpha` is positive.
    public init(alpha: Double = 0.4, file: StaticString = #fileID, line: UInt = #line) {
        require(alpha > 0, "MixUp: Beta(\(alpha), \(alpha)) needs a positive parameter", file: file, line: line)
        self.alpha = alpha
        draw = { Beta.sample(alpha, using: &$0) }
        super.init()
    }

    /// Draws l from `share` instead: a function of a generator to 0…1.
    public init(share: @escaping (_ generator: inout PhiloxGenerator) -> Double) {
        (alpha, draw) = (nil, share)
        super.init()
    }

    public override func beforeBatch(_ learner: Learner) {
        let count = learner.batchItemCount
        guard count > 0, !learner.yb.isEmpty else { return }
        let first = DropoutContext.current.firstItem
        let shares = (0..<count).map { index in
            var generator = generator(learner, item: first + index)
            let drawn = draw(&generator)
            return max(drawn, 1 - drawn)
        }
        let (share, partners) = (Tensor(shares.map(Float.init)), partners(learner))
        learner.xb = learner.xb.map { MixHandler.mix($0, $0.indexSelect(axis: 0, index: partners), share) }
        mixTargets(learner, partners: partners, share: share)
    }
}
