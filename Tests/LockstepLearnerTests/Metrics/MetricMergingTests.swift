// SPDX-License-Identifier: Apache-2.0
// Every metric's state: halves merge into the whole, and parts that saw nothing add nothing.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Metrics: merging")
struct MetricMergingTests {
    /// Metrics that are no function of rows: of the steps of training, or of what somebody tells.
    private static let others: Set = ["AvgSmoothLoss", "ValueMetric"]

    private func check(_ make: () -> Metric, _ data: [MetricBatch], loss: (any LossFunction)? = nil) {
        let batches = itemwise(data)
        let (whole, first, second, nothing) = (make(), make(), make(), make())
        feed(whole, batches, loss: loss)
        feed(first, Array(batches[..<(batches.count / 2)]), loss: loss)
        feed(second, Array(batches[(batches.count / 2)...]), loss: loss)
        #expect(whole.value != nil, "\(whole.name)")
        let merged = make()
        merged.state = .merged([nothing.state, first.state, second.state, nothing.state])
        compare(merged.value, whole.value, whole.name, relative: 1e-9)
        first.merge(second.state)
        compare(first.value, whole.value, whole.name, relative: 1e-9)
        nothing.merge(nothing.state)
        #expect(nothing.value == nil, "\(whole.name)")
        #expect(whole.mergeProblem == nil)
    }

    @Test("[MET-20] halves merge into the whole", arguments: Listed.metrics)
    func halves(_ metric: Listed.Metric) {
        let example = metric.make()
        if Self.others.contains("\(type(of: example))") { return }
        let batch = metric.rows.batch
        let isOfLoss = example is AvgLoss || example is LossMetric
        check(metric.make, [(batch.prediction, batch.target)], loss: isOfLoss ? ScaledLoss() : nil)
    }

    @Test("[MET-20] on the data of the golden values, too")
    func golden() {
        let makers: [([() -> Metric], [MetricBatch])] = [
            (
                [{ .accuracy }, { F1Score(average: .macro) }, { CohenKappa(weights: .linear) }, { RocAuc() }],
                GoldenData.twice + GoldenData.rocAuc
            ),
            ([{ APScoreBinary() }, { RocAucBinary() }, { F1Score() }, { BrierScore() }], GoldenData.binary),
            ([{ .accuracyMulti }, { F1ScoreMulti() }, { RocAucMulti() }, { APScoreMulti() }], GoldenData.multi),
            ([{ R2Score() }, { PearsonCorrCoef() }], GoldenData.regression),
        ]
        for (makers, data) in makers { for make in makers { check(make, data) } }
    }
}

private struct ScaledLoss: LossFunction {
    var reduction = Reduction.mean
    let scale = 3.0
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        guard prediction.shape == target.shape else { return reduction.apply(to: prediction.square()) }
        return reduction.apply(to: (prediction - target).square())
    }
}
