// SPDX-License-Identifier: Apache-2.0
// Training as if matrix products were done in 16 bits.

import LockstepNN
import LockstepOptim
public import LockstepTensor

/// Mixed precision, emulated: forward passes run under `withAutocast`, losses are scaled so that small gradients
/// survive half precision, and steps whose gradients overflow are left out. Micikevicius et al., arXiv 1710.03740.
///
/// What is emulated: operands, results and gradients of matrix products, convolutions, attention and recurrent layers are
/// rounded to 16 bits; sums inside of them, all other operations, the parameters and the optimizer are float32, as under
/// PyTorch's `autocast`. On a processor nothing gets faster or smaller; it shows how a model would train elsewhere.
///
/// ```
/// beforeBackward   loss ← loss · scale
/// beforeStep       gradient ← gradient / scale; not finite: the step is cancelled
/// afterStep        overflow: scale ← scale / 2;  growthInterval good steps: scale ← scale · 2
/// ```
/// `.bfloat16` has float32's range and is not scaled. A gradient that half precision would round to
/// infinity (65520 or more) is an overflow, whichever operation it comes from. On several ranks each differentiates no more than its share of the whole batch's
/// loss, and gradients are checked after they were reduced: all ranks leave out the steps that one process would. Validation runs under autocast
/// too.
/// - Note: fastai: `MixedPrecision`; PyTorch: `GradScaler`.
public final class MixedPrecision: Callback, Resumable {
    /// What products are rounded to.
    public let precision: ReducedPrecision
    /// What losses are multiplied by; 1 for `ReducedPrecision.bfloat16`.
    public private(set) var scale: Double
    /// Good steps in a row after which the scale doubles.
    public let growthInterval: Int
    /// Steps left out in this fit.
    public private(set) var skippedSteps = 0

    private let initialScale: Double
    private var goodSteps = 0
    private var hasOverflowed = false
    private var scope: ComputeContext.Scope?

    /// - Precondition: scale and interval are positive.
    public init(
        _ precision: ReducedPrecision = .half, initialScale: Double = 65536, growthInterval: Int = 2000,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            initialScale > 0 && growthInterval > 0,
            "MixedPrecision: a scale of \(initialScale) that doubles after \(growthInterval) steps", file: file,
            line: line)
        (self.precision, self.growthInterval) = (precision, growthInterval)
        self.initialScale = precision == .half ? initialScale : 1
        scale = self.initialScale
    }

    public override var order: Int { 10 }
    /// A learner that is given away predicts in float32.
    public override var isExported: Bool { false }
    public override func beforeFit(_ learner: Learner) {
        if learner.isInferring { return }
        (scale, goodSteps, skippedSteps, hasOverflowed) = (initialScale, 0, 0, false)
    }

    /// The scale, and what it follows from.
    public func exchangeState(with archive: StateArchive) throws {
        try archive.number("scale", &scale, in: 0...Double.greatestFiniteMagnitude)
        try archive.integer("goodSteps", &goodSteps, in: 0...max(0, growthInterval - 1))
        try archive.integer("skippedSteps", &skippedSteps)
    }

    // MARK: Rounding

    public override func beforeBatch(_ learner: Learner) { enter() }

    /// The outputs as half precision would hand them on; the loss is computed in float32.
    public override func afterPred(_ learner: Learner) {
        learner.preds = learner.preds.map { $0.dtype == .float32 ? $0.rounded(to: precision) : $0 }
    }

    public override func afterLoss(_ learner: Learner) throws {
        leave()
        if precision == .half, learner.training, learner.isLabelled { try learner.evenOutLoss() }
    }
    public override func afterCancelBatch(_ learner: Learner) { leave() }
    public override func afterBatch(_ learner: Learner) { leave() }
    public override func teardown(_ learner: Learner) { leave() }

    private func enter() {
        leave()
        scope = ComputeContext.Scope(precision: .some(precision))
    }

    private func leave() {
        scope?.end()
        scope = nil
    }

    // MARK: Scaling

    public override func beforeBackward(_ learner: Learner) {
        guard precision == .half else { return }
        let scale = scale / ranks(of: learner)
        if scale != 1 { learner.lossGrad = learner.lossGrad.map { $0 * scale } }
    }

    /// bfloat16 has float32's range: nothing overflows.
    public override var gradientNeeds: GradientNeeds { precision == .half ? .values : [] }

    public override func beforeStep(_ learner: Learner) throws {
        guard precision == .half, let arena = learner.optimizer?.arena else { return }
        arena.scaleGradients(by: ranks(of: learner))
        hasOverflowed = !arena.gradientNorm().isFinite || arena.gradientNorm(order: .infinity) >= 65520
        if hasOverflowed {
            skippedSteps += 1
            throw CancelSignal.step
        }
        arena.scaleGradients(by: 1 / scale)
    }

    /// By how much parts that were evened out are larger than in one process, where they would overflow later.
    private func ranks(of learner: Learner) -> Double {
        learner.lossFunction.reduction == .sum ? 1 : Double(learner.coordinator.rankCount)
    }

    /// Also after a cancelled step: that is how the scale shrinks.
    public override func afterStep(_ learner: Learner) {
        guard precision == .half else { return }
        if hasOverflowed {
            (scale, goodSteps, hasOverflowed) = (scale / 2, 0, false)
        } else {
            goodSteps += 1
            if goodSteps == growthInterval { (scale, goodSteps) = (scale * 2, 0) }
        }
    }
}

extension MixedPrecision: Configurable {
    public static let configuration = Configuration(MixedPrecision.self) {
        Field(told: "precision") { .string("\($0.precision)") }
        Field(told: "init_scale") { .double($0.initialScale) }
        Field(told: "growth_interval") { .int($0.growthInterval) }
    }
}

extension Learner {
    /// Trains in half precision from here on, emulated: adds a ``MixedPrecision`` in place of one that is there.
    ///
    /// Nothing is communicated: on several ranks call it on all of them.
    /// - Note: fastai: `to_fp16`.
    @discardableResult
    public func toFP16() throws -> Learner { try replacePrecision(MixedPrecision(.half)) }

    /// Trains in bfloat16 from here on, emulated. On several ranks call it on all of them.
    /// - Note: fastai: `to_bf16`.
    @discardableResult
    public func toBF16() throws -> Learner { try replacePrecision(MixedPrecision(.bfloat16)) }

    /// Trains in float32 again. On several ranks call it on all of them.
    /// - Note: fastai: `to_fp32`.
    @discardableResult
    public func toFP32() -> Learner {
        removeCallbacks(ofType: MixedPrecision.self)
        return self
    }

    private func replacePrecision(_ callback: MixedPrecision) throws -> Learner {
        toFP32()
        return try addCallback(callback)
    }
}
