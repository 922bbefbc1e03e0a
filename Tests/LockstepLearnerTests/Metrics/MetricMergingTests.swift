// SPDX-License-Identifier: Apache-2.0
// Every metric's state: halves merge into the whole, and parts that saw nothing add nothing.

import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics: merging")
struct MetricMergingTests {
    private static let single: [@Sendable () -> Metric] = [
        { .accuracy }, { .errorRate }, { .topKAccuracy(k: 2) }, { F1Score(average: .macro) },
        { FBeta(2, average: .weighted) }, { Precision(average: .micro) }, { Recall(average: .macro) },
        { Jaccard(average: .macro) }, { BalancedAccuracy() }, { CohenKappa(weights: .linear) }, { HammingLoss() },
        { MatthewsCorrCoef() }, { RocAuc() },
        { optimMetric("mean", bounds: 0...1) { p, t, x in p.sum().item() * x - t.to(.float32).sum().item() * x * x } },
    ]
    private static let binary: [@Sendable () -> Metric] = [
        { APScoreBinary() }, { RocAucBinary() }, { F1Score() }, { BrierScore() }, { BrierScore(ofProbabilities: true) },
    ]
    private static let multi: [@Sendable () -> Metric] = [
        { .accuracyMulti }, { F1ScoreMulti() }, { FBetaMulti(2) }, { PrecisionMulti() }, { RecallMulti() },
        { JaccardMulti() }, { HammingLossMulti() }, { BrierScoreMulti() }, { MatthewsCorrCoefMulti() },
        { RocAucMulti() }, { APScoreMulti() },
    ]
    private static let regression: [@Sendable () -> Metric] = [
        { .mse }, { .mae }, { .msle }, { .rmse }, { .expRMSPE }, { R2Score() }, { ExplainedVariance() },
        { PearsonCorrCoef() }, { SpearmanCorrCoef() },
    ]
    private static let pixels: [@Sendable () -> Metric] = [
        { Dice() }, { JaccardCoeff() }, { DiceMulti() }, { JaccardCoeffMulti() }, { .foregroundAcc },
    ]

    private func check(_ makers: [@Sendable () -> Metric], _ data: [MetricBatch]) {
        let batches = itemwise(data)
        for make in makers {
            let (whole, first, second, nothing) = (make(), make(), make(), make())
            feed(whole, batches)
            feed(first, Array(batches[..<(batches.count / 2)]))
            feed(second, Array(batches[(batches.count / 2)...]))
            #expect(whole.value != nil, "\(whole.name)")
            let merged = make()
            merged.state = .merged([nothing.state, first.state, second.state, nothing.state])
            compare(merged.value, whole.value, whole.name, relative: 1e-9)
            first.merge(second.state)
            compare(first.value, whole.value, whole.name, relative: 1e-9)
            nothing.merge(nothing.state)
            #expect(nothing.value == nil, "\(whole.name)")
        }
    }

    @Test("[MET-20] one class per item") func singleLabel() { check(Self.single, GoldenData.twice + GoldenData.rocAuc) }
    @Test("[MET-20] two classes") func twoClasses() { check(Self.binary, GoldenData.binary) }
    @Test("[MET-20] several labels per item") func multiLabel() { check(Self.multi, GoldenData.multi) }
    @Test("[MET-20] regression") func numbers() { check(Self.regression, GoldenData.regression) }

    @Test("[MET-20] regions")
    func segmentation() {
        let (pred, target) = GoldenData.pixels[0]
        check(Self.pixels, [(pred, target), (pred.flipped(axes: [2]), target)])
    }

    @Test("[MET-20] losses and text")
    func losses() {
        let targets = Tensor([1, 2, 3, 4, 5, 1, 2, 3, 5, 4] as [Int64], shape: [2, 5])
        let pred = Tensor([1, 2, 3, 4, 5, 1, 2, 3, 4, 5] as [Int64], shape: [2, 5]).oneHot(classes: 6).to(.float32)
        check([{ CorpusBLEU() }], [(pred, targets)])
        let batches = itemwise(GoldenData.regression)
        for make in [{ AvgLoss() }, { Perplexity() }, { LossMetric("scale") }] as [() -> Metric] {
            let (whole, first, second) = (make(), make(), make())
            feed(whole, batches, loss: ScaledLoss())
            feed(first, Array(batches[..<1]), loss: ScaledLoss())
            feed(second, Array(batches[1...]), loss: ScaledLoss())
            first.merge(second.state)
            first.merge(make().state)
            compare(first.value, whole.value, whole.name, relative: 1e-12)
        }
    }
}

private struct ScaledLoss: LossFunction {
    var reduction = Reduction.mean
    let scale = 3.0
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        reduction.apply(to: (prediction - target).square())
    }
}
