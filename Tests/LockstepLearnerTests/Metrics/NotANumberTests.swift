// SPDX-License-Identifier: Apache-2.0
// Not a number in, not a number out: every ready-made metric, in any batch, on any rank, of outputs and of targets.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Metrics: not a number")
struct NotANumberTests {
    /// A metric, and outputs and targets for which it has a value.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable () -> Metric
        let pred: Shape
        let target: [Double]
        let targetShape: Shape
        var testDescription: String { name }

        static func classes(_ name: String, _ make: @escaping @Sendable () -> Metric) -> Case {
            Case(name: name, make: make, pred: [6, 3], target: [0, 1, 2, 0, 1, 2], targetShape: [6])
        }
        static func binary(_ name: String, _ make: @escaping @Sendable () -> Metric) -> Case {
            Case(name: name, make: make, pred: [6, 2], target: [0, 1, 1, 0, 1, 0], targetShape: [6])
        }
        static func labels(_ name: String, _ make: @escaping @Sendable () -> Metric) -> Case {
            let flags = (0..<18).map { Double($0 * 5 % 7 % 2) }
            return Case(name: name, make: make, pred: [6, 3], target: flags, targetShape: [6, 3])
        }
        static func numbers(_ name: String, _ make: @escaping @Sendable () -> Metric) -> Case {
            Case(name: name, make: make, pred: [6], target: [0.1, 0.5, 0.2, 0.9, 0.4, 0.3], targetShape: [6])
        }
        static func pixels(_ name: String, _ classes: Int, _ make: @escaping @Sendable () -> Metric) -> Case {
            let target = (0..<24).map { Double($0 * 5 % 7 % classes) }
            return Case(name: name, make: make, pred: [6, classes, 2, 2], target: target, targetShape: [6, 2, 2])
        }

