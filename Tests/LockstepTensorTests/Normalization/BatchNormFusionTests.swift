// SPDX-License-Identifier: Apache-2.0
// Batch normalisation with a shortcut and a rectifier in its passes equals the steps one after another, bit for bit.
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Fused batch norm") struct BatchNormFusionTests {
    /// Few channels share vectors, many are their own period; values around the vector and the period of 64.
    private static let shapes: [[Int]] = [
        [2, 1], [3, 1, 4], [5, 3, 7], [2, 15, 3, 3], [4, 16, 5, 5], [2, 17, 13], [3, 64, 2], [2, 257, 3],
        [2, 3, 2, 3, 2],
    ]

    private struct Operands {
        let x, weight, bias, shortcut, gradient: Tensor

        init(_ shape: [Int]) {
            let channels = shape[1]
            x = sample(Shape(shape), seed: 1)
            weight = sample([channels], seed: 2)
            bias = sample([channels], seed: 3)
            shortcut = sample(Shape(shape), seed: 4)
            gradient = sample(Shape(shape), seed: 5)
        }
    }

    private func run(
        _ operands: Operands, _ dtype: DType, adds: Bool, _ operation: (_ x: [Tensor], _ shortcut: Tensor?) -> Tensor
    ) -> [[Double]] {
        let leaves = [operands.x, operands.weight, operands.bias].map { $0.to(dtype).requiringGradient() }
        let shortcut = adds ? operands.shortcut.to(dtype).requiringGradient() : nil
        let y = operation(leaves, shortcut)
        y.backward(gradient: operands.gradient.to(dtype))
        return ([y.detached] + (leaves + [shortcut].compactMap { $0 }).map { $0.gradient ?? .zeros([0]) }).map(
            \.doubles)
    }

    @Test("training: output and every gradient have the bits of separate steps", arguments: shapes)
    func training(_ shape: [Int]) {
        let operands = Operands(shape)
        for (dtype, adds) in [(DType.float32, false), (.float32, true), (.float64, false), (.float64, true)] {
            let steps = run(operands, dtype, adds: adds) { x, shortcut in
                let y = x[0].batchNorm(weight: x[1], bias: x[2]).output
                return (shortcut.map { y + $0 } ?? y).relu()
            }
            let fused = run(operands, dtype, adds: adds) { x, shortcut in
                x[0].batchNorm(weight: x[1], bias: x[2], then: .relu, adding: shortcut).output
            }
            #expect(fused == steps && fused.count == (adds ? 5 : 4))
            let sum = run(operands, dtype, adds: adds) { x, shortcut in
                x[0].batchNorm(weight: x[1], bias: x[2], adding: shortcut).output
            }
            #expect(sum[0].contains { $0 < 0 } && !fused[0].contains { $0 < 0 })
        }
    }

    @Test("inference: output and every gradient have the bits of separate steps", arguments: shapes)
    func inference(_ shape: [Int]) {
        let operands = Operands(shape)
        let (mean, variance) = (sample([shape[1]], seed: 6), sample([shape[1]], seed: 7, in: 0.5..<2))
        for adds in [false, true] {
            let steps = run(operands, .float32, adds: adds) { x, shortcut in
                let y = x[0].batchNorm(mean: mean, variance: variance, weight: x[1], bias: x[2])
                return (shortcut.map { y + $0 } ?? y).relu()
            }
            let fused = run(operands, .float32, adds: adds) { x, shortcut in
                x[0].batchNorm(
                    mean: mean, variance: variance, weight: x[1], bias: x[2], then: .relu, adding: shortcut)
            }
            #expect(fused == steps)
        }
    }

    @Test("gradients agree with central differences", arguments: [LinearActivation.none, .relu, .gelu])
    func centralDifferences(_ activation: LinearActivation) {
        let operands = Operands([3, 2, 4])
        let parts = [operands.x, operands.weight, operands.bias, operands.shortcut]
        checkGradients(
            of: { $0[0].batchNorm(weight: $0[1], bias: $0[2], then: activation, adding: $0[3]).output }, at: parts)
        checkGradients(of: { $0[0].batchNorm(weight: $0[1], then: activation).output }, at: parts)
        let (mean, variance) = (
            sample([2], seed: 6, dtype: .float64), sample([2], seed: 7, in: 0.5..<2, dtype: .float64)
        )
        checkGradients(
            of: { $0[0].batchNorm(mean: mean, variance: variance, bias: $0[2], then: activation, adding: $0[3]) },
            at: parts)
    }

    @Test("a shortcut in any layout, and NaN passing the rectifier") func layoutsAndNaN() {
        let operands = Operands([4, 3, 5, 2])
        let turned = operands.shortcut.transposed(2, 3).contiguous().transposed(2, 3)
        let expected = operands.x.batchNorm(then: .relu, adding: operands.shortcut).output
        #expect(operands.x.batchNorm(then: .relu, adding: turned).output.floats == expected.floats)
        #expect(
            operands.x.batchNorm(then: .relu, adding: operands.shortcut.channelsLast()).output.floats == expected.floats
        )
        let holes = operands.x.batchNorm(then: .relu, adding: .full(operands.x.shape, .nan)).output
        #expect(holes.floats.allSatisfy { $0.isNaN })
    }

    @Test("a shortcut of another shape is refused") func wrongShortcut() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([4, 3]).batchNorm(adding: .zeros([3]))
        }
        expectTrap(
            result, says: "batchNorm: a shortcut of shape [3] for a result of shape [4, 3]",
            "BatchNormFusionTests.swift")
    }
}
