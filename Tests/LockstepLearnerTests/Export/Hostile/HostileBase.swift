// SPDX-License-Identifier: Apache-2.0
// Learners whose bundles are changed by ill will, and everything a program does with one.

import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting

/// A learner, small but with many kinds of parts.
struct HostileBase {
    let name: String
    let learner: Learner
    /// New items for it, as the given loaders make batches of them.
    let fresh: (DataLoaders) throws -> DataLoader
    /// One of them.
    let item: () throws -> Any

    private init(
        _ name: String, _ model: Module, _ loss: some LossFunction, _ metrics: [Metric], _ inputs: [Tensor],
        _ target: Tensor,
        _ callbacks: [Callback] = []
    ) {
        self.name = name
        let data = TensorDataset(inputs: inputs, targets: [target])
        (fresh, item) = ({ $0.testLoader(for: data) }, { data.item(at: 0) })
        learner = Learner(
            dls: DataLoaders([data, data], batchSize: 4), model: model, loss: loss, callbacks: callbacks,
            metrics: metrics)
    }

    /// The table of the given rows.
    private init(_ name: String, csv: String, target: String, _ loss: some LossFunction, _ metrics: [Metric]) throws {
        self.name = name
        let table = try DataLoaders.table(
            CSV.parse(Array(csv.utf8), file: "t.csv"), target: target, batchSize: 4, split: .none)
        let columns = table.columns
        let data = try columns.dataset(CSV.parse(Array(csv.utf8), file: "t.csv"), rows: Array(0..<7))
        (fresh, item) = ({ $0.testLoader(for: data) }, { ["age": "5", "job": "zz", "y": "u", "z": "1"] })
        learner = Learner(
            dls: table.loaders,
            model: TabularModel(
                embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
                continuous: columns.continuous.count, outputs: columns.target.outputCount, layers: [6]), loss: loss,
            metrics: metrics)
    }

