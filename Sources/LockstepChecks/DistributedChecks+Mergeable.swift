// SPDX-License-Identifier: Apache-2.0
// Checks that a metric which cannot be merged ends all ranks alike, before it reports a part as the whole.

import LockstepComm
import LockstepDistributed
import LockstepLearner
import LockstepTensor

/// A metric that accumulates and does not say what.
private class Forgetful: Metric {
    var rows = 0
    override var name: String { "forgetful" }
    override func reset() { rows = 0 }
    override func accumulate(_ learner: Learner) { rows += learner.batchItemCount }
    override var value: Double? { Double(rows) }
}

/// The same with a state.
private final class Remembering: Forgetful {
    override var name: String { "remembering" }
    override var state: MetricState {
        get { MetricState(counts: [Int64(rows)]) }
        set { rows = Int(newValue.counts.first ?? 0) }
    }
}

/// A state that is told and not taken back.
private final class Deaf: Forgetful {
    override var name: String { "deaf" }
    override var state: MetricState {
        get { MetricState(counts: [Int64(rows)]) }
        set {}
    }
}

/// More state than the metric it is a kind of has.
private final class LossAndRows: AvgLoss {
    private var rows = 0
    override var name: String { "loss and rows" }
    override func reset() {
        super.reset()
        rows = 0
    }
    override func accumulate(_ learner: Learner) {
        super.accumulate(learner)
        rows += learner.batchItemCount
    }
    override var value: Double? { super.value.map { $0 + Double(rows) } }
}

/// Another way to accumulate the same state.
private final class SomeLosses: AvgLoss {
    override var name: String { "some losses" }
    override func accumulate(_ learner: Learner) { if learner.iter % 2 == 0 { super.accumulate(learner) } }
}

extension DistributedChecks {
    static let mergeable: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("D16 a metric that cannot be merged ends all ranks alike before it reports a part", unmergeableMetrics)
    ]

    @Sendable static func unmergeableMetrics(_ c: any Communicator) throws {
        final class Counting: Callback {
            var (batches, validations) = (0, 0)
            override func afterBatch(_ learner: Learner) { batches += learner.training ? 1 : 0 }
            override func afterValidate(_ learner: Learner) { validations += 1 }
            override var order: Int { 100 }
        }
        func run(_ metric: Metric, infers: Bool) throws -> (text: String, counting: Counting, learner: Learner) {
            let counting = Counting()
            let learner = twoClasses(callbacks: [Recorder(), counting], metrics: [.accuracy, metric])
            learner.logger = SilentLogger()
            var text = ""
            do {
                try learner.distributed(over: c) { if infers { try learner.validate() } else { try learner.fit(1) } }
            } catch {
                text = "\(error)"
            }
            let all = try c.allGather(text, name: "sentences")
            try require(all.allSatisfy { $0 == all[0] }, "the ranks say: \(all)")
            return (text, counting, learner)
        }
        for infers in [false, true] {
            for metric in [Remembering(), SomeLosses(), ValueMetric("told") { 3 }] as [Metric] {
                let (text, _, learner) = try run(metric, infers: infers)
                try require(text.isEmpty, "\(metric.name) was refused: \(text)")
                if metric is Remembering, !infers {
                    try require(learner.finalRecord.last == 6, "\(learner.finalRecord) of 6 rows")
                }
            }
            for metric in [Forgetful(), Deaf(), LossAndRows()] as [Metric] {
                let (text, counting, learner) = try run(metric, infers: infers)
                if c.size == 1 {
                    try require(text.isEmpty, "one rank sees everything: \(text)")
                    continue
                }
                for word in ["“\(metric.name)”", "\(type(of: metric))", "Override state"] {
                    try require(text.contains(word), "“\(word)” is not in: \(text)")
                }
                try require(counting.validations == 0, "\(metric.name) was reported")
                try require(learner.finalRecord.isEmpty, "\(metric.name) was reported: \(learner.finalRecord)")
                if metric is Forgetful, !(metric is Deaf) {
                    try require(counting.batches == 0, "\(metric.name): \(counting.batches) batches were trained first")
                }
            }
        }
    }
}
