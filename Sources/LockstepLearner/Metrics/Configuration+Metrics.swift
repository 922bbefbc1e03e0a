// SPDX-License-Identifier: Apache-2.0
// The metrics that files call by name. Swift finds no type by itself, so each has a line here.

import LockstepTensor

extension Configuration {
    /// Every metric of the package but functions of a user's own.
    static let metrics: [Configuration] = metricFunctions + metricTypes.map { $0.configuration }

    private static let metricFunctions: [Configuration] = [
        Metric.accuracyConfiguration, Metric.errorRateConfiguration, Metric.topKAccuracyConfiguration,
        Metric.accuracyMultiConfiguration, Metric.mseConfiguration, Metric.maeConfiguration, Metric.msleConfiguration,
        Metric.rmseConfiguration, Metric.expRMSPEConfiguration,
    ]

    private static let metricTypes: [any Configurable.Type] = [
        F1Score.self, FBeta.self, Precision.self, Recall.self, Jaccard.self,
        BalancedAccuracy.self, CohenKappa.self, HammingLoss.self, MatthewsCorrCoef.self, BrierScore.self,
        APScoreBinary.self, RocAucBinary.self, RocAuc.self,
        R2Score.self, ExplainedVariance.self, PearsonCorrCoef.self, SpearmanCorrCoef.self,
        F1ScoreMulti.self, FBetaMulti.self, PrecisionMulti.self, RecallMulti.self, JaccardMulti.self,
        HammingLossMulti.self, BrierScoreMulti.self, MatthewsCorrCoefMulti.self, RocAucMulti.self, APScoreMulti.self,
        LossMetric.self, AvgLoss.self, Perplexity.self, AvgSmoothLoss.self,
        Dice.self, JaccardCoeff.self, DiceMulti.self, JaccardCoeffMulti.self, ForegroundAcc.self, CorpusBLEU.self,
    ]
}
