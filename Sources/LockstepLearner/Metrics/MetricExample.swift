// SPDX-License-Identifier: Apache-2.0
// The list of metrics: files find them by it, and what must hold for all of them is tried with its examples.

package import LockstepTensor

/// A metric of the package: a value of it, with options other than the usual ones, and rows of which it says something.
///
/// Swift finds no type by itself, so each has a line in ``all``; one that is missing fails `ListedTypesTests` by name.
package struct MetricExample: Sendable, CustomStringConvertible {
    /// What rows look like, in words that tests turn into tensors.
    package enum Rows: Sendable, CaseIterable {
        case classes, twoClasses, labels, numbers, pixels, tokens
    }

    /// What files know it by; nil when they do not hold it.
    package let configuration: Configuration?
    package let rows: Rows
    package let make: @Sendable () -> Metric

    package var description: String {
        let metric = make()
        return "\(type(of: metric)) \(metric.name)"
    }

    private init<Example: Metric>(_ rows: Rows, _ make: @escaping @Sendable () -> Example) {
        (configuration, self.rows, self.make) = (Configuration.made(Example.self), rows, make)
    }

    /// The result of a function of `Metric`.
    private init(_ rows: Rows, by function: Configuration, _ make: @escaping @Sendable () -> Metric) {
        (configuration, self.rows, self.make) = (function, rows, make)
    }

    /// Every metric: those that are functions of `Metric`, and those that are types.
    package static let all: [MetricExample] = functions + classes + labels + numbers + pixels + losses

    private static let functions: [MetricExample] = [
        Self(.classes, by: Metric.accuracyConfiguration) { .accuracy(axis: 1) },
        Self(.classes, by: Metric.errorRateConfiguration) { .errorRate(axis: 1) },
        Self(.classes, by: Metric.topKAccuracyConfiguration) { .topKAccuracy(k: 2, axis: 1) },
        Self(.labels, by: Metric.accuracyMultiConfiguration) { .accuracyMulti(threshold: 0.3, sigmoid: false) },
        Self(.numbers, by: Metric.mseConfiguration) { .mse },
        Self(.numbers, by: Metric.maeConfiguration) { .mae },
        Self(.numbers, by: Metric.msleConfiguration) { .msle },
        Self(.numbers, by: Metric.rmseConfiguration) { .rmse },
        Self(.numbers, by: Metric.expRMSPEConfiguration) { .expRMSPE },
        Self(.classes) {
            optimMetric("best", bounds: 0...1) { p, t, x in p.sum().item() * x - t.to(.float32).sum().item() }
        },
        Self(.classes) { AvgMetric("own") { p, _ in p.mean() } },
        Self(.classes) { ValueMetric("told") { 3 } },
    ]

    private static let classes: [MetricExample] = [
        Self(.classes) { F1Score(average: .macro, axis: 1, labels: [0, 2], name: "f") },
        Self(.twoClasses) { F1Score(positive: 0) },
        Self(.classes) { FBeta(2, average: .weighted) },
        Self(.classes) { Precision(average: .micro) },
        Self(.classes) { Recall(average: .macro) },
        Self(.classes) { Jaccard(average: .macro) },
        Self(.classes) { BalancedAccuracy(adjusted: true) },
        Self(.classes) { CohenKappa(weights: .quadratic) },
        Self(.classes) { HammingLoss(axis: 1) },
        Self(.classes) { MatthewsCorrCoef() },
        Self(.classes) { RocAuc(average: .weighted, multiClass: .oneVsOne) },
        Self(.twoClasses) { APScoreBinary(positive: 0) },
        Self(.twoClasses) { RocAucBinary(maxFPR: 0.5) },
        Self(.twoClasses) { BrierScore(ofProbabilities: true) },
    ]

    private static let labels: [MetricExample] = [
        Self(.labels) { F1ScoreMulti(threshold: 0.1, labels: [1]) },
        Self(.labels) { FBetaMulti(0.5, sigmoid: false) },
        Self(.labels) { PrecisionMulti(average: .micro) },
        Self(.labels) { RecallMulti(average: .samples) },
        Self(.labels) { JaccardMulti() },
        Self(.labels) { HammingLossMulti() },
        Self(.labels) { BrierScoreMulti(ofProbabilities: true) },
        Self(.labels) { MatthewsCorrCoefMulti(threshold: 0.2) },
        Self(.labels) { RocAucMulti(average: .micro) },
        Self(.labels) { APScoreMulti(sigmoid: false) },
    ]

    private static let numbers: [MetricExample] = [
        Self(.numbers) { R2Score(name: "r2") },
        Self(.numbers) { ExplainedVariance() },
        Self(.numbers) { PearsonCorrCoef() },
        Self(.numbers) { SpearmanCorrCoef() },
    ]

    private static let pixels: [MetricExample] = [
        Self(.pixels) { Dice(axis: 1) },
        Self(.pixels) { JaccardCoeff(axis: 1) },
        Self(.pixels) { DiceMulti(axis: 1) },
        Self(.pixels) { JaccardCoeffMulti() },
        Self(.pixels) { ForegroundAcc() },
        Self(.pixels) { ForegroundAcc(background: 1, axis: 1) },
        Self(.tokens) { CorpusBLEU(axis: -1) },
    ]

    private static let losses: [MetricExample] = [
        Self(.classes) { AvgLoss() },
        Self(.classes) { AvgSmoothLoss(beta: 0.5) },
        Self(.classes) { Perplexity() },
        Self(.classes) { LossMetric("scale", name: "of the loss") },
    ]
}