    /// Images that go through transforms of items and of batches.
    private init(images name: String) throws {
        self.name = name
        ExportRegistry.register(Shade.self)
        let images = (0..<8).map { TensorImage(sample([3, 7, 9], seed: UInt64($0), in: 0..<255)) }
        let data = try Datasets(
            images, transforms: [[Resize(6)], [Shade(), Categorize()]],
            splits: Split(train: Array(0..<5), valid: [5, 6, 7]))
        let dls = try data.dataLoaders(
            batchSize: 3, afterItem: [RandomErasing(), PadInput()],
            afterBatch: [
                IntToFloat(), AffineAugmentation(flip: 0.5, maxRotate: 10), LightingAugmentation(maxBrightness: 0.2),
                Normalize(mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.2]),
            ])
        (fresh, item) = ({ try $0.testLoader(for: images) }, { images[0] })
        learner = Learner(
            dls: dls,
            model: Sequential {
                Conv2d(3, 4, kernelSize: 3); ReLU(); AdaptiveMaxPool2d(1); Flatten(); Linear(4, 2)
            }, loss: .crossEntropy, callbacks: [CutMix()], metrics: [.accuracy])
    }

    /// Texts of a classifier, with the tokenizer that cuts them.
    private init(texts name: String) throws {
        self.name = name
        let tokenizer = try PretrainedTokenizer.bert(vocabulary: Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc".utf8))
        let texts = ["a b", "c", "a c c", "b b", "c a b", "a", "b c", "a a"]
        let data = try DataLoaders.textClasses(
            texts, pairs: texts.reversed(), labels: texts.map { $0.contains("a") ? "y" : "n" }, tokenizer: tokenizer,
            maxLength: 11, batchSize: 3, validFraction: 0.4)
        var bert = BertConfiguration(vocabulary: 7, width: 8, layers: 1, heads: 2, hidden: 6)
        bert.context = 11
        (fresh, item) = ({ try $0.testLoader(for: [["a b", "c"], ["c", ""], ["b", "a d"]]) }, { ["a", "c b"] })
        learner = Learner(
            dls: data.loaders, model: TextClassifier(Bert(bert), classes: 2), loss: .crossEntropy, metrics: [.accuracy])
    }

    private static let rows = "age,job,y,z\n1.5,a,u,1\n2.5,b,v,2.5\n,a,u,3\n7.25,,v,4\n3,c,w,5.5\n8,a,u,1\n9.5,b,w,0\n"

    /// All of them, the same ones every time.
    static func all() throws -> [HostileBase] {
        try withSeed(1) {
            [
                HostileBase(
                    "mlp",
                    Sequential {
                        Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.1); Linear(8, 3); LogSoftmax(axis: 1)
                    }, .crossEntropy(weight: Tensor([1, 2, 1])),
                    [.accuracy, F1Score(average: .macro), RocAuc(), .topKAccuracy(k: 2), CohenKappa()],
                    [sample([9, 4])], sampleIntegers([9], in: 0..<3), [GradientClip(), EarlyStoppingCallback()]),
                HostileBase(
                    "cnn",
                    Sequential {
                        Conv2d(1, 4, kernelSize: 3, padding: 1); BatchNorm2d(4); ReLU(); MaxPool2d(2)
                        Residual {
                            Conv2d(4, 4, kernelSize: 3, padding: .same)
                        }
                        AdaptiveAvgPool2d(2); GroupNorm(2, 4); AvgPool2d(1); Flatten(); Linear(16, 2)
                    }, .labelSmoothing, [F1Score(), RocAucBinary(), BrierScore(ofProbabilities: true)],
                    [sample([9, 1, 8, 8])], sampleIntegers([9], in: 0..<2), [MixUp(), GradientAccumulation(samples: 8)]),
                HostileBase(
                    "sequence",
                    Sequential {
                        LSTM(4, 6, batchFirst: true, bidirectional: true); LayerNorm(12)
                        MultiheadAttention(12, 2, batchFirst: true); TransformerBlock(12, 2); Flatten(); Linear(60, 1)
                    }, .mse, [.rmse, R2Score(), PearsonCorrCoef(), .mae], [sample([9, 5, 4])], sample([9, 1]),
                    [ReduceLROnPlateau(), ShortEpochCallback(fraction: 0.9)]),
                HostileBase(
                    "gpt", GPT(vocabulary: 11, context: 8, width: 8, layers: 2, heads: 2), .crossEntropy,
                    [.accuracy, Perplexity(), CorpusBLEU()], [sampleIntegers([9, 6], in: 0..<11)],
                    sampleIntegers([9, 6], in: 0..<11)),
                HostileBase(
                    "tokens",
                    Sequential {
                        Embedding(7, 4); GRU(4, 4, batchFirst: true); Linear(4, 7)
                    }, .focal(gamma: 2), [.errorRate], [sampleIntegers([9, 3], in: 0..<7)],
                    sampleIntegers([9, 3], in: 0..<7), [ModelResetter()]),
                HostileBase(
                    "segmentation",
                    Sequential {
                        Conv2d(1, 2, kernelSize: 3, stride: 2, padding: 1); InstanceNorm2d(2)
                        ConvTranspose2d(2, 2, kernelSize: 2, stride: 2); Softmax(axis: 1)
                    }, .dice(), [Dice(), JaccardCoeffMulti(), .foregroundAcc], [sample([9, 1, 6, 6])],
                    sampleIntegers([9, 6, 6], in: 0..<2)),
                HostileBase(
                    "labels", Linear(4, 3), .bceWithLogits(weight: Tensor([1])),
                    [
                        F1ScoreMulti(labels: [0, 2]), HammingLossMulti(), RocAucMulti(), .accuracyMulti(),
                        APScoreMulti(),
                    ],
                    [sample([9, 4])], sampleIntegers([9, 3], in: 0..<2).to(.float32)),
                try HostileBase(images: "images"),
                try HostileBase(texts: "texts"),
                try HostileBase("table of classes", csv: rows, target: "y", .crossEntropy, [.accuracy]),
                try HostileBase("table of numbers", csv: rows, target: "z", .mse, [.rmse, ExplainedVariance()]),
            ]
        }
    }

    /// The bundle's description and weights.
    func parts() throws -> (tree: JSONTree, items: [Safetensors.Item]) {
        let archive = try Safetensors.parse(learner.exported(), file: name)
        let json = archive.metadata("lockstep.learner") ?? ""
        return (try JSONTree(json), learner.model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) })
    }

    /// Loads a bundle and does with it what programs do: predicts, validates, trains on. Each may fail.
    ///
    /// - Returns: the sentences of what failed; that of loading alone when it did.
    func use(_ bytes: [UInt8]) -> [any Error] {
        let loaded: Learner
        do { loaded = try Learner.load(exported: bytes, from: "x.bundle") } catch { return [error] }
        loaded.logger = SilentLogger()
        var errors: [any Error] = []
        func attempt(_ body: () throws -> Void) { do { try body() } catch { errors.append(error) } }
        loaded.withoutProgress {
            attempt {
                _ = try loaded.predictions(on: .loader(fresh(loaded.dls)), withDecoded: true, withLoss: false)
            }
            attempt { _ = try loaded.predict(item()) }
            loaded.dls = learner.dls
            attempt { _ = try loaded.validate() }
            attempt { _ = try loaded.predictions(withLoss: true) }
            attempt { try loaded.fit(1) }
        }
        return errors
    }
}

/// Whether an image is dark.
private struct Shade: Transform, Codable {
    var encodes: [TypedFunction] {
        [TypedFunction { (image: TensorImage) in image.tensor.mean().item() < 127 ? "dark" : "light" }]
    }
}
