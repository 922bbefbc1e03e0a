// SPDX-License-Identifier: Apache-2.0
// Layers that run as one operation: nobody can tell, and whoever looks between them still sees everything.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Fused layers of Sequential") struct SequentialFusionTests {
    private func makeModel() -> Sequential {
        withSeed(3) {
            Sequential {
                Conv2d(1, 16, kernelSize: 3, padding: 1); ReLU(); MaxPool2d(2)
                Conv2d(16, 17, kernelSize: 3); ReLU(); MaxPool2d(3, stride: 1)
                Conv2d(17, 16, kernelSize: 1); ReLU(); Flatten(); Linear(32, 3)
            }
        }
    }

    /// Output and gradients of everything; `watching` the outputs of these layers.
    private func run(watching: [Int]) -> (values: [Tensor], seen: [Int: Tensor]) {
        let model = makeModel()
        var seen: [Int: Tensor] = [:]
        for index in watching { model[index].addOutputObserver { _, y in seen[index] = y.detached } }
        let x = sample([5, 1, 12, 10], seed: 1).requiringGradient()
        let y = model(x)
        y.backward(gradient: sample(y.shape, seed: 2))
        return ([y.detached] + ([x.gradient] + model.parameters().map(\.gradient)).compactMap { $0 }, seen)
    }

    @Test("outputs and gradients do not depend on who looks", arguments: [[0], [1], [2], [3, 5], [7], Array(0..<10)])
    func observation(_ watched: [Int]) {
        let (fused, _) = run(watching: [])
        let (other, seen) = run(watching: watched)
        #expect(fused.count == 10 && other.count == 10)
        for (a, b) in zip(fused, other) { expectClose(a, b, relative: 1e-4, absolute: 1e-5) }
        #expect(seen.keys.sorted() == watched)
        let shapes: [Shape] = [
            [5, 16, 12, 10], [5, 16, 12, 10], [5, 16, 6, 5], [5, 17, 4, 3], [5, 17, 4, 3], [5, 17, 2, 1],
            [5, 16, 2, 1],
            [5, 16, 2, 1], [5, 32], [5, 3],
        ]
        for index in watched { #expect(seen[index]?.shape == shapes[index], "layer \(index)") }
    }

    @Test("batch norm, shortcut and rectifier are the same in one pass, observed, and with moments from a reducer")
    func normalization() {
        func run(isTraining: Bool, watching: Bool, reduces: Bool) -> [[Float]] {
            let layers = Sequential {
                BatchNorm2d(5); ReLU(); BatchNorm2d(5)
            }
            guard let first = layers[0] as? BatchNorm2d, let last = layers[2] as? BatchNorm2d else { return [] }
            layers.train(isTraining)
            var seen: [Tensor] = []
            if watching { for layer in [first, last] { layer.addOutputObserver { _, y in seen.append(y.detached) } } }
            if reduces { for layer in [first, last] { layer.statisticsReducer = { $0 } } }
            let x = sample([4, 5, 3, 2], seed: 1).requiringGradient()
            let y = last(layers[..<2](x), then: .relu, adding: x)
            y.backward(gradient: sample(y.shape, seed: 2))
            #expect(seen.count == (watching ? 2 : 0))
            if watching { #expect(seen.first?.floats.contains { $0 < 0 } == true) }
            let buffers = [first.runningMean, first.runningVariance, last.runningMean, last.runningVariance]
            return ([y.detached, x.gradient] + layers.parameters().map(\.gradient) + buffers).map { $0?.floats ?? [] }
        }
        for isTraining in [true, false] {
            let expected = run(isTraining: isTraining, watching: true, reduces: false)
            #expect(expected.count == 10 && expected.allSatisfy { !$0.isEmpty })
            #expect(run(isTraining: isTraining, watching: false, reduces: false) == expected)
            #expect(run(isTraining: isTraining, watching: false, reduces: true) == expected)
        }
    }
}
