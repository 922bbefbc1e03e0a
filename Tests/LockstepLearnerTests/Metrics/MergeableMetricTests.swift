// SPDX-License-Identifier: Apache-2.0
// Finding metrics that cannot be merged: from their method tables, and from what their state brings back.

import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Mergeable metrics") struct MergeableMetricTests {
    class Counting: Metric {
        var rows = 0
        override func accumulate(_ learner: Learner) { rows += 1 }
        override var value: Double? { Double(rows) }
    }
    final class Generic<Value>: Counting {
        let other: Value
        init(_ other: Value) { self.other = other }
        override var name: String { "\(other)" }
    }
    class Stateful: Counting {
        override func reset() { rows = 0 }
        override var state: MetricState {
            get { MetricState(counts: [Int64(rows)]) }
            set { rows = Int(newValue.counts.first ?? 0) }
        }
    }
    final class Child: Stateful { override func accumulate(_ learner: Learner) { rows += 2 } }
    final class Told: Metric { override var value: Double? { 3 } }
    /// Keeps more than it says.
    final class Secretive: AvgLoss {
        private var count = 0
        override func reset() { count = 0 }
        override func accumulate(_ learner: Learner) { count += 1 }
        override var value: Double? { Double(count) }
    }
    /// Several ranks, as far as a metric asks.
    final class Ranks: TrainingCoordinator {
        var isWriter: Bool { true }
        var rankCount: Int { 2 }
        func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
        func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
        func gather(_ rows: BatchRows) -> BatchRows { rows }
        func write(_ body: () throws -> Void) throws { try body() }
        func read(_ body: () throws -> [UInt8]) throws -> [UInt8] { try body() }
        func abandon(because error: any Error) {}
    }

    @Test("accumulate and state have method table entries of their own") func probesAgree() throws {
        let slots = try #require(OverriddenMembers.slots)
        #expect(slots.accumulate.count == 1 && slots.state.count >= 2)
    }

    @Test("a class that accumulates without a state is known, whoever overrides what") func known() {
        for metric in [Counting(), Generic(3), Generic("x")] as [Metric] {
            #expect(metric.mergeProblem?.contains("overrides accumulate but not state") == true, "\(metric.name)")
        }
        let others: [Metric] = [
            Stateful(), Child(), Told(), ValueMetric("v") { 1 }, .accuracy, AvgLoss(), AvgSmoothLoss(), Perplexity(),
            Dice(),
            F1Score(), CorpusBLEU(), RocAuc(), Secretive(), LossMetric("x"),
        ]
        for metric in others { #expect(metric.mergeProblem == nil, "\(metric.name)") }
    }

    @Test("one that keeps more than its state says shows it at the first batch, on ranks only") func secretive() throws
    {
        let learner = goldenLearner()
        let (alone, whole, child) = (Secretive(), Secretive(), Child())
        alone.take(learner)
        #expect(alone.mergeProblem == nil && alone.value == 1)
        learner.coordinator = Ranks()
        for metric in [whole, child] as [Metric] { for _ in 0..<3 { metric.take(learner) } }
        #expect(whole.mergeProblem?.contains("keeps more than its state says") == true)
        #expect(child.mergeProblem == nil && child.value == 6)
    }
}
