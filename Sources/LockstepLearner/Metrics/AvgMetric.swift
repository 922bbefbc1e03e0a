// SPDX-License-Identifier: Apache-2.0
// Averages: of a function of predictions and targets weighted by batch size, and of the training loss over time.

import LockstepNN
public import LockstepTensor

/// The average over items of a function that is itself an average over a batch.
///
/// ```swift
/// AvgMetric("mae") { pred, target in (pred - target).abs().mean() }
/// ```
public final class AvgMetric: Metric {
    private let label: String
    private let function: ([Tensor], [Tensor]) -> Tensor
    private var average = WeightedAverage()

    /// A metric called `name`; `function` returns one number for a batch.
    public convenience init(_ name: String, _ function: @escaping (_ pred: Tensor, _ target: Tensor) -> Tensor) {
        self.init(name, ofAll: { preds, targets in function(preds[0], targets[0]) })
    }

    /// A metric called `name` of all outputs and all targets of a batch.
    public init(_ name: String, ofAll function: @escaping (_ preds: [Tensor], _ targets: [Tensor]) -> Tensor) {
        (label, self.function) = (name, function)
    }

    public override var name: String { label }
    public override func reset() { average = WeightedAverage() }
    public override func accumulate(_ learner: Learner) {
        guard !learner.preds.isEmpty, !learner.yb.isEmpty else { return }
        let value = withNoGrad { function(learner.preds.map(\.detached), learner.yb).item() }
        average.add(value, weight: learner.batchItemCount)
    }
    public override var value: Double? { average.value }
    public override var state: MetricState {
        get { average.state }
        set { average.state = newValue }
    }
}

/// The debiased exponential average of the training loss.
///
/// ```
/// sₜ = β·sₜ₋₁ + (1 − β)·lossₜ;   value = sₜ / (1 − βᵗ)
/// ```
///
/// On several ranks it follows ``Learner/stepLoss``, the mean over all of them, and so is the same everywhere.
public final class AvgSmoothLoss: Metric {
    /// How much of the old average stays at each batch.
    public let beta: Double
    /// How many losses it has seen.
    @exclusivity(unchecked) public private(set) var count = 0
    @exclusivity(unchecked) private var sum = 0.0

    /// A smoothed loss of which a share of `beta` stays at each batch.
    public init(beta: Double = 0.98) { self.beta = beta }
    public override func reset() { (count, sum) = (0, 0) }
    public override func accumulate(_ learner: Learner) {
        guard let loss = learner.stepLoss ?? learner.loss.map(mean(of:)) else { return }
        count += 1
        sum = beta * sum + (1 - beta) * loss
    }
    public override var value: Double? { count == 0 ? nil : sum / (1 - power(beta, count)) }
    public override var state: MetricState {
        get { MetricState(shared: [Double(count), sum]) }
        set { (count, sum) = (Int(newValue.shared[0]), newValue.shared[1]) }
    }
}

extension AvgSmoothLoss: Configurable {
    public static let configuration = Configuration(AvgSmoothLoss.self) {
        Field("beta", \.beta, .within(0...1))
    } make: {
        AvgSmoothLoss(beta: try $0("beta"))
    }
}

/// A number computed elsewhere, read when the phase ends.
///
/// On several ranks the writing rank's number is the one reported.
public final class ValueMetric: Metric {
    private let label: String
    private let function: () -> Double?

    /// A metric called `name` whose value is what `function` returns when asked.
    public init(_ name: String, _ function: @escaping () -> Double?) { (label, self.function) = (name, function) }
    public override var name: String { label }
    public override var value: Double? { function() }
}

/// The mean of a loss, which is one number unless its reduction is none.
func mean(of loss: Tensor) -> Double {
    loss.count == 1 ? loss.item() : loss.detached.sum().item() / Double(max(1, loss.count))
}

/// `base` to a whole exponent, by squaring.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
