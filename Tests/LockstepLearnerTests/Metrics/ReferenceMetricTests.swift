// SPDX-License-Identifier: Apache-2.0
// Metrics against scikit-learn and SciPy on random data.

import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics: as scikit-learn")
struct ReferenceMetricTests {
    private struct File: Decodable {
        struct Multiclass: Decodable { let logits: [[Float]], target: [Int] }
        struct Binary: Decodable { let scores: [Float], target: [Int], values: [String: Double] }
        struct Regression: Decodable { let predicted: [Float], target: [Float], values: [String: Double] }
        let multiclass: Multiclass
        let binary: Binary
        let regression: Regression
    }

    /// The numbers among the multi-class values, which also hold a matrix.
    private struct MulticlassValues: Decodable {
        struct Part: Decodable { let values: Values }
        struct Values: Decodable {
            let accuracy, errorRate, top2Accuracy, balancedAccuracy, cohenKappa, hammingLoss, matthews: Double
            let confusionMatrix: [[Int]]
        }
        let multiclass: Part
    }

    private let file: File

    init() throws { file = try Reference.decode(File.self, from: "metrics") }

    private var logits: Tensor { Tensor(file.multiclass.logits) }
    private var target: Tensor { Tensor(file.multiclass.target.map(Int64.init)) }
    private var multiclass: [MetricBatch] {
        [(logits[0..<7], target[0..<7]), (logits[7..<36], target[7..<36]), (logits[36..<40], target[36..<40])]
    }
    /// Probabilities as scores of two classes whose softmax they are.
    private var binary: [MetricBatch] {
        let scores = Tensor(file.binary.scores)
        let logits = Tensor.stacked([(1 - scores).log(), scores.log()], axis: 1)
        return [(logits, Tensor(file.binary.target.map(Int64.init)))]
    }
    private var labels: Tensor {
        let flags = (0..<160).map { index -> Float in
            let (row, column) = (index / 4, index % 4)
            return (7 * row + 3 * column + row / 3 * column) % 5 < 2 ? 1 : 0
        }
        return Tensor(flags, shape: [40, 4])
    }

    @Test("one class per item: the committed values")
    func committed() throws {
        let values = try Reference.decode(MulticlassValues.self, from: "metrics").multiclass.values
        for (metric, value) in [
            (.accuracy, values.accuracy), (.errorRate, values.errorRate),
            (.topKAccuracy(k: 2), values.top2Accuracy), (BalancedAccuracy(), values.balancedAccuracy),
            (CohenKappa(), values.cohenKappa), (HammingLoss(), values.hammingLoss),
            (MatthewsCorrCoef(), values.matthews),
        ] as [(Metric, Double)] {
            feed(metric, multiclass)
            compare(metric.value, value, metric.name)
        }
        let matrix = ConfusionMatrix(
            actual: file.multiclass.target, predicted: logits.argmax(axis: -1).ints, labels: ["a", "b", "c", "d"])
        #expect(matrix.counts == values.confusionMatrix)
    }

    @Test(
        "one class per item",
        arguments: [
            Golden("f1.macro", 0.29496924128503077) { F1Score(average: .macro) },
            Golden("f1.micro", 0.3) { F1Score(average: .micro) },
            Golden("f1.weighted", 0.30823513328776486) { F1Score(average: .weighted) },
            Golden("precision.macro", 0.3098776223776224) { Precision(average: .macro) },
            Golden("precision.micro", 0.3) { Precision(average: .micro) },
            Golden("precision.weighted", 0.3411713286713287) { Precision(average: .weighted) },
            Golden("recall.macro", 0.3005952380952381) { Recall(average: .macro) },
            Golden("recall.weighted", 0.3) { Recall(average: .weighted) },
            Golden("jaccard.macro", 0.17425303454715219) { Jaccard(average: .macro) },
            Golden("jaccard.micro", 0.17647058823529413) { Jaccard(average: .micro) },
            Golden("jaccard.weighted", 0.1834500466853408) { Jaccard(average: .weighted) },
            Golden("fbeta.macro", 0.3006870489350466) { FBeta(0.5, average: .macro) },
            Golden("fbeta.weighted", 0.32385913571554303) { FBeta(0.5, average: .weighted) },
            Golden("f1.labels", 0.24812030075187969) { F1Score(average: .macro, labels: [1, 3]) },
            Golden("kappa.linear", 0.055876685934489356) { CohenKappa(weights: .linear) },
            Golden("kappa.quadratic", 0.062209842154131834) { CohenKappa(weights: .quadratic) },
            Golden("balanced.adjusted", 0.06746031746031744) { BalancedAccuracy(adjusted: true) },
            Golden("roc.ovr.macro", 0.50775821145766) { RocAuc() },
            Golden("roc.ovr.weighted", 0.5140685601163542) { RocAuc(average: .weighted) },
            Golden("roc.ovo.macro", 0.5053323412698413) { RocAuc(multiClass: .oneVsOne) },
            Golden("roc.ovo.weighted", 0.5093501984126984) { RocAuc(average: .weighted, multiClass: .oneVsOne) },
        ])
    func multiclass(_ golden: Golden) { golden.check(multiclass) }

