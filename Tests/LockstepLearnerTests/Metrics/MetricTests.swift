// SPDX-License-Identifier: Apache-2.0
// The four metrics of the seed, accumulated ones, and merging.

import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics")
struct MetricTests {
    private let p1 = Tensor([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3]] as [[Float]])
    private let y1 = Tensor([1, 0, 1, 2] as [Int64])

    private func value(_ metric: Metric, _ preds: Tensor, _ targets: Tensor, batches: Int = 1) -> Double? {
        let learner = synthLearner()
        metric.reset()
        let size = preds.dim(0) / batches
        for start in stride(from: 0, to: preds.dim(0), by: size) {
            learner.pred = preds[start..<start + size]
            learner.yb = [targets[start..<start + size]]
            metric.accumulate(learner)
        }
        return metric.value
    }

    @Test("[MET-01] [S19] the average of a function over batches is that over all rows")
    func avgMetric() throws {
        let (t, u) = (sample([100], seed: 1), sample([100], seed: 2))
        let metric = AvgMetric("mae") { ($0 - $1).abs().mean() }
        #expect(metric.value == nil && metric.name == "mae")
        expectClose(try #require(value(metric, t, u, batches: 4)), (t - u).abs().mean().item(), relative: 1e-6)
    }

    @Test("[MET-01] uneven batches count by their size")
    func unevenBatches() throws {
        let learner = synthLearner()
        let metric = Metric.accuracy
        (learner.pred, learner.yb) = (p1, [y1])
        metric.accumulate(learner)
        (learner.pred, learner.yb) = (p1[0..<1], [Tensor([0] as [Int64])])
        metric.accumulate(learner)
        expectClose(try #require(metric.value), 0.4)
    }

    @Test("[MET-02] [S20] the average loss; a loss per item counts as its mean")
    func avgLoss() throws {
        let t = sample([100], seed: 1)
        let learner = synthLearner()
        let metric = AvgLoss()
        #expect(metric.name == "loss" && metric.value == nil)
        for start in stride(from: 0, to: 100, by: 25) {
            learner.yb = [t[start..<start + 25]]
            learner.loss = t[start..<start + 25].mean()
            metric.accumulate(learner)
        }
        expectClose(try #require(metric.value), t.mean().item(), relative: 1e-5)
        metric.reset()
        (learner.yb, learner.loss) = ([Tensor([0, 0, 0])], Tensor([1, 2, 3]))
        metric.accumulate(learner)
        #expect(metric.value == 2)
    }

    @Test("[MET-03] [S21] the debiased smoothed loss")
    func avgSmoothLoss() throws {
        let learner = synthLearner()
        let metric = AvgSmoothLoss()
        #expect(metric.name == "avg_smooth_loss" && metric.value == nil)
        for (loss, expected) in [(1, 1), (2, 1.5050505), (3, 2.0134680)] as [(Float, Double)] {
            learner.loss = Tensor([loss])
            metric.accumulate(learner)
            expectClose(try #require(metric.value), expected, relative: 1e-6)
        }
        let last = AvgSmoothLoss(beta: 0)
        for loss in [5, 7] as [Float] {
            learner.loss = Tensor([loss])
            last.accumulate(learner)
        }
        #expect(last.value == 7)
        learner.stepLoss = 11  // the mean over all ranks wins
        last.accumulate(learner)
        #expect(last.value == 11)
    }

    @Test("[MET-04] [S22] a value from elsewhere")
    func valueMetric() {
        let metric = ValueMetric("custom_value_metric") { 5e-3 }
        #expect(metric.value == 5e-3 && metric.name == "custom_value_metric")
    }

    @Test("names of metric classes")
    func classNames() {
        final class FooMetric: Metric {}
        final class MetricX: Metric {}
        #expect(FooMetric().name == "foo" && MetricX().name == "metric_x" && Metric().name == "metric")
    }

    @Test("a metric without value says so")
    func withoutValue() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            final class Foo: Metric {}
            _ = Foo().value
        }
        expectTrap(result, says: "Foo", "must override value")
    }

    @Test("different counts are a caller's mistake that names both")
    func counts() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let learner = synthLearner()
            (learner.pred, learner.yb) = (Tensor.zeros([3, 2]), [Tensor.zeros([2], dtype: .int64)])
            Metric.accuracy.accumulate(learner)
        }
        expectTrap(result, says: "accuracy", "3", "2")
    }

    @Test("accumulated metrics: activation, argmax and threshold, of which 0 is one")
    func accumMetric() throws {
        func seen(_ metric: (@escaping (Tensor, Tensor) -> Double?) -> AccumMetric) throws -> [Double] {
            var values: [Double] = []
            _ = value(
                metric { preds, _ in
                    values = preds.doubles; return 0
                }, Tensor([[1, -1], [-2, 3]]), Tensor([[1, 0], [0, 1]]))
            return values
        }
        #expect(try seen { AccumMetric("x", $0) } == [1, -1, -2, 3])
        #expect(try seen { AccumMetric("x", threshold: 0, $0) } == [1, 0, 0, 1])
        expectClose(
            try seen { AccumMetric("x", activation: .sigmoid, $0) }, [0.731059, 0.268941, 0.119203, 0.952574],
            relative: 1e-5)
        expectClose(
            try seen { AccumMetric("x", activation: .softmax, argmaxAxis: -1, $0) },
            [0.880797, 0.119203, 0.006693, 0.993307],
            relative: 1e-4)
        #expect(AccumMetric("x") { _, _ in 1 }.value == nil)
        #expect(AccumMetric("x") { p, t in (p + t).sum().item() }(Tensor([1, 2]), Tensor([3, 4])) == 10)
    }

    @Test("[MET-20] two halves merged equal one pass")
    func merging() throws {
        let metrics: [() -> Metric] = [
            { .accuracy }, { .errorRate }, { .rmseOfScores }, { AvgMetric("first") { p, _ in p[0, 0] } },
        ]
        for make in metrics {
            let (whole, first, second) = (make(), make(), make())
            let expected = value(whole, p1, y1, batches: 4)
            _ = value(first, p1[0..<2], y1[0..<2], batches: 2)
            _ = value(second, p1[2..<4], y1[2..<4], batches: 2)
            first.merge(second.state)
            expectClose(try #require(first.value), try #require(expected), whole.name, relative: 1e-12)
        }
        let learner = synthLearner()
        let (a, b) = (AvgLoss(), AvgLoss())
        for (metric, count, loss) in [(a, 3, 2), (b, 1, 6)] as [(AvgLoss, Int, Float)] {
            (learner.yb, learner.loss) = ([.zeros([count])], Tensor([loss]))
            metric.accumulate(learner)
        }
        a.merge(b.state)
        #expect(a.value == 3)
        let smooth = AvgSmoothLoss()
        smooth.accumulate(learner)
        let other = AvgSmoothLoss()
        other.state = .merged([smooth.state, smooth.state])
        #expect(other.value == smooth.value && other.count == 1)
    }

    @Test("rows of ranks interleave batch by batch")
    func interleaving() throws {
        func rows(_ batches: [[Float]]) -> BatchRows { BatchRows(batches.map { $0.isEmpty ? [] : [Tensor($0)] }) }
        let merged = BatchRows.interleaved([rows([[0, 1], [4], [7]]), rows([[2], [5], []]), rows([[3], [6]])])
        #expect(try #require(merged.column(0)).doubles == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(merged.count == 8)
        #expect(BatchRows().column(0) == nil && BatchRows.interleaved([]).count == 0)
    }
}

extension Metric {
    /// A whole-set metric of the scores' first column.
    fileprivate static var rmseOfScores: Metric {
        AccumMetric("scores", flatten: false) { preds, targets in
            ((preds[.all, 0] - targets.to(.float32)).square().mean().item()).squareRoot()
        }
    }
}
