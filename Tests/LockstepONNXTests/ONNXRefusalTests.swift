// SPDX-License-Identifier: Apache-2.0
// What cannot be said in ONNX is refused by name and place, on every rank; what is one's own can be said.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepONNX
import LockstepTensor
import LockstepTesting
import Testing

/// A model that does not say what it is.
private final class Silent: Module, UnaryLayer {
    func callAsFunction(_ x: Tensor) -> Tensor { x }
}

/// A model of one's own that does: twice its layer.
private final class Doubled: Module, UnaryLayer, ONNXExportable {
    let layer = Linear(3, 2)
    func callAsFunction(_ x: Tensor) -> Tensor { layer(x) + layer(x) }
    func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        let y = try graph.apply(layer, inputs)[0]
        return [graph.add("Add", [y, y], shape: y.shape)]
    }
}

/// A model of two outputs.
private final class TwoHeads: Module, ONNXExportable {
    let layer = Linear(3, 2)
    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let y = layer(inputs[0])
        return [y, y * 2]
    }
    func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        let y = try graph.apply(layer, inputs)[0]
        return [y, graph.add("Add", [y, y], shape: y.shape)]
    }
}

/// A loss that looks at both outputs together.
private struct BothLoss: MultipleLossFunction, ONNXExportableLoss {
    var reduction = Reduction.mean
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor { CrossEntropyFlat()(prediction, target) }
    func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor {
        self(predictions[0] + predictions[1], targets[0])
    }
    func activation(_ predictions: [Tensor]) -> [Tensor] { predictions.map { $0 * 3 } }
}

/// A model that uses layers which are no parts of it.
private final class Borrower: Module, UnaryLayer, ONNXExportable {
    private let lent: () -> [Linear]
    init(_ layers: [Linear]) {
        lent = { layers }
        super.init()
    }
    func callAsFunction(_ x: Tensor) -> Tensor { lent().reduce(x) { $1($0) } }
    func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        var values = inputs
        for layer in lent() { values = try graph.apply(layer, values) }
        return values
    }
}

/// A transform that does not say what it is.
private struct Doubling: Transform {
    var encodes: [TypedFunction] { [TypedFunction { (x: Tensor) in x * 2 }] }
}

@Suite("What ONNX cannot say") struct ONNXRefusalTests {
    private static func learner(
        _ model: Module, _ loss: any LossFunction, path: String = ".", transforms: [any Transform] = []
    ) throws -> Learner {
        let data = TensorDataset(inputs: [sample([8, 3], seed: 1)], targets: [sampleIntegers([8], in: 0..<2)])
        let loader = try TransformedDataLoader(data, batchSize: 4, afterBatch: transforms)
        return Learner(dls: DataLoaders(loader, path: path), model: model, loss: loss, defaultCallbacks: .core)
    }

    private func refusal(_ body: () throws -> Void) throws -> ONNXError {
        try #require(#expect(throws: ONNXError.self) { try body() })
    }

    @Test("a layer and a function, with their place") func layers() throws {
        let own = try refusal {
            _ = try Sequential {
                Linear(3, 3); Residual { Silent() }
            }.onnx()
        }
        #expect(own.code == .unsupported && own.place == "model.1.layers.0" && own.reason.contains("Silent"))
        #expect("\(own)".contains("ONNXExportable"))
        let function = try refusal {
            _ = try Sequential {
                Linear(3, 3); Apply("halve") { $0 / 2 }
            }.onnx()
        }
        #expect(function.code == .function && function.place == "model.1" && function.reason.contains("halve"))
        let loss = try refusal { _ = try Self.learner(Linear(3, 2), CustomLoss("mine") { p, _ in p.sum() }).onnx() }
        #expect(loss.code == .function && loss.place == "loss" && loss.reason.contains("mine"))
    }