    @Test("two classes")
    func twoClasses() {
        for (metric, key) in [
            (RocAucBinary(), "rocAUC"), (APScoreBinary(), "averagePrecision"), (F1Score(), "f1"), (FBeta(2), "fBeta2"),
            (Jaccard(), "jaccard"), (Precision(), "precision"), (Recall(), "recall"),
            (BrierScore(ofProbabilities: true), "brier"),
        ] as [(Metric, String)] {
            feed(metric, itemwise(binary))
            compare(metric.value, file.binary.values[key], key)
        }
        let partial = RocAucBinary(maxFPR: 0.3)
        feed(partial, binary)
        compare(partial.value, 0.7722321251733015, "up to a false positive rate of 0.3")
    }

    @Test("two classes with tied scores")
    func ties() {
        let scores = Tensor(file.binary.scores.map { ($0 * 10).rounded(.toNearestOrEven) })
        let batch = (Tensor.stacked([.zeros([40]), scores - 5], axis: 1), binary[0].target)
        for (metric, value) in [(RocAucBinary(), 0.8459595959595959), (APScoreBinary(), 0.8193644046585223)]
            as [(Metric, Double)]
        {
            feed(metric, [batch])
            compare(metric.value, value, metric.name)
        }
    }

    @Test(
        "several labels per item",
        arguments: [
            Golden("f1.macro", 0.46314307273560246) { F1ScoreMulti() },
            Golden("precision.macro", 0.42501495215311) { PrecisionMulti() },
            Golden("recall.macro", 0.5116421568627451) { RecallMulti() },
            Golden("jaccard.macro", 0.3113395225464191) { JaccardMulti() },
            Golden("f2.macro", 0.4906950534590987) { FBetaMulti(2) },
            Golden("ap.macro", 0.47874902653186885) { APScoreMulti() },
            Golden("roc.macro", 0.5361729539641944) { RocAucMulti() },
            Golden("f1.micro", 0.4714285714285714) { F1ScoreMulti(average: .micro) },
            Golden("ap.micro", 0.4369789365737975) { APScoreMulti(average: .micro) },
            Golden("roc.micro", 0.5379231770833333) { RocAucMulti(average: .micro) },
            Golden("f1.weighted", 0.4667833057105128) { F1ScoreMulti(average: .weighted) },
            Golden("ap.weighted", 0.4830881469532728) { APScoreMulti(average: .weighted) },
            Golden("roc.weighted", 0.5410144927536232) { RocAucMulti(average: .weighted) },
            Golden("f1.samples", 0.36416666666666664) { F1ScoreMulti(average: .samples) },
            Golden("precision.samples", 0.3583333333333333) { PrecisionMulti(average: .samples) },
            Golden("recall.samples", 0.4375) { RecallMulti(average: .samples) },
            Golden("jaccard.samples", 0.2833333333333333) { JaccardMulti(average: .samples) },
            Golden("ap.samples", 0.5395833333333333) { APScoreMulti(average: .samples) },
            Golden("hamming", 0.4625) { HammingLossMulti() },
            Golden("mcc", 0.06642342844420464) { MatthewsCorrCoefMulti() },
        ])
    func multiLabel(_ golden: Golden) {
        golden.check([(logits[0..<11], labels[0..<11]), (logits[11..<40], labels[11..<40])])
    }

    @Test("regression")
    func regression() {
        let (pred, target) = (Tensor(file.regression.predicted), Tensor(file.regression.target))
        for (metric, key) in [
            (.mse, "mse"), (.mae, "mae"), (.rmse, "rmse"), (R2Score(), "r2"),
            (ExplainedVariance(), "explainedVariance"),
            (PearsonCorrCoef(), "pearson"),
        ] as [(Metric, String)] {
            feed(metric, [(pred[0..<13], target[0..<13]), (pred[13..<30], target[13..<30])])
            compare(metric.value, file.regression.values[key], key)
        }
        Golden("spearman", -0.10389321468298107) { SpearmanCorrCoef() }.check([(pred, target)])
        Golden("exp_rmspe", 11.731077355273404) { .expRMSPE }.check([(pred, target)])
        func rounded(_ x: Tensor) -> Tensor { Tensor(x.floats.map { $0.rounded(.toNearestOrEven) }) }
        Golden("spearman of ties", -0.14604558667320053) { SpearmanCorrCoef() }.check([(rounded(pred), rounded(target))]
        )
    }

    @Test("the best argument of a metric, found with SciPy's steps")
    func optimum() throws {
        func search(_ reportsArgument: Bool) -> AccumMetric {
            optimMetric("quartic", bounds: -1...2, maximize: false, reportsArgument: reportsArgument) { _, _, x in
                let square = (x - 0.3) * (x - 0.3)
                return square * square + 0.1 * x
            }
        }
        #expect(search(false).name == "opt_quartic" && search(false).value == nil)
        compare(search(false)(.zeros([1]), .zeros([1])), 0.008070360331702735, "value", relative: 1e-12)
        compare(search(true)(.zeros([1]), .zeros([1])), 0.006618634374256693, "argument", relative: 1e-9)
        let threshold = optimMetric("accuracy", bounds: 0...1, activation: .sigmoid) { preds, targets, threshold in
            ((preds .>= threshold) .== targets.to(.bool)).to(.float32).mean().item()
        }
        feed(threshold, [(Tensor([-3, -2, 1, 2]), Tensor([0, 0, 1, 1]))])
        #expect(threshold.value == 1)
    }
}
