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

    public override func beforeBatch(_ learner: Learner) throws {
        guard let partners = try partners(learner) else { return }
        let shares = (0..<learner.batchItemCount).map { index in
            var generator = generator(learner, item: learner.batchFirstItem + index)
            let drawn = draw(&generator)
            return max(drawn, 1 - drawn)
        }
        let share = Tensor(shares.map(Float.init))
        learner.xb = zip(learner.xb, partners.inputs).map { MixHandler.mix($0, $1, share) }
        mixTargets(learner, others: partners.targets, share: share)
    }
}

extension MixUp: Configurable {
    public static let configuration = Configuration(MixUp.self) {
        Field("alpha", { try known($0.alpha, "MixUp") }, .positive)
    } make: {
        MixUp(alpha: try $0("alpha"))
    }
}
