// SPDX-License-Identifier: Apache-2.0
// Scores that float32 probabilities cannot tell apart are ranked as scikit-learn and SciPy rank them.

import LockstepChecks
import LockstepLearner
import LockstepTensor
import Testing

@Suite("Metrics: saturated scores")
struct SaturatedScoreTests {
    struct File: Decodable {
        struct Classes: Decodable { let logits: [[Float]], target: [Int], values: [String: Double] }
        struct Labels: Decodable {
            let logits: [[Float]], target: [[Float]], threshold: Double, values: [String: Double]
        }
        struct Pairs: Decodable { let predicted: [Double], target: [Double], pearson: Double }
        let binary: Classes
        let multiclass: Classes
        let multilabel: Labels
        let correlations: [String: Pairs]
    }

    private func check(
        _ metrics: [(String, Metric)], _ pred: Tensor, _ target: Tensor, _ values: [String: Double]
    ) throws {
        for (name, metric) in metrics {
            feed(metric, itemwise([(pred, target)]))
            let expected: Double = try #require(values[name])
            compare(metric.value, expected, name, relative: 1e-12)
        }
    }

    @Test("two outputs that are 98 apart")
    func binary() throws {
        let data = try Reference.decode(File.self, from: "numbers").binary
        let metrics: [(String, Metric)] = [
            ("rocAUC", RocAucBinary()), ("rocAUC.maxFPR.3", RocAucBinary(maxFPR: 0.3)),
            ("averagePrecision", APScoreBinary()),
            ("spearman", SpearmanCorrCoef(activation: .binarySoftmax, argmaxAxis: 1)),
        ]
        try check(metrics, Tensor(data.logits), Tensor(data.target.map(Int64.init)), data.values)
        // A column of zeros and the scores; and one output put through a sigmoid.
        let scores = data.logits.map { Double($0[1]) - Double($0[0]) }
        let zeros = Tensor(scores.flatMap { [0, $0] }, shape: [15, 2])
        try check([metrics[0], metrics[2]], zeros, Tensor(data.target.map(Int64.init)), data.values)
        try check(
            [
                metrics[0], metrics[2], ("rocAUC", RocAucMulti()), ("averagePrecision", APScoreMulti()),
                ("spearman", SpearmanCorrCoef(activation: .sigmoid)),
            ],
            Tensor(scores, shape: [15, 1]), Tensor(data.target.map(Float.init), shape: [15, 1]), data.values)
    }

    @Test("four outputs, of which one is far above the others")
    func multiclass() throws {
        let data = try Reference.decode(File.self, from: "numbers").multiclass
        try check(
            [
                ("ovr.macro", RocAuc()), ("ovr.weighted", RocAuc(average: .weighted)),
                ("ovo.macro", RocAuc(multiClass: .oneVsOne)),
                ("ovo.weighted", RocAuc(average: .weighted, multiClass: .oneVsOne)),
            ], Tensor(data.logits), Tensor(data.target.map(Int64.init)), data.values)
        let metric = RocAuc(axis: 0)
        feed(metric, [(Tensor(data.logits).transposed(), Tensor(data.target.map(Int64.init)))])
        compare(metric.value, data.values["ovr.macro"], "other axis", relative: 1e-12)
    }

    @Test("several labels, also against a threshold that float32 rounds to 1")
    func multilabel() throws {
        let data = try Reference.decode(File.self, from: "numbers").multilabel
        var metrics: [(String, Metric)] = [
            ("f1", F1ScoreMulti(threshold: data.threshold)), ("accuracy", .accuracyMulti(threshold: data.threshold)),
        ]
        for average in [Average.macro, .micro, .weighted] {
            metrics.append(("roc.\(average)", RocAucMulti(average: average)))
            metrics.append(("ap.\(average)", APScoreMulti(average: average)))
        }
        try check(metrics.filter { $0.0 != "accuracy" }, Tensor(data.logits), Tensor(data.target), data.values)
        let accuracy = metrics[1].1
        feed(accuracy, [(Tensor(data.logits), Tensor(data.target))])
        compare(accuracy.value, data.values["accuracy"], "accuracy", relative: 1e-7)
    }

    @Test("Pearson of numbers far from 0, and of such whose squares are none", arguments: ["shifted", "tiny", "huge"])
    func pearson(_ name: String) throws {
        let data = try #require(try Reference.decode(File.self, from: "numbers").correlations[name])
        let metric = PearsonCorrCoef()
        feed(metric, [(Tensor(data.predicted, shape: [40]), Tensor(data.target, shape: [40]))])
        compare(metric.value, data.pearson, name, relative: 1e-9)
    }

    @Test("equal rows in another order tie, and a constant is one whatever rounding makes of its mean")
    func ties() {
        let logits = Tensor([[0.1, 0.2, 0.3, 50], [0.3, 0.1, 0.2, 50], [0.2, 0.3, 0.1, 50]] as [[Float]])
        let metric = RocAucBinary()
        feed(metric, [(logits, Tensor([1, 0, 0] as [Int64]))])
        #expect(metric.value == 0.5)
        let constant = Tensor([Double](repeating: 0.1, count: 3), shape: [3])
        let (correlation, r2) = (PearsonCorrCoef(), R2Score())
        feed(correlation, [(constant, Tensor([1, 2, 4]))])
        feed(r2, [(constant, constant)])
        #expect(correlation.value == nil && r2.value == 1)
    }

    @Test("an infinite score is above or below all others; a softmax of infinity is not a number")
    func infinite() {
        let target = Tensor([0, 1, 0, 1] as [Int64])
        let binary = RocAucBinary()
        feed(binary, [(Tensor([[0, -.infinity], [0, 1], [0, 0], [-.infinity, 0]] as [[Float]]), target)])
        #expect(binary.value == 1)
        binary.reset()
        feed(binary, [(Tensor([[0, .infinity], [0, 1], [0, 0], [0, 2]] as [[Float]]), target)])
        #expect(binary.value?.isNaN == true)
        let spearman = SpearmanCorrCoef()
        feed(spearman, [(Tensor([1, .infinity, 2]), Tensor([1, 3, 2]))])
        compare(spearman.value, 1, "Spearman", relative: 1e-12)
        let pearson = PearsonCorrCoef()
        feed(pearson, [(Tensor([1, .infinity, 2]), Tensor([1, 3, 2]))])
        #expect(pearson.value?.isNaN == true)
    }
}
