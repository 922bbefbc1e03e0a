// SPDX-License-Identifier: Apache-2.0
// Every layer and model that can be exported answers as before when it is loaded: odd sizes, several layers, both types.

import LockstepChecks
import LockstepData
@testable import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

extension Listed.Layer {
    /// Sequences and models of one layer and of several.
    fileprivate static let severalSequences: [Listed.Layer] = (1...3).flatMap { layers in
        [(1, 1), (3, 7), (7, 3), (64, 1)].flatMap { recurrent($0.0, $0.1, layers) } + wholes(layers)
    }

    private static func recurrent(_ inputs: Int, _ hidden: Int, _ layers: Int) -> [Listed.Layer] {
        [
            Listed.Layer([2, 5, inputs]) { LSTM(inputs, hidden, layers: layers, batchFirst: true) },
            Listed.Layer([2, 5, inputs]) { LSTM(inputs, hidden, layers: layers, bias: false, bidirectional: true) },
            Listed.Layer([2, 5, inputs]) { GRU(inputs, hidden, layers: layers, bidirectional: true) },
            Listed.Layer([2, 5, inputs]) { GRU(inputs, hidden, layers: layers, bias: false, carriesState: true) },
            Listed.Layer(tokens: [2, 9]) {
                RecurrentLanguageModel(vocabulary: 5, width: inputs, hidden: hidden, layers: layers)
            },
        ]
    }

    private static func wholes(_ layers: Int) -> [Listed.Layer] {
        let table: @Sendable () -> Module = {
            TabularModel(
                embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: layers, layers: Array([7, 1, 5].prefix(layers)),
                dropout: Array([0.1, 0.2, 0.3].prefix(layers)), outputRange: layers == 1 ? -1...2.5 : nil,
                batchNorm: layers != 2)
        }
        let plain: @Sendable () -> Module = {
            TabularModel(embeddings: [], continuous: 1, outputs: 1, layers: [], normalizesContinuous: false)
        }
        return [
            Listed.Layer(tokens: [2, 7]) {
                GPT(vocabulary: 5, context: 9, width: 3 * layers, layers: layers, heads: layers, dropout: 0.3)
            },
            Listed.Layer([2, 5, 6]) { MultiheadAttention(6, layers, bias: layers == 1, causal: true) },
            Listed.Layer([2, 5, 6]) { TransformerBlock(6, layers, hidden: 2 * layers + 1, dropout: 0.2) },
            Listed.Layer(table) { [Tensor([[1, 8], [0, 3]] as [[Int]]), sample([2, 3], dtype: $0)] },
            Listed.Layer(plain) { [sample([2, 1], dtype: $0)] },
        ]
    }
}

@Suite("Export: models") struct ExportedModelsTests {
    private func check(_ example: Listed.Layer, _ dtype: DType) throws {
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
        arguments: Listed.layers)
    private func layers(_ example: Listed.Layer) throws {
        // A function: only its program knows it.
        if example.type == "Apply" { return }
        for dtype in [DType.float32, .float64] { try check(example, dtype) }
    }

    @Test("sequences and models of one layer and of several do, too", arguments: Listed.Layer.severalSequences)
    private func sequences(_ example: Listed.Layer) throws {
        for dtype in [DType.float32, .float64] { try check(example, dtype) }
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
        let copy = try Learner.load(exported: learner.exported())
        let loaded = copy.model
        #expect(loaded.parameters().map(\.value.dtype) == [.float32, .float32, .float64, .float64])
        #expect(loaded.parameters().map(\.isTrainable) == [true, true, false, true])
        for (a, b) in zip(model.parameters(), loaded.parameters()) { #expect(a.value.doubles == b.value.doubles) }
        // Anybody may have written them: training them together is an error, not the end.
        let error = #expect(throws: LearnerError.self) { try copy.fit(1) }
        #expect(error?.code == .unsuitableWeights && "\(error as Any)".contains("float32 and of float64"))
    }
}
