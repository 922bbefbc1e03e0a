// SPDX-License-Identifier: Apache-2.0
// Where metrics are undefined, what they are called, and mistakes in using them.

import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics: edges")
struct MetricEdgeTests {
    private func value(_ metric: Metric, _ pred: Tensor, _ target: Tensor) -> Double? {
        feed(metric, [(pred, target)])
        return metric.value
    }

    private let one = (pred: Tensor([[1, 2], [3, 1]] as [[Float]]), target: Tensor([1, 1] as [Int64]))

    @Test("a class without targets leaves ROC AUC empty; average precision without positives is 0")
    func absentClass() {
        #expect(value(RocAucBinary(), one.pred, one.target) == nil)
        #expect(value(RocAuc(), one.pred, one.target) == nil)
        #expect(value(RocAuc(multiClass: .oneVsOne), one.pred, one.target) == nil)
        #expect(value(RocAucMulti(), one.pred, Tensor([[1, 0], [1, 1]] as [[Float]])) == nil)
        #expect(value(APScoreBinary(), one.pred, Tensor([0, 0] as [Int64])) == 0)
        #expect(value(APScoreMulti(), one.pred, .zeros([2, 2])) == 0)
    }

    @Test("undefined precision, recall and F count as 0")
    func undefinedScores() {
        let none = Tensor([[2, 1], [2, 1]] as [[Float]])
        #expect(value(Precision(), none, one.target) == 0)
        #expect(value(Recall(), none, Tensor([0, 0] as [Int64])) == 0)
        #expect(value(F1Score(), none, Tensor([0, 0] as [Int64])) == 0)
        #expect(value(Jaccard(), none, Tensor([0, 0] as [Int64])) == 0)
    }

    @Test("a single class: nothing to agree on, nothing to correlate")
    func singleClass() {
        let pred = Tensor([[1, 2], [1, 2]] as [[Float]])
        #expect(value(CohenKappa(), pred, one.target) == nil)
        #expect(value(BalancedAccuracy(adjusted: true), pred, one.target) == nil)
        #expect(value(BalancedAccuracy(), pred, one.target) == 1)
        #expect(value(MatthewsCorrCoef(), pred, one.target) == 0)
        #expect(value(PearsonCorrCoef(), .ones([3]), Tensor([1, 2, 3])) == nil)
        #expect(value(SpearmanCorrCoef(), Tensor([1, 2, 3]), .ones([3])) == nil)
        #expect(value(R2Score(), Tensor([1]), Tensor([2])) == nil)
        #expect(value(R2Score(), Tensor([1, 1]), Tensor([1, 1])) == 1)
        #expect(value(R2Score(), Tensor([1, 2]), Tensor([1, 1])) == 0)
    }

    @Test("empty regions")
    func emptyRegions() {
        let background = Tensor([1, 1, 0, 0] as [Float], shape: [1, 2, 1, 2])
        let zeros = Tensor.zeros([1, 1, 2], dtype: .int64)
        #expect(value(Dice(), background, zeros) == nil && value(JaccardCoeff(), background, zeros) == nil)
        #expect(value(.foregroundAcc, background, zeros) == nil)
        #expect(value(DiceMulti(), background, zeros) == 1)  // of the one class there is
        #expect(value(JaccardCoeffMulti(), background, Tensor([0, 255] as [Int64], shape: [1, 1, 2])) == 0.5)
    }

    @Test("classes on another axis")
    func axis() {
        let (pred, target) = GoldenData.single[0]
        for (metric, other) in [
            (.accuracy, .accuracy(axis: 0)), (.errorRate, .errorRate(axis: 0)),
            (.topKAccuracy(k: 2), .topKAccuracy(k: 2, axis: 0)),
            (F1Score(average: .macro), F1Score(average: .macro, axis: 0)),
            (RocAuc(), RocAuc(axis: 0)),
        ] as [(Metric, Metric)] {
            compare(value(other, pred.transposed(), target), value(metric, pred, target), metric.name)
        }
    }

