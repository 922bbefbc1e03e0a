// SPDX-License-Identifier: Apache-2.0
// Every network that has a name, as it is published, in onnxruntime; and models whose inputs nobody names.

import Foundation
import LockstepChecks
import LockstepModels
import LockstepNN
import LockstepONNX
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Networks as ONNX", .serialized) struct ONNXNetworksTests {
    @Test(
        "a published network gives onnxruntime's scores, at its own size",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"), arguments: VisionArchitecture.all)
    func architecture(_ architecture: VisionArchitecture) throws {
        try withTemporaryFolder { folder in
            let model = withSeed(1) { architecture.model(classes: 7) }
            // Statistics of their own; weights as networks begin, so that a hundred layers keep their values' size.
            let state = model.stateDictionary().enumerated().map { index, entry -> (name: String, tensor: Tensor) in
                let isMean = entry.name.hasSuffix("running_mean")
                guard isMean || entry.name.hasSuffix("running_var") else { return entry }
                let range = isMean ? -0.1..<0.1 : 0.8..<1.25
                return (entry.name, sample(entry.tensor.shape, seed: UInt64(index), in: range))
            }
            try model.loadStateDictionary(state)
            model.eval()
            let x = sample([2, 3, 224, 224], seed: 9)
            let y = withNoGrad { model.forward([x])[0] }
            var cases = ONNXCases(folder)
            try cases.add(
                architecture.name, model.onnx(inputs: [ONNXValue("image", ["batch", 3, 224, 224])]),
                inputs: [ONNXDatum("image", x)], outputs: [ONNXDatum("output", y)], counts: [1])
            try cases.expectAlike()
        }
    }

    @Test(
        "inputs that nobody names follow from the model",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func inferred() throws {
        try withTemporaryFolder { folder in
            var cases = ONNXCases(folder)
            func add(_ name: String, _ model: Module, _ inputs: [(String, Tensor)], counts: [Int] = [0, 1]) throws {
                try model.randomise()
                let outputs = withNoGrad { model.forward(inputs.map(\.1)) }
                try cases.add(
                    name, model.onnx(), inputs: inputs.map { ONNXDatum($0, $1) },
                    outputs: [ONNXDatum("output", outputs[0])], counts: counts)
            }
            // Images of any size, whose number of values is known by the layer behind them only.
            let flat = Sequential {
                Conv2d(2, 3, kernelSize: 3, stride: 2, padding: 1); ReLU(); MaxPool2d(2); Flatten(); Linear(12, 4)
            }
            try add("any size", flat, [("input", sample([3, 2, 9, 8], seed: 1))], counts: [1])
            let norms = Sequential {
                Conv2d(2, 6, kernelSize: 1); GroupNorm(3, 6); LayerNorm2d(6); InstanceNorm2d(6, affine: true)
                Upsample(2); PixelShuffle(1); Flatten(from: 2); Flatten(from: 0, to: 1)
            }
            try add("any size, norms", norms, [("input", sample([3, 2, 5, 4], seed: 2))], counts: [])
            let gpt = GPT(vocabulary: 9, context: 8, width: 6, layers: 1, heads: 2)
            try add("any length", gpt, [("input_ids", sampleIntegers([3, 5], in: 0..<9))])
            try add("one token", gpt, [("input_ids", sampleIntegers([2, 1], in: 0..<9))])
            var bert = BertConfiguration(vocabulary: 9, width: 6, layers: 1, heads: 2, hidden: 5)
            bert.context = 7
            for pooling in TextPooling.allCases {
                let model = TextClassifier(Bert(bert, hasPooler: false), classes: 2, pooling: pooling)
                // One text is of filling alone, as far as the mask says.
                let mask = Tensor([1, 1, 1, 1, 1, 0, 0, 0], shape: [2, 4]).to(.int64)
                try add(
                    "pooling \(pooling)", model,
                    [("input_ids", sampleIntegers([2, 4], in: 0..<9)), ("attention_mask", mask)])
                let none = Tensor([0, 0, 0, 0, 1, 1, 0, 0], shape: [2, 4]).to(.int64)
                try add(
                    "pooling \(pooling), nothing", model,
                    [("input_ids", sampleIntegers([2, 4], in: 0..<9)), ("attention_mask", none)])
            }
            // With filling on the left, a first query may see itself only, which is filling.
            let gpt2 = GPT2Configuration(vocabulary: 9, width: 6, layers: 2, heads: 2, context: 7)
            let left = Tensor([0, 0, 1, 1, 1, 1, 1, 1], shape: [2, 4]).to(.int64)
            try add(
                "filling on the left", TextClassifier(GPT2(gpt2), classes: 2, pooling: .last),
                [("input_ids", sampleIntegers([2, 4], in: 0..<9)), ("attention_mask", left)])
            let double = Linear(4, 3)
            double.convert(to: .float64)
            let x = sample([5, 4], seed: 3)
            try cases.add(
                "float64", double.onnx(), inputs: [ONNXDatum("input", x)],
                outputs: [ONNXDatum("output", withNoGrad { double(x.to(.float64)) }.to(.float32))])
            try cases.expectAlike()
        }
    }
}
