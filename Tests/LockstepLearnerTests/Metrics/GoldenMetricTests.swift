// SPDX-License-Identifier: Apache-2.0
// The golden values of fastai's metrics, one case each.

import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Metrics: golden values")
struct GoldenMetricTests {
    @Test(
        "[MET-10] averages of functions",
        arguments: [
            Golden("accuracy", 0.5) { .accuracy }, Golden("error rate", 0.5) { .errorRate },
            Golden("top 2", 0.75) { .topKAccuracy(k: 2) },
        ])
    func functions(_ golden: Golden) { golden.check(GoldenData.single) }

    @Test(
        "[MET-11] accuracy of several labels",
        arguments: [
            Golden("accuracy_multi", 0.75) { .accuracyMulti },
            Golden("accuracy_multi without sigmoid", 0.5) { .accuracyMulti(sigmoid: false) },
        ])
    func accuracyMulti(_ golden: Golden) {
        golden.check([(Tensor([[0.5, -0.2], [1, -1]] as [[Float]]), Tensor([[1, 0], [0, 0]] as [[Float]]))])
    }

    @Test(
        "[MET-12] regression",
        arguments: [
            Golden("mse", 1.6666667) { .mse }, Golden("mae", 1) { .mae }, Golden("msle", 0.1145679) { .msle },
            Golden("rmse", 1.2909944) { .rmse }, Golden("exp_rmspe", 3.7067332) { .expRMSPE },
            Golden("R²", -1.5) { R2Score() }, Golden("explained variance", -1.3333333) { ExplainedVariance() },
            Golden("Pearson", 0.3273268) { PearsonCorrCoef() }, Golden("Spearman", 0.5) { SpearmanCorrCoef() },
        ])
    func regression(_ golden: Golden) {
        golden.check(GoldenData.regression)
        golden.check(itemwise(GoldenData.regression))
    }

    @Test(
        "[MET-13] one class per item, over two batches",
        arguments: [
            Golden("F1", 0.6238095) { F1Score(average: .macro) },
            Golden("precision", 0.6666667) { Precision(average: .macro) },
            Golden("recall", 0.6111111) { Recall(average: .macro) },
            Golden("Jaccard", 0.4666667) { Jaccard(average: .macro) },
            Golden("F2", 0.6130952) { FBeta(2, average: .macro) },
            Golden("micro F1", 0.625) { F1Score(average: .micro) },
            Golden("balanced accuracy", 0.6111111) { BalancedAccuracy() }, Golden("kappa", 0.4285714) { CohenKappa() },
            Golden("Matthews", 0.4391550) { MatthewsCorrCoef() }, Golden("Hamming", 0.375) { HammingLoss() },
        ])
    func singleLabel(_ golden: Golden) {
        golden.check(GoldenData.twice)
        golden.check(itemwise(GoldenData.twice))
    }

    @Test(
        "[MET-14] two classes",
        arguments: [
            Golden("average precision", 0.9166667) { APScoreBinary() },
            Golden("ROC AUC", 0.6666667) { RocAucBinary() }, Golden("F1", 0.8) { F1Score() },
            Golden("precision", 1) { Precision() }, Golden("recall", 0.6666667) { Recall() },
            Golden("Brier", 0.25) { BrierScore() },
        ])
    func binary(_ golden: Golden) {
        golden.check(GoldenData.binary)
        golden.check(itemwise(GoldenData.binary))
    }

    // Items 0 and 3 have the same probability of class 0, e²/(e² + e + 1), so their order counts one half: 7/9, which is
    // also what scikit-learn gives in float64. The reference's 5/6 is what comes out when float32 rounding puts item 0,
    // the positive one, first.
    @Test("[MET-15] ROC AUC of several classes")
    func rocAuc() {
        let (pred, target) = GoldenData.rocAuc[0]
        Golden("tied", 7.0 / 9) { RocAuc() }.check([(pred, target)])
        let nudge = Tensor([[1e-4, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]] as [[Float]])
        let golden = Golden("as rounded by the reference", 0.8333333) { RocAuc() }
        golden.check([(pred + nudge, target)])
        golden.check(itemwise([(pred + nudge, target)]))
    }

    @Test(
        "[MET-16] several labels per item",
        arguments: [
            Golden("F1", 0.8888889) { F1ScoreMulti() }, Golden("precision", 0.8333333) { PrecisionMulti() },
            Golden("recall", 1) { RecallMulti() }, Golden("Jaccard", 0.8333333) { JaccardMulti() },
            Golden("Hamming", 0.1111111) { HammingLossMulti() }, Golden("ROC AUC", 1) { RocAucMulti() },
            Golden("AP", 1) { APScoreMulti() }, Golden("Brier", 0.3333333) { BrierScoreMulti() },
            Golden("F2", 0.9444444) { FBetaMulti(2) },
            // TP 4, TN 4, FP 1, FN 0: 16 / √(5·4·5·4).
            Golden("Matthews", 0.8) { MatthewsCorrCoefMulti() },
        ])
    func multiLabel(_ golden: Golden) {
        golden.check(GoldenData.multi)
        golden.check(itemwise(GoldenData.multi))
    }

    @Test(
        "[MET-17] regions of pixels",
        arguments: [
            Golden("Dice", 0.8) { Dice() }, Golden("Jaccard", 0.6666667) { JaccardCoeff() },
            Golden("Dice of classes", 0.7333333) { DiceMulti() },
            Golden("Jaccard of classes", 0.5833333) { JaccardCoeffMulti() },
            Golden("foreground", 0.6666667) { .foregroundAcc },
        ])
    func segmentation(_ golden: Golden) {
        golden.check(GoldenData.pixels)
        let (pred, target) = GoldenData.pixels[0]
        golden.check([(pred, target.unsqueezed(axis: 1))])  // targets with an axis for the channel
    }
}
