// SPDX-License-Identifier: Apache-2.0
// Every layer and model that can be exported answers as before when it is loaded: odd sizes, several layers, both types.

import LockstepData
@testable import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// A model, and inputs that it takes.
private struct Exportable: @unchecked Sendable, CustomTestStringConvertible {  // its functions capture values only
    let make: () -> Module
    /// Inputs of the model's element type, where they are no integers.
    let inputs: (DType) -> [Tensor]
    let type: String
    var testDescription: String { type }

    init(_ make: @escaping () -> Module, _ inputs: @escaping (DType) -> [Tensor]) {
        (self.make, self.inputs) = (make, inputs)
        type = "\(Swift.type(of: make()))"
    }

    /// A model of one input of random numbers.
    init(_ shape: Shape, _ make: @escaping () -> Module) {
        self.init(make) { [sample(shape, seed: 1, dtype: $0)] }
    }

    /// A model of tokens, of which there are five.
    init(tokens shape: Shape, _ make: @escaping () -> Module) {
        self.init(make) { _ in [sampleIntegers(shape, in: 0..<5)] }
    }

    static let simple: [Exportable] = [
        Exportable([5, 3, 7]) { Identity() }, Exportable([5, 3, 7]) { ReLU() },
        Exportable([5, 3, 7]) { LeakyReLU(0.3) },
        Exportable([5, 3, 7]) { GELU() }, Exportable([5, 3, 7]) { SiLU() }, Exportable([5, 3, 7]) { Sigmoid() },
        Exportable([5, 3, 7]) { Tanh() }, Exportable([5, 3, 7]) { Softplus() },
        Exportable([5, 3, 7]) { Softmax(axis: 1) }, Exportable([5, 3, 7]) { LogSoftmax(axis: -2) },
        Exportable([5, 3, 7]) { Flatten(from: 1, to: 2) }, Exportable([5, 3, 7]) { Dropout(0.7) },
        Exportable([5, 3]) { Linear(3, 7) }, Exportable([5, 1]) { Linear(1, 1, bias: false) },
        Exportable(tokens: [5, 3]) { Embedding(7, 3, paddingIndex: 2) },
    ]
    static let windows: [Exportable] = [
        Exportable([5, 6, 11]) { Conv1d(6, 9, kernelSize: 3, stride: 2, padding: 1, groups: 3) },
        Exportable([5, 6, 11, 7]) { Conv2d(6, 9, kernelSize: [3, 5], padding: .same, groups: 3, bias: false) },
        Exportable([5, 6, 5, 7]) { ConvTranspose2d(6, 9, kernelSize: [2, 3], stride: 2, padding: 1, groups: 3) },
        Exportable([5, 3, 9, 7]) { MaxPool2d([2, 3], stride: 1, padding: [1, 0], ceilMode: true) },
        Exportable([5, 3, 9, 7]) { AvgPool2d(2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false) },
        Exportable([5, 3, 9]) { MaxPool1d(3, stride: 1, padding: 1) },
        Exportable([5, 3, 9]) { AvgPool1d(2, stride: 1, padding: 1) },
        Exportable([5, 3, 9, 7]) { AdaptiveAvgPool2d([2, 3]) }, Exportable([5, 3, 9, 7]) { AdaptiveMaxPool2d(2) },
        Exportable([5, 3, 9]) { AdaptiveAvgPool1d(4) }, Exportable([5, 3, 9]) { AdaptiveMaxPool1d(5) },
    ]
    static let norms: [Exportable] = [
        Exportable([5, 3, 2]) { BatchNorm(3) }, Exportable([5, 3]) { BatchNorm1d(3, momentum: nil) },
        Exportable([5, 3, 2, 7]) { BatchNorm2d(3, affine: false) },
        Exportable([5, 3, 2, 3, 4]) { BatchNorm3d(3, epsilon: 1e-3) },
        Exportable([5, 3, 2, 7]) { InstanceNorm2d(3, affine: true, trackRunningStats: true) },
        Exportable([5, 9, 2]) { GroupNorm(3, 9) }, Exportable([5, 3, 7]) { LayerNorm([3, 7]) },
        Exportable([5, 3, 7]) { Residual { Linear(7, 7) } },
        Exportable([5, 3, 7]) {
            Sequential {
                Residual {
                    Linear(7, 3)
                } shortcut: {
                    Linear(7, 3); ReLU()
                }
                Sequential { Linear(3, 1) }
            }
        },
    ]
    static let sequences: [Exportable] = (1...3).flatMap { layers in
        [(1, 1), (3, 7), (7, 3), (64, 1)].flatMap { recurrent($0.0, $0.1, layers) } + wholes(layers)
    }

    private static func recurrent(_ inputs: Int, _ hidden: Int, _ layers: Int) -> [Exportable] {
        [
            Exportable([2, 5, inputs]) { LSTM(inputs, hidden, layers: layers, batchFirst: true) },
            Exportable([2, 5, inputs]) { LSTM(inputs, hidden, layers: layers, bias: false, bidirectional: true) },
            Exportable([2, 5, inputs]) { GRU(inputs, hidden, layers: layers, bidirectional: true) },
            Exportable([2, 5, inputs]) { GRU(inputs, hidden, layers: layers, bias: false, carriesState: true) },
            Exportable(tokens: [2, 9]) {
                RecurrentLanguageModel(vocabulary: 5, width: inputs, hidden: hidden, layers: layers)
            },
        ]
    }

