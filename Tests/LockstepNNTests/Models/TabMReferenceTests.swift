// SPDX-License-Identifier: Apache-2.0
// The ensemble for tables against PyTorch, one member at a time: outputs, losses, gradients of every parameter.

import LockstepChecks
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("TabM against PyTorch") struct TabMReferenceTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable () -> TabM
        let loss: @Sendable () -> any LossFunction
        var testDescription: String { name }
    }

    private static func model(
        _ outputs: Int, _ averages: TabM.Average, range: ClosedRange<Double>? = nil,
        scale: (mean: Double, deviation: Double)? = nil
    ) -> TabM {
        TabM(
            embeddings: [(3, 2), (9, 4)], continuous: 3, outputs: outputs, averages: averages, layers: [7, 6],
            members: 4, outputRange: range, outputScale: scale)
    }

    private static let cases = [
        Case(name: "TabM.classes", make: { model(3, .probabilities) }, loss: { .crossEntropy }),
        Case(
            name: "TabM.weighted", make: { model(3, .probabilities) },
            loss: { .crossEntropy(weight: Tensor([1, 2, 3]).to(.float64)) }),
        Case(name: "TabM.numbers", make: { model(1, .numbers, scale: (120, 7.5)) }, loss: { .mse }),
        Case(name: "TabM.counts", make: { model(1, .numbers, range: 0...9) }, loss: { .poisson(logInput: false) }),
    ]

    @Test("members, their mean loss, its gradients and the prediction", arguments: cases)
    private func agrees(_ example: Case) throws {
        let reference = try Reference.load("tabm")
        let (name, model) = (example.name, example.make())
        let close = { (actual: Tensor, key: String) in
            _ = expectClose(
                actual, try reference.tensor("\(name)/\(key)").to(.float64), "\(name)/\(key)", relative: 2e-6,
                absolute: 1e-6)
        }
        let state = try reference.tensors(under: "\(name)/state")
        #expect(model.stateDictionary().map(\.name).sorted() == state.map(\.name))
        model.convert(to: .float64)
        try model.loadStateDictionary(state.map { (name: $0.name, tensor: $0.value) })
        let inputs = [
            try reference.tensor("\(name)/categories"), try reference.tensor("\(name)/numbers").to(.float64),
        ]
        let target = try reference.tensor("\(name)/target")
        let outputs = model.forward(inputs)
        #expect(outputs.count == 2 && !outputs[0].requiresGradient, "nobody trains on the mean")
        try close(outputs[1].detached, "members")
        try close(outputs[0], "prediction")
        let loss = MemberLoss(example.loss())
        let value = loss(outputs, [target])
        try close(value.detached.reshaped([1]), "loss")
        value.backward()
        for (key, parameter) in model.namedParameters() {
            try close(try #require(parameter.gradient, "no gradient for \(key)"), "grad/\(key)")
        }
        model.eval()
        let predictions = model.forward(inputs)
        #expect(predictions.count == 1)
        try close(predictions[0].detached, "prediction")
        // What is not trained is the loss of the mean.
        #expect(abs(loss(predictions, [target]).item() - value.item()) > 1e-3)
    }
}
