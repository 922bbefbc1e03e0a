// SPDX-License-Identifier: Apache-2.0
// A linear map with offset, shortcut and activation in one pass equals the steps one after another.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("Fused linear maps") struct LinearFusionTests {
    /// Rows, inputs, outputs: nothing, one, primes, sizes around the tile of 12 × 32 and the inner block of 256.
    private static let sizes = [
        (0, 3, 2), (3, 0, 2), (1, 1, 1), (5, 7, 3), (15, 16, 17), (16, 16, 16), (17, 31, 33), (13, 257, 65),
        (97, 16, 31), (64, 300, 500), (300, 32, 48), (24, 512, 129), (600, 40, 16),
    ]
    private static let activations: [LinearActivation] = [.none, .relu, .gelu]

    private func plain(
        _ x: Tensor, _ w: Tensor, _ b: Tensor?, _ activation: LinearActivation, _ shortcut: Tensor?
    ) -> Tensor {
        var z = x.matmul(w.transposed(0, 1))
        if let b { z = z + b }
        if let shortcut { z = z + shortcut }
        return switch activation {
        case .none: z
        case .relu: z.relu()
        case .gelu: 0.5 * z * (1 + (z * 0.5.squareRoot()).erf())
        }
    }

    @Test("results are those of separate steps in float64, in both types", arguments: sizes.indices)
    func results(index: Int) {
        let (rows, inputs, outputs) = Self.sizes[index]
        let (x, w) = (sample([rows, inputs], seed: 1), sample([outputs, inputs], seed: 2))
        let (b, s) = (sample([outputs], seed: 3), sample([rows, outputs], seed: 4))
        for activation in Self.activations {
            for (bias, shortcut) in [(b, s), (b, nil), (nil, s), (nil, nil)] as [(Tensor?, Tensor?)] {
                let expected = plain(
                    x.to(.float64), w.to(.float64), bias?.to(.float64), activation, shortcut?.to(.float64))
                let double = x.to(.float64).linear(
                    w.to(.float64), bias?.to(.float64), then: activation, adding: shortcut?.to(.float64))
                expectClose(double, expected)
                let single = x.to(.float32).linear(
                    w.to(.float32), bias?.to(.float32), then: activation, adding: shortcut?.to(.float32))
                expectClose(single.to(.float64), expected, relative: 1e-5, absolute: 2e-5)
            }
        }
    }

    @Test("float32 gradients are those of float64, through gates that products apply", arguments: sizes.indices)
    func gradients(index: Int) {
        let (rows, inputs, outputs) = Self.sizes[index]
        let values = [
            sample([rows, inputs], seed: 1), sample([inputs, inputs], seed: 2), sample([outputs, inputs], seed: 3),
            sample([outputs], seed: 4), sample([rows, outputs], seed: 5),
        ]
        for activation in Self.activations {
            func run(_ dtype: DType, fused: Bool) -> [Tensor] {
                let leaves = values.map { $0.to(dtype).requiringGradient() }
                let (x, v, w, b, s) = (leaves[0], leaves[1], leaves[2], leaves[3], leaves[4])
                let y: Tensor
                if fused {
                    y = x.linear(v, then: activation).linear(w, b, adding: s)
                } else {
                    y = plain(plain(x, v, nil, activation, nil), w, b, .none, s)
                }
                (y * y).sum().backward()
                return leaves.map { $0.gradient?.to(.float64) ?? .zeros(like: $0) }
            }
            let expected = run(.float64, fused: false)
            for (fused, reference) in zip(run(.float64, fused: true), expected) { expectClose(fused, reference) }
            for (fused, reference) in zip(run(.float32, fused: true), expected) {
                let largest = reference.count == 0 ? 0 : reference.abs().max().item()
                expectClose(fused, reference, relative: 0, absolute: 2e-5 * (1 + largest))
            }
        }
    }

    @Test("numerical gradients of every operand", arguments: [LinearActivation.none, .relu, .gelu])
    func numerical(activation: LinearActivation) {
        let operands = [
            sample([2, 3, 5], seed: 1), sample([4, 5], seed: 2), sample([4], seed: 3), sample([2, 3, 4], seed: 4),
        ]
        checkGradients(of: { $0[0].linear($0[1], $0[2], then: activation, adding: $0[3]) }, at: operands)
    }

    @Test("a gate adds up what has passed and what has not") func mixedArrivals() {
        for activation in [LinearActivation.relu, .gelu] {
            let (x, w) = (sample([20, 17], seed: 1), sample([16, 17], seed: 2))
            checkGradients(
                of: { parts in
                    let h = parts[0].linear(parts[1], then: activation)
                    return h.linear(parts[2]) + h.sum(axis: 1, keepDims: true) + h.linear(parts[2]) * 2
                }, at: [x, w, sample([18, 16], seed: 3)])
        }
    }

    @Test("relu and gelu by themselves gate the product behind them, in every layout") func eager() {
        let (x, w) = (sample([18, 20], seed: 1), sample([19, 18], seed: 2))
        checkGradients(of: { $0[0].transposed(0, 1).relu().linear($0[1]) }, at: [x, w])
        checkGradients(of: { $0[0].transposed(0, 1).gelu().matmul($0[1].transposed(0, 1)) }, at: [x, w])
        checkGradients(of: { $0[0].gelu()[.all, .stride(by: 2)].gelu().sum() }, at: [x])
    }

    @Test("a kept graph gives the same gradient twice") func keptGraph() {
        let x = sample([17, 16]).to(.float32).requiringGradient()
        let y = x.linear(sample([18, 16], seed: 2).to(.float32), then: .gelu).linear(sample([16, 18]).to(.float32))
            .sum()
        y.backward(keepingGraph: true)
        let once = x.gradient?.contiguous().floats ?? []
        y.backward()
        expectClose(x.gradient ?? x, Tensor(once).reshaped([17, 16]) * 2)
    }

    @Test("NaN passes every activation; a rectifier keeps the sign of zero") func special() {
        let x = Tensor.full([16, 16], .nan)
        for activation in Self.activations {
            let values = x.linear(.ones([16, 16]), then: activation).floats
            #expect(values.allSatisfy { $0.isNaN })
        }
        let zeros = Tensor.zeros([16, 16]).linear(.ones([16, 16]), Tensor.full([16], -0.0), then: .relu)
        #expect(zeros.floats.allSatisfy { $0 == 0 })
    }

    @Test("gelu is within 4e-7 of the exact value, relative to 1 + |x|, with the derivative made beside it")
    func accuracy() {
        for count in [0, 1, 15, 16, 17, 31, 10_007] {
            let inputs = (0..<count).map { Float($0) / Float(Swift.max(count, 1)) * 26 - 13 }
            let x = Tensor(inputs).requiringGradient()
            let y = x.gelu()
            let exact = Tensor(inputs).to(.float64).requiringGradient()
            let reference = exact.gelu()
            if count > 0 {
                y.sum().backward()
                reference.sum().backward()
            }
            expectClose(y.detached.to(.float64), reference.detached, relative: 4e-7, absolute: 4e-7)
            if let a = x.gradient, let b = exact.gradient {
                expectClose(a.to(.float64), b, relative: 4e-7, absolute: 4e-7)
            }
            expectClose(y.detached, Tensor(inputs).gelu(), relative: 0, absolute: 0)
        }
    }
}
