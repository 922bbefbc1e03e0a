// SPDX-License-Identifier: Apache-2.0
// A callback and a metric of one's own, which do the same on any number of ranks: mpirun -n 2 callback

import Foundation
import Lockstep

/// Keeps the largest norm of the gradients, and ends a fit in which they vanish.
final class GradientWatch: Callback {
    private(set) var largest = 0.0
    // At order 12 the gradients are averaged over the ranks: every rank sees the same.
    override var order: Int { 12 }

    override func beforeFit(_ learner: Learner) { largest = 0 }
    override func beforeStep(_ learner: Learner) throws {
        guard let norm = learner.optimizer?.arena.gradientNorm() else { return }
        largest = max(largest, norm)
        if norm < 1e-9 { throw CancelSignal.fit }
    }
    override func afterFit(_ learner: Learner) {
        if learner.coordinator.isWriter { print("largest gradient", String(format: "%.1f", largest)) }
    }
}

/// The share of items that the model is sure of.
final class Sureness: Metric {
    private var sure = 0
    private var seen = 0
    override func reset() { (sure, seen) = (0, 0) }
    override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred else { return }
        sure += Int((softmax(pred, axis: 1).max(axis: 1) .> 0.9).to(.int64).sum())
        seen += pred.dim(0)
    }
    override var value: Double? { seen == 0 ? nil : Double(sure) / Double(seen) }
    // What ranks add up: each has seen its own items.
    override var state: MetricState {
        get { MetricState(counts: [Int64(sure), Int64(seen)]) }
        set { (sure, seen) = (Int(newValue.counts[0]), Int(newValue.counts[1])) }
    }
}

Lockstep.run {
    setSeed(1)
    let model = Sequential {
        Linear(64, 64); ReLU(); Dropout(0.1); Linear(64, 10)
    }
    let learner = Learner(
        dls: try .digits(batchSize: 64), model: model, loss: .crossEntropy, metrics: [.accuracy, Sureness()])
    try learner.distributed { try learner.fitOneCycle(3, lrMax: 1e-2, callbacks: [GradientWatch()]) }
}
