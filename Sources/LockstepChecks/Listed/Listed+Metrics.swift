// SPDX-License-Identifier: Apache-2.0
// Every metric, with rows of which it says something.

package import LockstepLearner
import LockstepNN
package import LockstepTensor
import LockstepTesting

extension Listed {
    /// A metric with what it is given.
    package struct Metric: Sendable, CustomStringConvertible {
        package let make: @Sendable () -> LockstepLearner.Metric
        package let rows: Rows
        package var description: String {
            let metric = make()
            return "\(type(of: metric)) \(metric.name)"
        }
    }

    /// What rows look like.
    package enum Rows: Sendable, CaseIterable {
        case classes, twoClasses, labels, numbers, pixels, tokens

        /// Predictions and targets of eight items.
        package var batch: (prediction: Tensor, target: Tensor) {
            switch self {
            case .classes:
                (sample([8, 3], seed: 1, in: 0..<1).softmax(axis: 1), Tensor([1, 0, 2, 1, 0, 2, 0, 1] as [Int64]))
            case .twoClasses: (sample([8, 2], seed: 2), Tensor([0, 1, 1, 1, 0, 0, 1, 0] as [Int64]))
            case .labels:
                (
                    sample([8, 3], seed: 3),
                    Tensor(
                        [1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1] as [Float],
                        shape: [8, 3])
                )
            case .numbers: (sample([8, 1], seed: 4, in: 0.5..<2), sample([8, 1], seed: 5, in: 0.5..<2))
            case .pixels: (sample([8, 2, 2, 2], seed: 6), sampleIntegers([8, 2, 2], seed: 7, in: 0..<2))
            case .tokens:
                (
                    sampleIntegers([8, 6], seed: 8, in: 0..<3).oneHot(classes: 4).to(.float32),
                    sampleIntegers([8, 6], seed: 9, in: 0..<3)
                )
            }
        }
    }

    /// Every metric: those that are types, and those that are functions of `Metric`.
    package static let metrics: [Metric] =
        list(
            .classes,
            [
                { .accuracy(axis: 1) }, { .errorRate(axis: 1) }, { .topKAccuracy(k: 2, axis: 1) },
                { F1Score(average: .macro, axis: 1, labels: [0, 2], name: "f") }, { FBeta(2, average: .weighted) },
                { Precision(average: .micro) }, { Recall(average: .macro) }, { Jaccard(average: .macro) },
                { BalancedAccuracy(adjusted: true) }, { CohenKappa(weights: .quadratic) }, { HammingLoss(axis: 1) },
                { MatthewsCorrCoef() }, { RocAuc(average: .weighted, multiClass: .oneVsOne) },
                { optimMetric("best", bounds: 0...1) { p, t, x in p.sum().item() * x - t.to(.float32).sum().item() } },
                { AvgMetric("own") { p, _ in p.mean() } }, { AvgLoss() }, { AvgSmoothLoss(beta: 0.5) },
                { Perplexity() }, { LossMetric("scale", name: "of the loss") }, { ValueMetric("told") { 3 } },
            ])
        + list(
            .twoClasses,
            [
                { APScoreBinary(positive: 0) }, { RocAucBinary(maxFPR: 0.5) }, { F1Score(positive: 0) },
                { BrierScore(ofProbabilities: true) },
            ])
        + list(
            .labels,
            [
                { .accuracyMulti(threshold: 0.3, sigmoid: false) }, { F1ScoreMulti(threshold: 0.1, labels: [1]) },
                { FBetaMulti(0.5, sigmoid: false) }, { PrecisionMulti(average: .micro) },
                { RecallMulti(average: .samples) }, { JaccardMulti() }, { HammingLossMulti() },
                { BrierScoreMulti(ofProbabilities: true) }, { MatthewsCorrCoefMulti(threshold: 0.2) },
                { RocAucMulti(average: .micro) }, { APScoreMulti(sigmoid: false) },
            ])
        + list(
            .numbers,
            [
                { .mse }, { .mae }, { .msle }, { .rmse }, { .expRMSPE }, { R2Score(name: "r2") },
                { ExplainedVariance() },
                { PearsonCorrCoef() }, { SpearmanCorrCoef() },
            ])
        + list(
            .pixels,
            [
                { Dice(axis: 1) }, { JaccardCoeff(axis: 1) }, { DiceMulti(axis: 1) }, { JaccardCoeffMulti() },
                { .foregroundAcc }, { ForegroundAcc(background: 1, axis: 1) },
            ]) + list(.tokens, [{ CorpusBLEU(axis: -1) }])

    private static func list(
        _ rows: Rows, _ makers: [@Sendable () -> LockstepLearner.Metric]
    ) -> [Metric] { makers.map { Metric(make: $0, rows: rows) } }
}
