// SPDX-License-Identifier: Apache-2.0
// Stepping once for several batches.

import LockstepNN
import LockstepOptim
import LockstepTensor

/// Adds gradients up over batches and steps when at least `samples` items have been seen.
///
/// Each batch counts by its items: with batches of 4 and 8 samples training equals that with batches of 8. When `samples`
/// is no multiple of the batch size, a step is that much larger (4 + 4 items for 6 samples: by 8/6), as in fastai.
/// Schedules and counters advance with every batch. What is left over at the end of an epoch goes into the next one; at
/// the end of the fit it is dropped.
///
/// On several ranks the items of the *global* batch are counted: W ranks step when one process would, along the same
/// gradient, and gradients are reduced once per step.
///
/// ```
/// one process       G = Σₖ Bₖ/n · gₖ                    batches k of Bₖ items, n samples
/// rank r of W       Gᵣ = Σₖ W · Bₖ/n · wₖᵣ/wₖ · gₖᵣ     wₖᵣ: weight of the rank's part, wₖ of all parts
/// reduced           G = 1/W · Σᵣ Gᵣ
/// ```
/// - Note: fastai: `GradientAccumulation`.
public final class GradientAccumulation: Callback {
    /// Items per step.
    public let samples: Int
    /// Items since the last step.
    public private(set) var count = 0
    /// The loss before it was scaled, and the part's weight before it was evened out, between `afterLoss` and `beforeStep`.
    private var unscaled: Tensor?
    private var weight = 0.0
    /// Items of the batch at hand, on all ranks.
    private var batchItems = 0
    private var globalLoss: Double?
    private var ranks: Double?

    /// - Precondition: `samples` is positive.
    public init(samples: Int = 32, file: StaticString = #fileID, line: UInt = #line) {
        require(samples > 0, "GradientAccumulation: \(samples) samples make no step", file: file, line: line)
        self.samples = samples
        super.init()
        runValid = false
    }

    public override var order: Int { 6 }

    public override func beforeFit(_ learner: Learner) { (count, unscaled, ranks) = (0, nil, nil) }

    public override func afterLoss(_ learner: Learner) throws {
        guard !learner.yb.isEmpty else { return }
        let coordinator = learner.coordinator
        let own = learner.batchWeight
        let items = try coordinator.average(0, weight: Double(learner.batchItemCount)).weight
        // A loss that is a sum over items adds up over ranks; a mean is averaged.
        let addsUp = learner.lossFunction.reduction == .sum
        let met = try coordinator.average(learner.loss.map { mean(of: $0) } ?? 0, weight: addsUp ? 1 : own)
        let ranks = try self.ranks ?? coordinator.average(0, weight: 1).weight
        (self.ranks, batchItems, globalLoss) = (ranks, Int(items), addsUp ? met.mean.map { $0 * ranks } : met.mean)
        (unscaled, weight) = (learner.lossGrad, own)
        let share = addsUp ? 1 : met.weight > 0 ? ranks * own / met.weight : 0
        learner.lossGrad = learner.lossGrad.map { $0 * (share * items / Double(samples)) }
        // What a rank adds up is a sum with its weights in it: ranks count alike in the reduction.
        learner.batchWeight = 1
    }

    public override func beforeStep(_ learner: Learner) throws {
        (learner.lossGrad, learner.batchWeight) = (unscaled, weight)
        unscaled = nil
        count += batchItems
        if count < samples {
            learner.stepLoss = globalLoss
            throw CancelSignal.batch
        }
        count = 0
    }

    /// Drops what is left over, lest it go into the first step of the next fit.
    public override func teardown(_ learner: Learner) {
        unscaled = nil
        if count > 0 { learner.optimizer?.zeroGradients() }
        count = 0
    }
}
