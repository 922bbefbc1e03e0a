// SPDX-License-Identifier: Apache-2.0
// Whole models saved by PyTorch: their state dictionaries load as they are and give PyTorch's outputs.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private final class LanguageModel: Module, UnaryLayer {
    let embedding = Embedding(11, 6)
    let lstm = LSTM(6, 8, layers: 2, batchFirst: true)
    let norm = LayerNorm(8)
    let head = Linear(8, 11)
    func callAsFunction(_ x: Tensor) -> Tensor { head(norm(lstm(embedding(x)))) }
}

@Suite("Models saved by PyTorch") struct ModelReferenceTests {
    private func check(_ name: String, _ model: any UnaryLayer) throws {
        let saved = try Reference.load("model.\(name)")
        try model.loadStateDictionary(try saved.keys.map { (name: $0, tensor: try saved.tensor($0)) }, source: name)
        #expect(model.stateDictionary().map(\.name).sorted() == saved.keys)
        let example = try Reference.load("model.\(name).example")
        model.eval()
        expectClose(
            try withNoGrad { model(try example.tensor("x")) }, try example.tensor("y"), relative: 1e-5, absolute: 1e-5)
    }

    @Test("a perceptron")
    func perceptron() throws {
        try check(
            "mlp",
            Sequential {
                Linear(64, 32); ReLU(); Linear(32, 10)
            })
    }

    @Test("a convolutional network with running statistics")
    func convolutional() throws {
        try check(
            "cnn",
            Sequential {
                Conv2d(1, 6, kernelSize: 3, padding: 1, bias: false)
                BatchNorm2d(6)
                ReLU()
                MaxPool2d(2)
                Conv2d(6, 12, kernelSize: 3, stride: 2, padding: 1)
                ReLU()
                AdaptiveAvgPool2d(1)
                Flatten()
                Linear(12, 10)
            })
    }

    @Test("a recurrent language model")
    func recurrent() throws { try check("recurrent", LanguageModel()) }
}
