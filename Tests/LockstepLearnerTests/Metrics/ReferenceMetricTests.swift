// SPDX-License-Identifier: Apache-2.0
// Metrics against scikit-learn and SciPy on random data.

import LockstepChecks
import LockstepLearner
import LockstepTensor
import Testing

@Suite("Metrics: as scikit-learn")
struct ReferenceMetricTests {
    private struct File: Decodable {
        struct Multiclass: Decodable {
            let logits: [[Float]], target: [Int]
            /// The numbers; a matrix is among the values too.
            let values: [String: Double]
            private enum CodingKeys: String, CodingKey { case logits, target, values }
            private enum Value: Decodable {
                case number(Double), matrix
                init(from decoder: any Decoder) throws {
                    let number = try? decoder.singleValueContainer().decode(Double.self)
                    self = number.map { .number($0) } ?? .matrix
                }
            }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                logits = try container.decode([[Float]].self, forKey: .logits)
                target = try container.decode([Int].self, forKey: .target)
                values = try container.decode([String: Value].self, forKey: .values).compactMapValues { value in
                    if case .number(let number) = value { number } else { nil }
                }
            }
        }
        struct Multilabel: Decodable { let values: [String: Double] }
        struct Optimum: Decodable { let value, argument: Double }
        struct Binary: Decodable { let scores: [Float], target: [Int], values: [String: Double] }
        struct Regression: Decodable { let predicted: [Float], target: [Float], values: [String: Double] }
        let multiclass: Multiclass
        let binary: Binary
        let regression: Regression
        let multilabel: Multilabel
        let optimum: Optimum
    }

    /// A metric, and the name under which the reference keeps its value.
    struct Named: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable () -> Metric
        var testDescription: String { name }
        init(_ name: String, _ make: @escaping @Sendable () -> Metric) { (self.name, self.make) = (name, make) }
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
            Named("f1.macro") { F1Score(average: .macro) },
            Named("f1.micro") { F1Score(average: .micro) },
            Named("f1.weighted") { F1Score(average: .weighted) },
            Named("precision.macro") { Precision(average: .macro) },
            Named("precision.micro") { Precision(average: .micro) },
            Named("precision.weighted") { Precision(average: .weighted) },
            Named("recall.macro") { Recall(average: .macro) },
            Named("recall.weighted") { Recall(average: .weighted) },
            Named("jaccard.macro") { Jaccard(average: .macro) },
            Named("jaccard.micro") { Jaccard(average: .micro) },
            Named("jaccard.weighted") { Jaccard(average: .weighted) },
            Named("fbeta.macro") { FBeta(0.5, average: .macro) },
            Named("fbeta.weighted") { FBeta(0.5, average: .weighted) },
            Named("f1.labels") { F1Score(average: .macro, labels: [1, 3]) },
            Named("kappa.linear") { CohenKappa(weights: .linear) },
            Named("kappa.quadratic") { CohenKappa(weights: .quadratic) },
            Named("balanced.adjusted") { BalancedAccuracy(adjusted: true) },
            Named("roc.ovr.macro") { RocAuc() },
            Named("roc.ovr.weighted") { RocAuc(average: .weighted) },
            Named("roc.ovo.macro") { RocAuc(multiClass: .oneVsOne) },
            Named("roc.ovo.weighted") { RocAuc(average: .weighted, multiClass: .oneVsOne) },
        ])
    func multiclass(_ named: Named) throws {
        Golden(named.name, file.multiclass.values[named.name], named.make).check(multiclass)
    }

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
        compare(partial.value, file.binary.values["rocAUC.maxFPR.3"], "up to a false positive rate of 0.3")
    }

    @Test("two classes with tied scores")
    func ties() {
        let scores = Tensor(file.binary.scores.map { ($0 * 10).rounded(.toNearestOrEven) })
        let batch = (Tensor.stacked([.zeros([40]), scores - 5], axis: 1), binary[0].target)
        for (metric, key) in [(RocAucBinary(), "rocAUC.tied"), (APScoreBinary(), "averagePrecision.tied")]
            as [(Metric, String)]
        {
            feed(metric, [batch])
            compare(metric.value, file.binary.values[key], metric.name)
        }
    }

    @Test(
        "several labels per item",
        arguments: [
            Named("f1.macro") { F1ScoreMulti() },
            Named("precision.macro") { PrecisionMulti() },
            Named("recall.macro") { RecallMulti() },
            Named("jaccard.macro") { JaccardMulti() },
            Named("f2.macro") { FBetaMulti(2) },
            Named("ap.macro") { APScoreMulti() },
            Named("roc.macro") { RocAucMulti() },
            Named("f1.micro") { F1ScoreMulti(average: .micro) },
            Named("ap.micro") { APScoreMulti(average: .micro) },
            Named("roc.micro") { RocAucMulti(average: .micro) },
            Named("f1.weighted") { F1ScoreMulti(average: .weighted) },
            Named("ap.weighted") { APScoreMulti(average: .weighted) },
            Named("roc.weighted") { RocAucMulti(average: .weighted) },
            Named("f1.samples") { F1ScoreMulti(average: .samples) },
            Named("precision.samples") { PrecisionMulti(average: .samples) },
            Named("recall.samples") { RecallMulti(average: .samples) },
            Named("jaccard.samples") { JaccardMulti(average: .samples) },
            Named("ap.samples") { APScoreMulti(average: .samples) },
            Named("hamming") { HammingLossMulti() },
            Named("mcc") { MatthewsCorrCoefMulti() },
        ])
    func multiLabel(_ named: Named) throws {
        Golden(named.name, file.multilabel.values[named.name], named.make)
            .check([(logits[0..<11], labels[0..<11]), (logits[11..<40], labels[11..<40])])
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
        Golden("spearman", file.regression.values["spearman"]) { SpearmanCorrCoef() }.check([(pred, target)])
        Golden("exp_rmspe", file.regression.values["expRMSPE"]) { .expRMSPE }.check([(pred, target)])
        func rounded(_ x: Tensor) -> Tensor { Tensor(x.floats.map { $0.rounded(.toNearestOrEven) }) }
        Golden("spearman of ties", file.regression.values["spearman.tied"]) { SpearmanCorrCoef() }.check([
            (rounded(pred), rounded(target))
        ]
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
        compare(search(false)(.zeros([1]), .zeros([1])), file.optimum.value, "value", relative: 1e-12)
        compare(search(true)(.zeros([1]), .zeros([1])), file.optimum.argument, "argument", relative: 1e-9)
        let threshold = optimMetric("accuracy", bounds: 0...1, activation: .sigmoid) { preds, targets, threshold in
            ((preds .>= threshold) .== targets.to(.bool)).to(.float32).mean().item()
        }
        feed(threshold, [(Tensor([-3, -2, 1, 2]), Tensor([0, 0, 1, 1]))])
        #expect(threshold.value == 1)
    }
}
