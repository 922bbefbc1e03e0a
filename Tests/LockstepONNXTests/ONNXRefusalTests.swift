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
