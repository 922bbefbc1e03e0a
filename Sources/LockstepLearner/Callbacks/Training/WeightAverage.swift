// SPDX-License-Identifier: Apache-2.0
// A moving average of the weights, which validates and is kept in place of the last ones.

import LockstepNN
public import LockstepTensor

/// Averages the parameters over the steps of a fit, and evaluates the average.
///
/// ```
/// a ← d·a + (1−d)·p   after every step t = 1, 2, …;   d = min(decay, (1+t)/(10+t)) while it warms up
/// ```
/// It begins with the parameters as they are before the first step. Validation in the fit measures the average; training goes
/// on with the parameters themselves. Buffers, such as running statistics, are not averaged. A ``SaveModelCallback`` that
/// keeps the best epoch saves and brings back the parameters, one that saves at the end what the model then has; `learner.withWeights(average.weights) { try learner.save("average") }` the average.
///
/// On several ranks each averages the same parameters. A run that is interrupted goes on with its average.
/// - Note: timm: `ModelEmaV3`; PyTorch: `AveragedModel(multi_avg_fn=get_ema_multi_avg_fn(0.999))`.
public final class WeightAverage: Callback, Resumable {
    /// How much of the average stays at each step.
    public let decay: Double
    /// Whether the first steps count more than `decay` says.
    public let warmsUp: Bool
    /// Whether validation in the fit measures the average.
    public let validates: Bool
    /// Whether the model has the average when the fit has ended.
    public let isKept: Bool
    /// The average, in the order of `model.parameters()`: float32 for parameters that are stored as bfloat16. Empty before a fit.
    public private(set) var weights: [Tensor] = []
    /// Steps it was taken over.
    public private(set) var steps = 0
    private var wasCancelled = false

    /// - Precondition: `decay` is from 0 to 1.
    public init(
        decay: Double = 0.999, warmsUp: Bool = true, validates: Bool = true, isKept: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require((0...1).contains(decay), "WeightAverage: a decay of \(decay) is not in 0...1", file: file, line: line)
        (self.decay, self.warmsUp, self.validates, self.isKept) = (decay, warmsUp, validates, isKept)
    }

    /// The average, and the steps it was taken over.
    public func exchangeState(with archive: StateArchive) throws {
        try archive.integer("steps", &steps)
        try archive.part("weights") { archive in
            for index in weights.indices { try archive.tensor("\(index)", &weights[index]) }
        }
    }

    /// After ranks have been given equal parameters.
    public override var order: Int { 12 }
    public override var takesPartInInference: Bool { false }

    public override func beforeFit(_ learner: Learner) { begin(learner) }

    private func begin(_ learner: Learner) {
        (steps, wasCancelled) = (0, false)
        weights = learner.model.parameters().map { parameter in
            let value = parameter.value
            return (value.dtype == .float64 ? value : value.to(.float32)).ownCopy()
        }
    }

    public override func afterCancelStep(_ learner: Learner) { wasCancelled = true }

    public override func afterStep(_ learner: Learner) {
        defer { wasCancelled = false }
        if wasCancelled { return }
        // Added in the middle of a fit, or the model has grown.
        if weights.count != learner.model.parameters().count { begin(learner) }
        steps += 1
        let kept = warmsUp ? min(decay, Double(1 + steps) / Double(10 + steps)) : decay
        for (index, parameter) in learner.model.parameters().enumerated() {
            weights[index] = weights[index] * kept + parameter.value.to(weights[index].dtype) * (1 - kept)
        }
    }

    public override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
        guard phase == .validate, validates, learner.isFitting, steps > 0 else { return try level() }
        try learner.withWeights(weights, level)
    }

    public override func afterFit(_ learner: Learner) {
        guard isKept, steps > 0 else { return }
        for (parameter, average) in zip(learner.model.parameters(), weights) {
            parameter.wrappedValue = average.to(parameter.value.dtype)
        }
    }
}

extension WeightAverage: Configurable {
    public static let configuration = Configuration(WeightAverage.self) {
        Field("decay", \.decay, .within(0...1))
        Field("warmsUp", \.warmsUp)
        Field("validates", \.validates)
        Field("isKept", \.isKept)
    } make: {
        WeightAverage(
            decay: try $0("decay"), warmsUp: try $0("warmsUp"), validates: try $0("validates"), isKept: try $0("isKept")
        )
    }
}
