// SPDX-License-Identifier: Apache-2.0
// Every layer on views of any kind and in every floating type, forward and backward.

import LockstepChecks
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Layers on views and in every floating type") struct LayerWalkTests {
    /// What a layer gives, and the gradients of its input and its parameters, from a fixed state.
    private func run(
        _ layerCase: LayerCase, _ x: Tensor, _ dtype: DType, arriving view: (Tensor) -> Tensor
    ) throws -> [Tensor] {
        setSeed(11)
        let layer = layerCase.make()
        layer.convert(to: .bfloat16)  // values that every type has
        layer.convert(to: dtype)
        let leaf = x.dtype.isFloatingPoint ? x.to(dtype).requiringGradient() : x
        let y = layer(leaf)
        y.backward(gradient: view(sample(y.shape, seed: 5).to(.bfloat16).to(y.dtype)))
        let gradients = layer.namedParameters().map { name, parameter -> Tensor in
            #expect(parameter.gradient?.dtype == dtype, "\(layerCase.name): \(name)")
            return parameter.gradient ?? .zeros(like: parameter.value)
        }
        if let gradient = leaf.gradient { #expect(gradient.dtype == dtype) }
        return [y.detached] + (leaf.gradient.map { [$0] } ?? []) + gradients
    }

    private func input(_ layerCase: LayerCase) throws -> Tensor {
        let x = try Reference.load("layers").tensor("\(layerCase.name)/x")
        return x.dtype.isFloatingPoint ? x.to(.bfloat16).to(.float32) : x
    }

    @Test("a layer gives the same on any view, forward and backward", arguments: LayerReferenceTests.cases)
    func layouts(_ layerCase: LayerCase) throws {
        let x = try input(layerCase)
        let expected = try run(layerCase, x, .float32) { $0 }
        for layout in Layout.allCases {
            let actual = try run(layerCase, x.laidOut(layout), .float32) { $0.laidOut(layout) }
            #expect(actual.count == expected.count)
            for (number, (a, b)) in zip(actual, expected).enumerated() {
                expectClose(a, b, "\(layerCase.name), \(layout): \(number)", absolute: 1e-5)
            }
        }
    }

    @Test(
        "a layer of bfloat16 or float64 trains as one of float32, to its rounding",
        arguments: LayerReferenceTests.cases,
        [DType.bfloat16, .float64])
    func types(_ layerCase: LayerCase, _ dtype: DType) throws {
        let x = try input(layerCase)
        let expected = try run(layerCase, x, .float32) { $0 }
        let actual = try run(layerCase, x, dtype) { $0 }
        let tolerance = dtype == .float64 ? 1e-4 : 0x1p-5  // activations between layers are rounded, too
        #expect(actual.count == expected.count)
        for (number, (a, b)) in zip(actual, expected).enumerated() {
            let largest = b.floats.map(abs).max() ?? 0
            expectClose(
                a.to(.float64), b.to(.float64), "\(layerCase.name), \(dtype): \(number)", relative: tolerance,
                absolute: Double(largest) * tolerance + 1e-6)
        }
    }
}