    @Test("inputs that nobody knows, are too few, or of another kind") func inputs() throws {
        #expect(try refusal { _ = try ReLU().onnx() }.code == .inputs)
        let two = [ONNXValue("a", ["batch", 3]), ONNXValue("b", ["batch", 3])]
        #expect(try refusal { _ = try ReLU().onnx(inputs: two) }.reason.contains("one input"))
        let words = [ONNXValue("x", ["batch", 3])]
        #expect(try refusal { _ = try Embedding(4, 2).onnx(inputs: words) }.reason.contains("int64"))
        let gpt = GPT(vocabulary: 5, context: 4, width: 4, layers: 1, heads: 1)
        #expect(
            try refusal { _ = try gpt.onnx(inputs: [ONNXValue("x", ["batch", 5], .int64)]) }.reason.contains(
                "at most 4"))
        let regions = try refusal {
            _ = try Sequential {
                Conv2d(1, 2, kernelSize: 1); AdaptiveAvgPool2d(3)
            }.onnx()
        }
        #expect(regions.place == "model.1" && "\(regions)".contains("Say the size"))
        let partial = Sequential {
            Conv2d(1, 2, kernelSize: 1); MaxPool2d(2, ceilMode: true)
        }
        #expect(try refusal { _ = try partial.onnx() }.reason.contains("ceilMode"))
    }

    @Test("transforms and hooks in front of a model, which a graph would leave out") func steps() throws {
        let function = try Self.learner(
            Linear(3, 2), CrossEntropyFlat(), transforms: [FunctionTransform { (x: Tensor) in x * 2 }])
        let first = try refusal { _ = try function.onnx() }
        #expect(first.code == .function && first.place == "data" && "\(first)".contains("without preprocessing"))
        #expect(try function.onnx(preprocessing: false).count > 50)
        let unknown = try Self.learner(Linear(3, 2), CrossEntropyFlat(), transforms: [Doubling()])
        let second = try refusal { _ = try unknown.onnx() }
        #expect(second.code == .unsupported && second.place == "data" && second.reason.contains("Doubling"))
        let early = try Self.learner(Linear(3, 2), CrossEntropyFlat())
        #expect(try early.onnx().count > 50)
        let loader = try #require(early.dls.train as? TransformedDataLoader)
        loader.insert([Doubling()], at: .beforeBatch)
        #expect(try refusal { _ = try early.onnx() }.reason.contains("Doubling"))
        let hooked = try Self.learner(Linear(3, 2), CrossEntropyFlat())
        let plain = try #require(hooked.dls.train as? DataLoader)
        plain.hooks.beforeBatch = { $0 }
        let hook = try refusal { _ = try hooked.onnx() }
        #expect(hook.code == .function && hook.place == "data" && hook.reason.contains("beforeBatch"))
    }

    @Test("a loss that says what several outputs mean together") func severalOutputs() throws {
        let error = try refusal { _ = try Self.learner(TwoHeads(), BothLoss()).onnx() }
        #expect(error.code == .unsupported && error.place == "loss" && error.reason.contains("2 outputs"))
    }

    @Test("whole numbers where a layer computes with others") func elements() throws {
        let layers: [(Module, [ONNXAxis])] = [
            (Linear(3, 2), [3]), (Conv2d(3, 2, kernelSize: 1), [3, 4, 4]), (Conv1d(3, 2, kernelSize: 1), [3, 4]),
            (ConvTranspose2d(3, 2, kernelSize: 2), [3, 4, 4]), (BatchNorm2d(3), [3, 4, 4]),
            (AvgPool2d(2), [3, 4, 4]), (MultiheadAttention(4, 2), [3, 4]),
        ]
        for (layer, shape) in layers {
            let error = try refusal { _ = try layer.onnx(inputs: [ONNXValue("x", ["batch"] + shape, .int64)]) }
            #expect(error.code == .inputs && error.reason.contains("float32"), "\(layer.typeName)")
        }
        let pixels = sampleIntegers([8, 3, 4, 4], in: 0..<256, dtype: .uint8)
        let data = TensorDataset(inputs: [pixels], targets: [sampleIntegers([8], in: 0..<2)])
        let model = Sequential {
            Conv2d(3, 2, kernelSize: 4); Flatten()
        }
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: 4)), model: model, loss: CrossEntropyFlat(),
            defaultCallbacks: .core)
        let error = try refusal { _ = try learner.onnx() }
        #expect(error.code == .inputs && error.place == "model.0")
    }

    @Test("a size that a scale in float32 would make another one") func scales() throws {
        let image = [ONNXValue("x", ["batch", 1, 100, 20])]
        let error = try refusal { _ = try Upsample(1.15).onnx(inputs: image) }
        #expect(error.code == .unsupported && error.reason.contains("114") && error.reason.contains("115"))
        #expect(try Upsample(1.25).onnx(inputs: image).count > 50)
    }

    @Test("layers that are no parts of a model keep weights of their own") func borrowed() throws {
        let layers = [Linear(3, 3), Linear(3, 3)]
        let file = Data(try Borrower(layers).onnx(inputs: [ONNXValue("x", ["batch", 3])]))
        for layer in layers {
            let bytes = layer.weight.detached.floats.withUnsafeBytes { Data($0) }
            #expect(file.range(of: bytes) != nil)
        }
    }

    @Test("nothing is written, on any rank, of what is refused; else by one", arguments: [1, 2]) func ranks(
        count: Int
    ) throws {
        try withTemporaryFolder { folder in
            try InProcessWorld(count).run { ranks in
                let bad = try Self.learner(Silent(), CrossEntropyFlat(), path: folder.path)
                let good = try Self.learner(Doubled(), CrossEntropyFlat(), path: folder.path)
                try bad.distributed(over: ranks) {
                    #expect(throws: (any Error).self) { try bad.exportONNX(to: "bad.onnx") }
                }
                try good.distributed(over: ranks) {
                    let path = try good.exportONNX(to: "a b/good.onnx")
                    #expect(path == folder.path + "/a b/good.onnx")
                    #expect(try Data(contentsOf: URL(filePath: path)).count > 100)
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a b"])
        }
    }
}
