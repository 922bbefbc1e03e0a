// SPDX-License-Identifier: Apache-2.0
// Metrics with the value they should have, and running them over batches.

import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// Predictions and targets.
typealias MetricBatch = (pred: Tensor, target: Tensor)

/// A metric and the value it should have.
struct Golden: Sendable, CustomTestStringConvertible {
    let name: String
    let value: Double?
    let make: @Sendable () -> Metric

    init(_ name: String, _ value: Double?, _ make: @escaping @Sendable () -> Metric) {
        (self.name, self.value, self.make) = (name, value, make)
    }

    var testDescription: String { name }

    /// Expects the value over `batches`, before anything nil, and again after a reset.
    func check(_ batches: [MetricBatch], relative: Double = 1e-6) {
        let metric = make()
        #expect(metric.value == nil, "\(name): \(metric.name) has a value before it saw anything")
        for _ in 0..<2 {
            feed(metric, batches)
            compare(metric.value, value, name, relative: relative)
            metric.reset()
        }
        #expect(metric.value == nil, "\(name): a value after reset")
    }
}

/// Expects two values to be close, or both nil.
func compare(_ actual: Double?, _ expected: Double?, _ name: String, relative: Double = 1e-6) {
    guard let actual, let expected else {
        #expect(
            actual == nil && expected == nil,
            "\(name): \(String(describing: actual)), not \(String(describing: expected))")
        return
    }
    expectClose(actual, expected, name, relative: relative, absolute: relative)
}

/// Accumulates batches, as validation does.
func feed(_ metric: Metric, _ batches: [MetricBatch], training: Bool = false, loss: (any LossFunction)? = nil) {
    let learner = synthLearner()
    learner.training = training
    if let loss { learner.lossFunction = loss }
    for (pred, target) in batches {
        (learner.pred, learner.yb) = (pred, [target])
        if let loss { learner.loss = loss(pred, target) }
        metric.accumulate(learner)
    }
}

/// The batches cut into batches of one item.
func itemwise(_ batches: [MetricBatch]) -> [MetricBatch] {
    batches.flatMap { batch in
        (0..<batch.target.dim(0)).map { (batch.pred[$0..<$0 + 1], batch.target[$0..<$0 + 1]) }
    }
}

/// The data of the golden values.
enum GoldenData {
    static var p1: Tensor {
        Tensor([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]] as [[Float]])
    }
    static var single: [MetricBatch] { [(p1, Tensor([1, 0, 1, 2] as [Int64]))] }
    static var twice: [MetricBatch] { single + [(p1, Tensor([1, 0, 2, 0] as [Int64]))] }
    static var binary: [MetricBatch] {
        [(Tensor([[2, 1], [0, 3], [1, 1.5], [2, 0]] as [[Float]]), Tensor([0, 1, 1, 1] as [Int64]))]
    }
    static var rocAuc: [MetricBatch] {
        [(Tensor([[2, 1, 0], [0, 3, 1], [1, 1.5, 2], [2, 0, 1]] as [[Float]]), Tensor([0, 1, 2, 1] as [Int64]))]
    }
    static var multi: [MetricBatch] {
        [
            (
                Tensor([[1, -1, 0.2], [-0.5, 2, 0.1], [0.3, -0.2, -1]] as [[Float]]),
                Tensor([[1, 0, 1], [0, 1, 0], [1, 0, 0]] as [[Float]])
            )
        ]
    }
    static var regression: [MetricBatch] { [(Tensor([1, 2, 4] as [Float]), Tensor([1, 3, 2] as [Float]))] }
    static var pixels: [MetricBatch] {
        [
            (
                Tensor([2, 0, 1, -1, 0, 1, 0, 3] as [Float], shape: [1, 2, 2, 2]),
                Tensor([0, 1, 1, 1] as [Int64], shape: [1, 2, 2])
            )
        ]
    }
}
