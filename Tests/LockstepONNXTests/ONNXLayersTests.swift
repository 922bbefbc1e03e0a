// SPDX-License-Identifier: Apache-2.0
// Every layer and network of the package as ONNX: it has a form, the form is sound, and onnxruntime computes the same.

import Foundation
import LockstepChecks
import LockstepNN
import LockstepONNX
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Layers as ONNX") struct ONNXLayersTests {
    /// What has no form in ONNX: a function.
    private static let refused: Set<String> = ["Apply"]

    /// The inputs of an example with a batch axis where the layer has one.
    private static func values(_ tensors: [Tensor], names: [String]? = nil, isBatch: Bool) -> [ONNXValue] {
        tensors.enumerated().map { index, tensor in
            let sizes = tensor.shape.enumerated().map { axis, size in
                axis == 0 && isBatch ? "batch" : ONNXAxis.size(size)
            }
            return ONNXValue("x\(index)", sizes, tensor.dtype.isInteger ? .int64 : .float32)
        }
    }

    /// Whether items are the first axis: sequences have them second unless told.
    private static func isBatch(_ model: Module) -> Bool {
        switch model {
        case let layer as Recurrent: layer.batchFirst
        case let layer as MultiheadAttention: layer.batchFirst
        // Statistics of the batch differ from those of its parts.
        default: !model.modules().contains { ($0 as? BatchNorm)?.runningMean == nil && $0 is BatchNorm }
        }
    }

    @Test("every layer and network of the lists has a form, or is refused by name", arguments: Listed.layers)
    func forms(layer: Listed.Layer) throws {
        let model = layer.make()
        let inputs = Self.values(layer.inputs(.float32), isBatch: true)
        guard !Self.refused.contains(layer.type) else {
            let error = #expect(throws: ONNXError.self) { try model.onnx(inputs: inputs) }
            #expect(error?.code == .function)
            #expect("\(try #require(error))".contains("double"))
            return
        }
        #expect(try model.onnx(inputs: inputs).count > 50)
    }

    @Test(
        "onnxruntime computes what every layer and network computes",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func sameOutputs() throws {
        try withTemporaryFolder { folder in
            var cases = ONNXCases(folder)
            for layer in Listed.layers where !Self.refused.contains(layer.type) {
                let model = withSeed(3) { layer.make() }
                try model.randomise()
                model.reset()
                let tensors = layer.inputs(.float32)
                let isBatch = Self.isBatch(model)
                let inputs = Self.values(tensors, isBatch: isBatch)
                let outputs = withNoGrad { model.forward(tensors) }
                try cases.add(
                    layer.type, try model.onnx(inputs: inputs),
                    inputs: zip(inputs, tensors).map { ONNXDatum($0.name, $1) },
                    outputs: outputs.enumerated().map { ONNXDatum($0 == 0 ? "output" : "output_\($0 + 1)", $1) },
                    // onnxruntime ends the process over a recurrent layer that is given no item.
                    counts: !isBatch ? [] : model.modules().contains { $0 is Recurrent } ? [1] : [0, 1])
            }
            #expect(cases.count > 90)
            try cases.expectAlike()
        }
    }
}