        /// Outputs that are all positive, with NaN at `place`.
        func outputs(nan place: Int?) -> Tensor {
            var values = sample(pred, seed: 3, in: 0.1..<0.9).doubles
            if let place { values[place] = .nan }
            return Tensor(values, shape: pred).to(.float32)
        }
        func targets(nan place: Int?) -> Tensor {
            var values = target
            if let place { values[place] = .nan }
            return Tensor(values, shape: targetShape).to(.float32)
        }
    }

    private static let written: [Case] = [
        .classes("accuracy") { .accuracy }, .classes("errorRate") { .errorRate },
        .classes("topKAccuracy") { .topKAccuracy(k: 2) }, .labels("accuracyMulti") { .accuracyMulti },
        .labels("accuracyMulti") { .accuracyMulti(sigmoid: false) },
        .numbers("mse") { .mse }, .numbers("mae") { .mae }, .numbers("msle") { .msle }, .numbers("rmse") { .rmse },
        .numbers("expRMSPE") { .expRMSPE },
        .classes("F1Score") { F1Score(average: .macro) }, .classes("FBeta") { FBeta(2, average: .micro) },
        .classes("Precision") { Precision(average: .macro) }, .classes("Recall") { Recall(average: .weighted) },
        .classes("Jaccard") { Jaccard(average: .macro) },
        .classes("BalancedAccuracy") { BalancedAccuracy() }, .classes("CohenKappa") { CohenKappa() },
        .classes("HammingLoss") { HammingLoss() }, .classes("MatthewsCorrCoef") { MatthewsCorrCoef() },
        .binary("BrierScore") { BrierScore() }, .binary("BrierScore") { BrierScore(ofProbabilities: true) },
        .binary("APScoreBinary") { APScoreBinary() }, .binary("RocAucBinary") { RocAucBinary() },
        .classes("RocAuc") { RocAuc() }, .classes("RocAuc") { RocAuc(multiClass: .oneVsOne) },
        .numbers("R2Score") { R2Score() }, .numbers("ExplainedVariance") { ExplainedVariance() },
        .numbers("PearsonCorrCoef") { PearsonCorrCoef() },
        .numbers("PearsonCorrCoef") { PearsonCorrCoef(threshold: 0.5) },
        .numbers("SpearmanCorrCoef") { SpearmanCorrCoef() },
        .numbers("SpearmanCorrCoef") { SpearmanCorrCoef(activation: .sigmoid) },
        .labels("F1ScoreMulti") { F1ScoreMulti() }, .labels("FBetaMulti") { FBetaMulti(0.5) },
        .labels("PrecisionMulti") { PrecisionMulti() }, .labels("RecallMulti") { RecallMulti(average: .samples) },
        .labels("JaccardMulti") { JaccardMulti(average: .micro) }, .labels("HammingLossMulti") { HammingLossMulti() },
        .labels("BrierScoreMulti") { BrierScoreMulti() },
        .labels("BrierScoreMulti") { BrierScoreMulti(ofProbabilities: true) },
        .labels("MatthewsCorrCoefMulti") { MatthewsCorrCoefMulti() }, .labels("RocAucMulti") { RocAucMulti() },
        .labels("APScoreMulti") { APScoreMulti() },
        .pixels("Dice", 2) { Dice() }, .pixels("JaccardCoeff", 2) { JaccardCoeff() },
        .pixels("DiceMulti", 3) { DiceMulti() }, .pixels("JaccardCoeffMulti", 3) { JaccardCoeffMulti() },
        .pixels("ForegroundAcc", 3) { ForegroundAcc() },
        Case(
            name: "CorpusBLEU", make: { CorpusBLEU() }, pred: [6, 4, 5], target: (0..<24).map { Double($0 % 5) },
            targetShape: [6, 4]),
        .binary("optimum") {
            optimMetric("f", bounds: 0...1) { preds, _, argument in (preds - argument).square().sum().item() }
        },
        .numbers("accumulated") { AccumMetric("x", threshold: 0.5) { preds, _ in preds.to(.float32).sum().item() } },
        .binary("accumulated") { AccumMetric("x", argmaxAxis: 1) { preds, _ in preds.to(.float32).sum().item() } },
    ]

    /// Those, and the examples of metrics that have no case of their own.
    static let cases: [Case] =
        written
        + MetricExample.all.filter { example in
            guard let name = example.configuration?.name else { return false }
            return !ofLosses.contains(name) && !written.contains { $0.name == name }
        }.map { example in
            let (prediction, target) = example.rows.batch
            return Case(
                name: example.description, make: example.make, pred: prediction.shape, target: target.doubles,
                targetShape: target.shape)
        }

    /// Metrics of a loss, which are tested below.
    static let ofLosses = ["LossMetric", "AvgLoss", "Perplexity", "AvgSmoothLoss"]

    private func value(_ metric: Metric, _ batches: [MetricBatch]) -> Double? {
        metric.reset()
        feed(metric, batches)
        return metric.value
    }

    @Test("one output that is not a number, whichever", arguments: cases)
    func outputs(_ item: Case) {
        let (metric, target) = (item.make(), item.targets(nan: nil).to(.int64))
        let wanted = item.pred.rank == 1 ? item.targets(nan: nil) : target
        #expect(value(metric, [(item.outputs(nan: nil), wanted)])?.isFinite == true, "\(item.name): without")
        for place in [0, 1, item.pred.elementCount / 2, item.pred.elementCount - 1] {
            let pred = item.outputs(nan: place)
            #expect(value(metric, [(pred, wanted)])?.isNaN == true, "\(item.name): at \(place)")
            // One item at a time: the others are in batches of their own.
            #expect(value(metric, itemwise([(pred, wanted)]))?.isNaN == true, "\(item.name): itemwise, at \(place)")
        }
        metric.reset()
        #expect(metric.value == nil, "\(item.name): what was not a number outlives a reset")
        #expect(value(metric, [(item.outputs(nan: nil), wanted)])?.isFinite == true, "\(item.name): after a reset")
    }

    @Test("one target that is not a number", arguments: cases.filter { !["optimum", "accumulated"].contains($0.name) })
    func targets(_ item: Case) {
        let metric = item.make()
        for place in [0, item.target.count - 1] {
            let batch = (item.outputs(nan: nil), item.targets(nan: place))
            #expect(value(metric, [batch])?.isNaN == true, "\(item.name): at \(place)")
        }
    }

    @Test("seen by one rank of several, and carried through a checkpoint's state", arguments: cases)
    func merged(_ item: Case) throws {
        let target = item.pred.rank == 1 ? item.targets(nan: nil) : item.targets(nan: nil).to(.int64)
        let batches = itemwise([(item.outputs(nan: 2), target)])
        for ranks in 1...3 {
            for order in [0, 1] {
                let parts = (0..<ranks).map { rank in
                    let part = item.make()
                    feed(
                        part, batches.enumerated().filter { $0.offset % ranks == (rank + order) % ranks }.map(\.element)
                    )
                    return part.state
                }
                let whole = item.make()
                whole.state = try #require(MetricState(MetricState.merged(parts).named))
                #expect(whole.value?.isNaN == true, "\(item.name): \(ranks) ranks")
            }
        }
    }

    @Test("a loss that is not a number", arguments: ["loss", "perplexity", "smooth_loss", "term"])
    func losses(_ name: String) {
        let metric: Metric =
            switch name {
            case "loss": AvgLoss()
            case "perplexity": Perplexity()
            case "smooth_loss": AvgSmoothLoss()
            default: LossMetric("nan", of: MSEFlat.self) { _ in Tensor(Double.nan) }
            }
        let learner = synthLearner()
        for loss in [1, Double.nan, 2] {
            (learner.pred, learner.yb) = (Tensor([1, 2]), [Tensor([1, 2])])
            learner.loss = Tensor(loss)
            metric.accumulate(learner)
        }
        #expect(metric.value?.isNaN == true)
    }

    @Test("the originals make not-a-number of it, too, or refuse it; SciPy ranks infinity")
    func originals() throws {
        struct File: Decodable { let undefined: [String: Bool] }
        let undefined = try Reference.decode(File.self, from: "numbers").undefined
        #expect(undefined.filter { !$0.value }.keys.sorted() == ["spearman.infinity"] && undefined.count == 9)
        let batch = (Tensor([1, .infinity, 2, 0]), Tensor([1, 2, 3, 0] as [Float]))
        #expect(value(PearsonCorrCoef(), [batch])?.isNaN == undefined["pearson.infinity"])
        #expect(value(SpearmanCorrCoef(), [batch])?.isNaN == undefined["spearman.infinity"])
    }

    @Test("a user's own function is given what is not a number, unless a class was to be made of it")
    func own() {
        let masked = AccumMetric("masked") { preds, targets in
            Double(zip(preds.floats, targets.floats).count { !$1.isNaN })
        }
        #expect(value(masked, [(Tensor([1, 2]), Tensor([1, .nan]))]) == 1)
    }
}
