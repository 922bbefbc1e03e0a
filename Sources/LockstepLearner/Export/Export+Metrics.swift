// SPDX-License-Identifier: Apache-2.0
// How the metrics of this module are described and made again. Those whose options lie in functions remember them.

import LockstepTensor

extension ExportRegistry.Entry {
    /// Every metric of the module but functions of a user's own.
    static let metrics: [Entry] = averages + counting + agreement + ranking + regression + multiLabel + stored

    private static let averages: [Entry] = [
        Entry(metric: "accuracy") { .accuracy(axis: try $0("axis")) },
        Entry(metric: "errorRate") { .errorRate(axis: try $0("axis")) },
        Entry(metric: "topKAccuracy") { .topKAccuracy(k: try $0.size("k"), axis: try $0("axis")) },
        Entry(metric: "accuracyMulti") {
            .accuracyMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"))
        },
        Entry(metric: "mse") { _ in .mse }, Entry(metric: "mae") { _ in .mae },
        Entry(metric: "msle") { _ in .msle }, Entry(metric: "rmse") { _ in .rmse },
        Entry(metric: "expRMSPE") { _ in .expRMSPE },
    ]

    private static let counting: [Entry] = [
        Entry(metric: "F1Score") {
            F1Score(
                average: try ofClasses($0), axis: try $0("axis"), labels: try $0("labels"),
                positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "FBeta") {
            FBeta(
                try $0("beta"), average: try ofClasses($0), axis: try $0("axis"), labels: try $0("labels"),
                positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "Precision") {
            Precision(
                average: try ofClasses($0), axis: try $0("axis"), labels: try $0("labels"),
                positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "Recall") {
            Recall(
                average: try ofClasses($0), axis: try $0("axis"), labels: try $0("labels"),
                positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "Jaccard") {
            Jaccard(
                average: try ofClasses($0), axis: try $0("axis"), labels: try $0("labels"),
                positive: try $0("positive"), name: try $0("name"))
        },
    ]

    /// One class per item has no samples to average over.
    private static func ofClasses(_ fields: ExportFields) throws -> Average {
        let average: Average = try fields.option("average")
        try fields.check(average != .samples, "average is samples, but an item has one class")
        return average
    }

    private static let agreement: [Entry] = [
        Entry(metric: "BalancedAccuracy") {
            BalancedAccuracy(axis: try $0("axis"), adjusted: try $0("adjusted"), name: try $0("name"))
        },
        Entry(metric: "CohenKappa") {
            CohenKappa(axis: try $0("axis"), weights: try $0.option("weights"), name: try $0("name"))
        },
        Entry(metric: "HammingLoss") { HammingLoss(axis: try $0("axis"), name: try $0("name")) },
        Entry(metric: "MatthewsCorrCoef") { MatthewsCorrCoef(axis: try $0("axis"), name: try $0("name")) },
        Entry(metric: "BrierScore") {
            BrierScore(axis: try $0("axis"), ofProbabilities: try $0("ofProbabilities"), name: try $0("name"))
        },
    ]

    private static let ranking: [Entry] = [
        Entry(metric: "APScoreBinary") {
            APScoreBinary(axis: try $0("axis"), positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "RocAucBinary") {
            RocAucBinary(axis: try $0("axis"), maxFPR: try $0("maxFPR"), name: try $0("name"))
        },
        Entry(metric: "RocAuc") { fields in
            let average: Average = try fields.option("average")
            try fields.check(average == .macro || average == .weighted, "average is neither macro nor weighted")
            return RocAuc(
                axis: try fields("axis"), average: average, multiClass: try fields.option("multiClass"),
                name: try fields("name"))
        },
    ]

    private static let regression: [Entry] = [
        Entry(metric: "R2Score") { R2Score(name: try $0("name")) },
        Entry(metric: "ExplainedVariance") { ExplainedVariance(name: try $0("name")) },
        Entry(metric: "PearsonCorrCoef") {
            PearsonCorrCoef(
                activation: try activation($0), argmaxAxis: try $0("argmaxAxis"), threshold: try $0("threshold"),
                name: try $0("name"))
        },
        Entry(metric: "SpearmanCorrCoef") {
            SpearmanCorrCoef(
                activation: try activation($0), argmaxAxis: try $0("argmaxAxis"), threshold: try $0("threshold"),
                name: try $0("name"))
        },
    ]

    private static func activation(_ fields: ExportFields) throws -> AccumMetric.Activation {
        let word: String = try fields("activation")
        let choices: [AccumMetric.Activation] = [.none, .sigmoid, .softmax, .binarySoftmax]
        guard let choice = choices.first(where: { "\($0)" == word }) else {
            throw ExportError(.malformed, at: fields.place, "\(fields.type): “\(word)” is no activation")
        }
        return choice
    }

    private static let multiLabel: [Entry] = [
        Entry(metric: "F1ScoreMulti") {
            F1ScoreMulti(
                threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0.option("average"),
                labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "FBetaMulti") {
            FBetaMulti(
                try $0("beta"), threshold: try $0("threshold"), sigmoid: try $0("sigmoid"),
                average: try $0.option("average"), labels: try $0("labels"), positive: try $0("positive"),
                name: try $0("name"))
        },
        Entry(metric: "PrecisionMulti") {
            PrecisionMulti(
                threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0.option("average"),
                labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "RecallMulti") {
            RecallMulti(
                threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0.option("average"),
                labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "JaccardMulti") {
            JaccardMulti(
                threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), average: try $0.option("average"),
                labels: try $0("labels"), positive: try $0("positive"), name: try $0("name"))
        },
        Entry(metric: "HammingLossMulti") {
            HammingLossMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), name: try $0("name"))
        },
        Entry(metric: "BrierScoreMulti") {
            BrierScoreMulti(
                threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), ofProbabilities: try $0("ofProbabilities"),
                name: try $0("name"))
        },
        Entry(metric: "MatthewsCorrCoefMulti") {
            MatthewsCorrCoefMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"), name: try $0("name"))
        },
        Entry(metric: "RocAucMulti") {
            RocAucMulti(sigmoid: try $0("sigmoid"), average: try $0.option("average"), name: try $0("name"))
        },
        Entry(metric: "APScoreMulti") {
            APScoreMulti(sigmoid: try $0("sigmoid"), average: try $0.option("average"), name: try $0("name"))
        },
    ]

    /// Metrics whose options are properties.
    private static let stored: [Entry] = [
        Entry(metric: "LossMetric") { LossMetric(try $0("attribute"), name: try $0("name")) },
        Entry(AvgLoss.self) { _ in AvgLoss() }, Entry(Perplexity.self) { _ in Perplexity() },
        Entry(AvgSmoothLoss.self) {
            ["beta": $0.beta]
        } _: {
            AvgSmoothLoss(beta: try $0.number("beta", in: 0...1))
        },
        Entry(Dice.self) {
            ["axis": $0.axis]
        } _: {
            Dice(axis: try $0("axis"))
        },
        Entry(JaccardCoeff.self) {
            ["axis": $0.axis]
        } _: {
            JaccardCoeff(axis: try $0("axis"))
        },
        Entry(DiceMulti.self) {
            ["axis": $0.axis]
        } _: {
            DiceMulti(axis: try $0("axis"))
        },
        Entry(JaccardCoeffMulti.self) {
            ["axis": $0.axis]
        } _: {
            JaccardCoeffMulti(axis: try $0("axis"))
        },
        Entry(CorpusBLEU.self) {
            ["axis": $0.axis]
        } _: {
            CorpusBLEU(axis: try $0("axis"))
        },
        Entry(ForegroundAcc.self) {
            ["background": $0.background, "axis": $0.axis]
        } _: {
            ForegroundAcc(background: try $0("background"), axis: try $0("axis"))
        },
    ]
}
