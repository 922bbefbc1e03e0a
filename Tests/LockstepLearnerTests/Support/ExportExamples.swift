// SPDX-License-Identifier: Apache-2.0
// What the bundles in Tests/Reference were written of, long ago: nothing is added here; new types have their example in their list.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting

/// What `exported-parts.jsonl` and `told-arguments.txt` describe, in their order. Files stay readable, so this stays as it is.
enum ExportExamples {
    static func layers() -> [any UnaryLayer] {
        [
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
    }

    static func models() -> [Module] {
        [
            TabularModel(
                embeddings: [(3, 2), (9, 4)], continuous: 2, outputs: 1, layers: [5, 4], dropout: [0.1, 0],
                embeddingDropout: 0.2, outputRange: -1...2.5, batchNorm: false, normalizesContinuous: false),
            GPT(vocabulary: 5, context: 9, width: 6, layers: 2, heads: 3, dropout: 0.3),
            RecurrentLanguageModel(vocabulary: 5, width: 3, hidden: 4, layers: 2, dropout: 0.2, carriesState: true),
        ]
    }

    static func losses() -> [any LossFunction] {
        let weight = Tensor([1, 0.5])
        return [
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
    }

    static func metrics() -> [Metric] {
        [
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
    }

    static func callbacks() -> [Callback] {
        [
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
    }

    /// Transforms, some of which have learned something.
    static func transforms() throws -> [any Transform] {
        return [
            Categorize(vocab: ["b", "a"], sort: false, addNA: true), MultiCategorize(vocab: ["a", "b", "c"]),
            EncodedMultiCategorize(vocab: ["x", "y"]), OneHotEncode(count: 3), OneHotEncode(),
            RegressionSetup(count: 2), ToTensor(), IntToFloat(divisor: 2, maskDivisor: 3),
            Normalize(mean: [0.5, 0.4], std: [0.2, 0.3]), ParentLabel(),
            try RegexLabeller("/([a-z]+)_", atStart: true), ColumnReader("a", prefix: "p", delimiter: ";"),
            OpenImage(.grey), Resize(6),
            RandomResizedCrop(7), AffineAugmentation(flip: 0.5, maxRotate: 10, zoom: 1...1.5),
            LightingAugmentation(maxBrightness: 0.2, maxContrast: 0.1, probability: 0.5),
            RandomErasing(probability: 0.3, area: 0.1...0.2, minAspect: 0.5, maxCount: 2),
            PadInput(token: 3, first: true),
        ]
    }
}
