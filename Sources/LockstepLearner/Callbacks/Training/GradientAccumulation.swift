// SPDX-License-Identifier: Apache-2.0
// Stepping once for several batches.

import LockstepNN
import LockstepOptim
public import LockstepTensor

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
/// rank r of W       Gᵣ = Σₖ Bₖ/n · gₖᵣ                  gₖᵣ: of the rank's shard of the loss, evened out (evenOutLoss)
/// reduced           G = 1/W · Σᵣ Gᵣ
/// ```
/// - Note: fastai: `GradientAccumulation`.
public final class GradientAccumulation: Callback, Resumable {
    /// Items per step.
    public let samples: Int
    /// Items since the last step.
    public private(set) var count = 0
    /// Items of the batch at hand, on all ranks.
    private var batchItems = 0

    /// - Precondition: `samples` is positive.
    public init(samples: Int = 32, file: StaticString = #fileID, line: UInt = #line) {
        require(samples > 0, "GradientAccumulation: \(samples) samples make no step", file: file, line: line)
        self.samples = samples
        super.init()
        runValid = false
    }

    public override var order: Int { 6 }

    public override func beforeFit(_ learner: Learner) { count = 0 }

    public override func afterLoss(_ learner: Learner) throws {
        guard learner.isLabelled else { return }
        let items = try learner.coordinator.average(0, weight: Double(learner.batchItemCount)).weight
        batchItems = Int(items)
        // Gradients stay where they are until the step: evened out they add up, whatever each batch's weights are.
        try learner.evenOutLoss()
        learner.lossGrad = learner.lossGrad.map { $0 * (items / Double(samples)) }
    }

    public override func beforeStep(_ learner: Learner) throws {
        count += batchItems
        if count < samples { throw CancelSignal.batch }
        count = 0
    }

    /// The items since the last step; what they have added up to is among the gradients that every learner keeps.
    public func exchangeState(with archive: StateArchive) throws {
        try archive.integer("count", &count, in: 0...max(0, samples - 1))
    }

    /// Drops what is left over, lest it go into the first step of the next fit.
    public override func teardown(_ learner: Learner) {
        if count > 0 { learner.optimizer?.zeroGradients() }
        count = 0
    }
}

extension GradientAccumulation: Configurable {
    public static let configuration = Configuration(GradientAccumulation.self) {
        Field("samples", \.samples, .size, python: "n_acc")
    } make: {
        GradientAccumulation(samples: try $0("samples"))
    }
}