    private static func wholes(_ layers: Int) -> [Exportable] {
        let table = {
            TabularModel(
                embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: layers, layers: Array([7, 1, 5].prefix(layers)),
                dropout: Array([0.1, 0.2, 0.3].prefix(layers)), outputRange: layers == 1 ? -1...2.5 : nil,
                batchNorm: layers != 2)
        }
        let plain = {
            TabularModel(embeddings: [], continuous: 1, outputs: 1, layers: [], normalizesContinuous: false)
        }
        return [
            Exportable(tokens: [2, 7]) {
                GPT(vocabulary: 5, context: 9, width: 3 * layers, layers: layers, heads: layers, dropout: 0.3)
            },
            Exportable([2, 5, 6]) { MultiheadAttention(6, layers, bias: layers == 1, causal: true) },
            Exportable([2, 5, 6]) { TransformerBlock(6, layers, hidden: 2 * layers + 1, dropout: 0.2) },
            Exportable(table) { [Tensor([[1, 8], [0, 3]] as [[Int]]), sample([2, 3], dtype: $0)] },
            Exportable(plain) { [sample([2, 1], dtype: $0)] },
        ]
    }
}

@Suite("Export: models") struct ExportedModelsTests {
    private func check(_ example: Exportable, _ dtype: DType) throws {
        let model = withSeed(7) { example.make() }
        model.convert(to: dtype)
        // Statistics of something, so that they are seen to be kept.
        _ = model.forward(example.inputs(dtype))
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: .mse, defaultCallbacks: .none)
        let loaded = try Learner.load(exported: learner.exported()).model
        model.eval()
        loaded.eval()
        model.reset()
        #expect(loaded.description == model.description)
        let (a, b) = (model.stateDictionary(), loaded.stateDictionary())
        #expect(a.map { "\($0.name) \($0.tensor.dtype)" } == b.map { "\($0.name) \($0.tensor.dtype)" })
        // What is worked out beforehand, for bundles that come from anyone, is what happens.
        let outlines = try OutlineTrial().outputs(model, example.inputs(dtype).map { Outline($0) })
        let (before, after) = (model.forward(example.inputs(dtype))[0], loaded.forward(example.inputs(dtype))[0])
        #expect(outlines.map(\.axes) == [before.shape.dimensions.map(Optional.some)], "\(example.type)")
        #expect(model is any Outlining, "\(example.type)")
        #expect(before.dtype == after.dtype && before.shape == after.shape)
        #expect(before.doubles == after.doubles && before.doubles.allSatisfy(\.isFinite))
    }

    @Test(
        "a layer answers as before, in float32 and in float64",
        arguments: Exportable.simple + Exportable.windows + Exportable.norms)
    private func layers(_ example: Exportable) throws {
        for dtype in [DType.float32, .float64] { try check(example, dtype) }
    }

    @Test("sequences and models of one layer and of several do, too", arguments: Exportable.sequences)
    private func sequences(_ example: Exportable) throws {
        for dtype in [DType.float32, .float64] { try check(example, dtype) }
    }

    @Test("every layer and model of the registry is among them") func complete() {
        let all = [Exportable.simple, Exportable.windows, Exportable.norms, Exportable.sequences]
        let tried = Set(all.joined().map(\.type))
        for entry in Configuration.layers {
            #expect(tried.contains(entry.name), "add \(entry.name) to the list")
        }
    }

    @Test("a float64 learner predicts as before, to the last bit, and trains on in float64") func doubles() throws {
        let model = withSeed(3) {
            Sequential {
                Linear(1, 5); BatchNorm1d(5); Tanh(); Linear(5, 1)
            }
        }
        model.convert(to: .float64)
        let data = TensorDataset(
            inputs: [sample([9, 1], dtype: .float64)], targets: [sample([9, 1], seed: 1, dtype: .float64)])
        let learner = Learner(
            dls: DataLoaders([data, data], batchSize: 4), model: model, loss: .mse, metrics: [.mae],
            defaultCallbacks: .core)
        try learner.fit(2)
        let loaded = try Learner.load(exported: learner.exported())
        #expect(loaded.model.parameters().allSatisfy { $0.value.dtype == .float64 })
        #expect(loaded.model.buffers().map(\.value.dtype) == model.buffers().map(\.value.dtype))
        let items = DataSource.batches([Batch(inputs: [sample([5, 1], seed: 8, dtype: .float64)], targets: [])])
        #expect(
            try loaded.predictions(on: items).predictions.doubles == learner.predictions(on: items).predictions.doubles)
        loaded.dls = learner.dls
        #expect(try loaded.validate() == learner.validate())
        try loaded.fit(1)
        #expect(
            loaded.model.parameters().allSatisfy {
                $0.value.dtype == .float64 && $0.value.doubles.allSatisfy(\.isFinite)
            })
    }

    @Test("weights of several types keep each its own, frozen ones stay frozen") func mixedTypes() throws {
        let model = Sequential {
            Linear(2, 3); Linear(3, 1)
        }
        model.children()[1].convert(to: .float64)
        model.parameters()[2].isTrainable = false
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: .mse, defaultCallbacks: .none)
        let loaded = try Learner.load(exported: learner.exported()).model
        #expect(loaded.parameters().map(\.value.dtype) == [.float32, .float32, .float64, .float64])
        #expect(loaded.parameters().map(\.isTrainable) == [true, true, false, true])
        for (a, b) in zip(model.parameters(), loaded.parameters()) { #expect(a.value.doubles == b.value.doubles) }
    }
}