    @Test("names are those of the underlying functions, and differ where the options do")
    func names() {
        let metrics: [Metric] = [
            F1Score(), F1Score(average: .macro), F1ScoreMulti(), F1ScoreMulti(average: .samples), FBeta(2), FBeta(0.5),
            Precision(), Recall(), Jaccard(), RocAuc(), RocAucBinary(), RocAucMulti(), RocAuc(multiClass: .oneVsOne),
            APScoreBinary(), APScoreMulti(), CohenKappa(), CohenKappa(weights: .linear), BalancedAccuracy(),
            HammingLoss(),
            HammingLossMulti(), MatthewsCorrCoef(), BrierScore(), R2Score(), ExplainedVariance(), PearsonCorrCoef(),
            SpearmanCorrCoef(), Dice(), JaccardCoeff(), DiceMulti(), JaccardCoeffMulti(), .foregroundAcc, .topKAccuracy,
            F1Score(name: "mine"),
        ]
        #expect(
            metrics.map(\.name) == [
                "f1_score", "f1_score_macro", "f1_score_multi", "f1_score_multi_samples", "fbeta_score_2",
                "fbeta_score_0.5", "precision_score", "recall_score", "jaccard_score", "roc_auc_score",
                "roc_auc_score_binary", "roc_auc_score_multi", "roc_auc_score_ovo", "average_precision_score",
                "average_precision_score_multi", "cohen_kappa_score", "cohen_kappa_score_linear",
                "balanced_accuracy_score", "hamming_loss", "hamming_loss_multi", "matthews_corrcoef",
                "brier_score_loss",
                "r2_score", "explained_variance_score", "pearsonr", "spearmanr", "dice", "jaccard_coeff", "dice_multi",
                "jaccard_coeff_multi", "foreground_acc", "top_k_accuracy", "mine",
            ])
        #expect(Set(metrics.map(\.name)).count == metrics.count)
    }

    @Test("the average over two classes does not do for three")
    func binaryOfThree() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let metric = F1Score()
            feed(metric, GoldenData.twice)
            _ = metric.value
        }
        expectTrap(result, says: "f1_score", ".binary", "[0, 1, 2]", ".macro", "MetricEdgeTests.swift")
    }

    @Test("Dice of more than two classes says what to use")
    func diceOfThree() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            feed(Dice(), [(.zeros([1, 2, 1, 1]), Tensor([255] as [Int64], shape: [1, 1, 1]))])
        }
        expectTrap(result, says: "dice", "255", "DiceMulti", "MetricEdgeTests.swift")
    }

    @Test("functions and metrics become metrics")
    func making() {
        let dice = Dice()
        #expect(Metrics.make(from: dice) === dice)
        let metric = Metrics.make(from: { pred, target in (pred - target).abs().mean() }, name: "mine")
        #expect(metric.name == "mine" && value(metric, Tensor([1, 2]), Tensor([1, 4])) == 1)
    }

    @Test("functions of several outputs and targets")
    func severalTargets() {
        let learner = synthLearner()
        (learner.preds, learner.yb) = ([Tensor([1, 2]), Tensor([3, 4])], [Tensor([1, 1]), Tensor([5, 5])])
        let metric = AvgMetric("both", ofAll: { preds, targets in (preds[0] + targets[1]).mean() })
        metric.accumulate(learner)
        #expect(metric.value == 6.5)
    }

    @Test("accumulated metrics: arguments the other way round, rows kept in shape, probability of the last class")
    func accumOptions() {
        let difference = AccumMetric("x", invertsArguments: true) { targets, preds in (targets - preds).sum().item() }
        #expect(value(difference, Tensor([1, 2]), Tensor([5, 6])) == 8)
        #expect(difference(Tensor([1, 2]), Tensor([5, 6])) == 8)
        let columns = AccumMetric("x", flatten: false) { preds, _ in Double(preds.dim(1)) }
        #expect(value(columns, .zeros([2, 3]), .zeros([2])) == 3)
        let last = AccumMetric("x", activation: .binarySoftmax, flatten: false) { preds, _ in
            preds.rank == 1 ? preds.sum().item() : nil
        }
        compare(value(last, Tensor([[0, 0], [0, 0]] as [[Float]]), .zeros([2])), 1, "binary softmax")
    }
}
