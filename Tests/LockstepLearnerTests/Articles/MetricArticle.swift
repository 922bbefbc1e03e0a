// SPDX-License-Identifier: Apache-2.0
// The code of the article "Write a metric", and what it does.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// The share of predictions within a tenth of their targets.
final class WithinTenth: Metric {
    private var hits = 0
    private var count = 0

    override var name: String { "within_tenth" }
    override func reset() { (hits, count) = (0, 0) }

    override func accumulate(_ learner: Learner) {
        guard let pred = learner.pred, let target = learner.yb.first else { return }
        let errors = (pred.detached - target).abs() / target.abs()
        hits += errors.floats.count { $0 <= 0.1 }
        count += target.count
    }

    override var value: Double? { count == 0 ? nil : Double(hits) / Double(count) }

    override var state: MetricState {
        get { MetricState(counts: [Int64(hits), Int64(count)]) }
        set { (hits, count) = (Int(newValue.counts[0]), Int(newValue.counts[1])) }
    }
}

@Suite("Article: write a metric")
struct MetricArticle {
    @Test("functions of batches and of everything, in a learner")
    func functions() throws {
        let dls = DataLoaders(DataLoader(lineDataset(8), batchSize: 4), DataLoader(lineDataset(6), batchSize: 4))
        let model = RegressionModel()
        let bias = AvgMetric("bias") { pred, target in (pred - target).mean() }
        let worst = AccumMetric("worst") { preds, targets in
            preds.count == 0 ? nil : (preds - targets).abs().max().item()
        }
        let learner = Learner(dls: dls, model: model, loss: .mse, metrics: [.mae, bias, worst])
        let values = try learner.validateNamed()
        #expect(values.map(\.name) == ["valid_loss", "mae", "bias", "worst"])
        expectClose(values.map { $0.value ?? .nan }, [16.45, 3.5, -3.5, 6.5], relative: 1e-5)
    }

    @Test("a state of its own: two halves merged equal one pass")
    func state() {
        let batches: [MetricBatch] = [
            (Tensor([1.05, 2.5, 3]), Tensor([1, 2, 3])), (Tensor([-9.5, 0.2]), Tensor([-10, 0.1])),
        ]
        let (whole, first, second) = (WithinTenth(), WithinTenth(), WithinTenth())
        #expect(whole.value == nil)
        feed(whole, batches)
        feed(first, [batches[0]])
        feed(second, [batches[1]])
        first.merge(second.state)
        #expect(whole.value == 0.6 && first.value == 0.6)
        whole.reset()
        #expect(whole.value == nil)
    }
}
