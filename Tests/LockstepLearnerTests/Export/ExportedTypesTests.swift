// SPDX-License-Identifier: Apache-2.0
// Every layer, loss, metric and callback of the package comes back from a bundle with all its options.

import Foundation
import LockstepData
@testable import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: types")
struct ExportedTypesTests {
    private func learner(
        _ model: Module = Identity(), loss: any LossFunction = MSEFlat(), metrics: [Metric] = [],
        callbacks: [Callback] = []
    ) throws -> Learner {
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: MSEFlat(), metrics: metrics,
            defaultCallbacks: .none)
        learner.lossFunction = loss
        try learner.addCallbacks(callbacks)
        return try Learner.load(exported: learner.exported())
    }

    @Test("layers, with options other than the usual ones") func layers() throws {
        let layers: [any UnaryLayer] = [
            Identity(), ReLU(), LeakyReLU(0.3), GELU(), SiLU(), Sigmoid(), Tanh(), Softplus(), Softmax(axis: 1),
            LogSoftmax(axis: -2), Flatten(from: 2, to: 3), Dropout(0.7),
            Linear(3, 5, bias: false), Embedding(7, 3, paddingIndex: -1), Embedding(2, 2),
            Conv1d(4, 6, kernelSize: 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false),
            Conv1d(1, 1, kernelSize: 3, padding: .same),
            Conv2d(
                4, 6, kernelSize: [3, 5], stride: [1, 2], padding: [1, 0], dilation: [2, 1], groups: 2, bias: false),
            Conv2d(2, 2, kernelSize: 3, padding: .same),
            ConvTranspose2d(
                4, 6, kernelSize: [2, 3], stride: 2, padding: [1, 0], outputPadding: 1, groups: 2, bias: false,
                dilation: 2),
            MaxPool2d([2, 3], stride: 1, padding: [1, 0], ceilMode: true),
            AvgPool2d(2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false),
            MaxPool1d(3, stride: 1, padding: 1), AvgPool1d(2, stride: 1, padding: 1), AdaptiveAvgPool2d([2, 3]),
            AdaptiveMaxPool2d(2), AdaptiveAvgPool1d(4), AdaptiveMaxPool1d(5),
            BatchNorm1d(3, epsilon: 1e-3, momentum: nil, affine: false), BatchNorm2d(3, trackRunningStats: false),
            BatchNorm3d(2, momentum: 0.3), BatchNorm(4),
            InstanceNorm2d(3, epsilon: 1e-3, momentum: 0.2, affine: true, trackRunningStats: true), InstanceNorm2d(2),
            GroupNorm(2, 4, epsilon: 1e-2, affine: false), LayerNorm([2, 3], epsilon: 1e-4),
            LayerNorm(4, elementwiseAffine: false), LayerNorm(4, bias: false),
            LSTM(3, 4, layers: 2, bias: false, batchFirst: true, dropout: 0.1, bidirectional: true, carriesState: true),
            GRU(3, 4, layers: 2, bidirectional: true),
            MultiheadAttention(6, 3, dropout: 0.2, bias: false, causal: true),
            TransformerBlock(4, 2, hidden: 5, dropout: 0.3, causal: true),
            Residual { Linear(2, 2) },
            Residual {
                Linear(2, 3)
            } shortcut: {
                Linear(2, 3); ReLU()
            },
            Sequential {
                Sequential { ReLU() }; Tanh()
            },
        ]
        Parts.register()
        let model = Parts(layers)
        let loaded = try learner(model).model
        #expect(loaded.description == model.description)
        let (a, b) = (model.stateDictionary(), loaded.stateDictionary())
        #expect(a.map(\.name) == b.map(\.name))
        for (x, y) in zip(a, b) { #expect(x.tensor.floats == y.tensor.floats && x.tensor.dtype == y.tensor.dtype) }
        // What descriptions do not show.
        let pools = loaded.modules().compactMap { $0 as? AvgPool2d }
        #expect(pools.map(\.ceilMode) == [true] && pools.map(\.countIncludePad) == [false])
        #expect(loaded.modules().compactMap { ($0 as? InstanceNorm2d)?.momentum } == [0.2, 0.1])
    }

    @Test("a model of tables, with options other than the usual ones") func tabular() throws {
        let model = TabularModel(
            embeddings: [(3, 2), (9, 4)], continuous: 2, outputs: 1, layers: [5, 4], dropout: [0.1, 0],
            embeddingDropout: 0.2, outputRange: -1...2.5, batchNorm: false, normalizesContinuous: false)
        let loaded = try learner(model).model
        #expect(loaded.description == model.description)
        model.eval()
        loaded.eval()
        let inputs = [Tensor([[1, 8], [0, 3]] as [[Int]]), sample([2, 2])]
        #expect(loaded.forward(inputs)[0].floats == model.forward(inputs)[0].floats)
    }

    @Test("losses, with options other than the usual ones") func losses() throws {
        let weight = Tensor([1, 0.5])
        let losses: [any LossFunction] = [
            CrossEntropyFlat(axis: 1, weight: weight, ignoreIndex: 3, reduction: .sum),
            FocalFlat(gamma: 1.5, weight: weight, axis: 1, reduction: .none),
            DiceLoss(axis: 2, smooth: 0.1, reduction: .mean, squaresInUnion: true),
            LabelSmoothingCrossEntropy(eps: 0.2, weight: weight, reduction: .sum),
            LabelSmoothingCrossEntropyFlat(axis: 1, eps: 0.3, weight: weight, reduction: .none),
            MSEFlat(reduction: .sum, convertsTarget: false), L1Flat(reduction: .none, convertsTarget: false),
            BCEFlat(reduction: .sum),
            BCEWithLogitsFlat(threshold: 0.2, weight: weight, positiveWeight: weight, convertsTarget: false),
            BCEWithLogitsFlat(flattens: false, reduction: .sum),
        ]
        for loss in losses {
            // Reflection shows everything a loss is made of; deeper down there are addresses.
            var (before, after) = ("", "")
            dump(loss, to: &before, maxDepth: 2)
            dump(try learner(loss: loss).lossFunction, to: &after, maxDepth: 2)
            #expect(before == after)
        }
    }

    @Test("metrics, with options other than the usual ones") func metrics() throws {
        let metrics: [Metric] = [
            .accuracy(axis: 1), .errorRate(axis: 1), .topKAccuracy(k: 2, axis: 1),
            .accuracyMulti(threshold: 0.3, sigmoid: false), .mse, .mae, .msle, .rmse, .expRMSPE,
            F1Score(average: .macro, axis: 1, labels: [0, 2], positive: 2, name: "f"), FBeta(2, average: .weighted),
            Precision(average: .micro), Recall(average: .macro), Jaccard(positive: 0), BalancedAccuracy(adjusted: true),
            CohenKappa(weights: .quadratic), HammingLoss(axis: 1), MatthewsCorrCoef(),
            BrierScore(ofProbabilities: true),
            APScoreBinary(positive: 0), RocAucBinary(maxFPR: 0.5), RocAuc(average: .weighted, multiClass: .oneVsOne),
            R2Score(name: "r2"), ExplainedVariance(), PearsonCorrCoef(activation: .sigmoid, threshold: 0.5),
            SpearmanCorrCoef(argmaxAxis: 1), F1ScoreMulti(threshold: 0.1, labels: [1]), FBetaMulti(0.5, sigmoid: false),
            PrecisionMulti(average: .micro), RecallMulti(average: .samples), JaccardMulti(), HammingLossMulti(),
            BrierScoreMulti(ofProbabilities: true), MatthewsCorrCoefMulti(threshold: 0.2), RocAucMulti(average: .micro),
            APScoreMulti(sigmoid: false), AvgLoss(), Perplexity(), AvgSmoothLoss(beta: 0.5), Dice(axis: 2),
            JaccardCoeff(axis: 2), DiceMulti(axis: 2), JaccardCoeffMulti(), CorpusBLEU(axis: 1),
            ForegroundAcc(background: 2, axis: 0), LossMetric("divergence", name: "kl"),
        ]
        let loaded = try learner(metrics: metrics).metrics
        #expect(loaded.map(\.name) == metrics.map(\.name))
        #expect(loaded.map { "\(type(of: $0))" } == metrics.map { "\(type(of: $0))" })
        for (a, b) in zip(metrics, loaded) {
            #expect(arguments(a) == arguments(b))
        }
        // The same value of the same rows, for one whose options lie in a function.
        let rows = (Tensor([0.4, 0.05, 0.1, 0.9], shape: [2, 2]), Tensor([1, 0, 1, 1], shape: [2, 2]))
        for index in metrics.indices where metrics[index] is F1ScoreMulti {
            #expect(
                (loaded[index] as? AccumMetric)?(rows.0, rows.1) == (metrics[index] as? AccumMetric)?(rows.0, rows.1))
        }
    }

    private func arguments(_ metric: Metric) -> [String] {
        guard let described = try? ExportRegistry.describe(metric, at: "") else { return ["\(metric.name) is unknown"] }
        return [described.name] + described.arguments.list.map { "\($0.name): \($0.value)" }
    }

    @Test("callbacks, with options other than the usual ones, without what they have seen") func callbacks() throws {
        let callbacks: [Callback] = [
            TrainEvalCallback(), ProgressCallback(), BnFreeze(), CollectDataCallback(), MCDropoutCallback(),
            ModelResetter(), TerminateOnNaNCallback(), RNNCallback(), RNNRegularizer(alpha: 2, beta: 1),
            GradientAccumulation(samples: 7), MixUp(alpha: 0.3),
            Recorder(addTime: false, trainMetrics: true, validMetrics: false, beta: 0.5), CutMix(alpha: 0.6),
            GradientClip(maxNorm: 2, normType: .infinity), ShortEpochCallback(fraction: 0.2, shortValid: false),
            EarlyStoppingCallback(
                monitor: "valid_loss", direction: .greater, minDelta: 0.1, patience: 3, resetOnFit: false),
            ReduceLROnPlateau(patience: 4, factor: 5, minLR: 1e-6),
            SaveModelCallback(filename: "best", saving: .everyEpoch(2), withOptimizer: true),
        ]
        let loaded = try learner(callbacks: callbacks).callbacks
        #expect(loaded.map(\.typeName) == callbacks.map(\.typeName))
        for (a, b) in zip(callbacks, loaded) { #expect(try Self.json(a) == Self.json(b)) }
        let clip = try #require(loaded.first { $0 is GradientClip } as? GradientClip)
        #expect(clip.maxNorm == 2 && clip.normType == .infinity)
    }

    private static func json(_ value: Any) throws -> String {
        let described = try ExportRegistry.describe(value, at: "")
        return "\(described.name) " + described.arguments.list.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    @Test("nothing that the package declares is forgotten") func complete() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")
        // Functions (known by their names), bases, and what belongs to one run.
        let exceptions: Set = [
            "Apply", "AvgMetric", "ValueMetric", "ClosureCallback", "BeforeBatchCallback", "ParamScheduler",
            "SkipToEpoch", "ActivationStats", "Recurrent", "GatherPredsCallback", "FetchPredsCallback",
            "CSVLogger", "ShowGraphCallback", "MixedPrecision", "ResumeCallback",
        ]
        let bases = [
            "Module", "BatchNorm", "Recurrent", "AccumMetric", "Metric", "Dice", "DiceMulti", "AvgLoss", "Callback",
            "Tracker", "MixHandler", "HookCallback",
        ]
        var found = 0
        for module in ["LockstepNN", "LockstepLearner"] {
            let folder = sources.appendingPathComponent(module)
            let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            while let file = files?.nextObject() as? URL {
                guard file.pathExtension == "swift" else { continue }
                for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                    guard let name = Self.declared(String(line), bases), !exceptions.contains(name) else { continue }
                    found += 1
                    #expect(ExportRegistry.knows(name), "\(name) cannot be exported: add it to Export/Export+….swift")
                }
            }
        }
        #expect(found > 90)
    }

    /// `public final class Linear: Module, UnaryLayer {` → `Linear`; a loss's `public struct MSEFlat: LossFunction`.
    private static func declared(_ line: String, _ bases: [String]) -> String? {
        for start in ["public final class ", "public class ", "public struct "] where line.hasPrefix(start) {
            let parts = line.dropFirst(start.count).split { $0 == ":" || $0 == "," || $0 == "{" }
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count > 1, bases.contains(parts[1]) || parts[1] == "LossFunction" else { return nil }
            return parts[0] == "CustomLoss" ? nil : parts[0]
        }
        return nil
    }
}
