// SPDX-License-Identifier: Apache-2.0
// Layer normalisation: PyTorch's values and central differences.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Layer norm") struct LayerNormTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        try data.check("layerNorm", "x", "weight", "bias") {
            $0[0].layerNorm(normalizedShape: [5], weight: $0[1], bias: $0[2])
        }
        try data.check("layerNorm.wide", "x", "weight", "bias") {
            $0[0].layerNorm(normalizedShape: [33], weight: $0[1], bias: $0[2])
        }
        try data.check("layerNorm.2axes", "x", "weight", "bias") {
            $0[0].layerNorm(normalizedShape: [3, 5], weight: $0[1], bias: $0[2])
        }
        try data.check("layerNorm.plain", "x") { $0[0].layerNorm(normalizedShape: [3, 5]) }
    }

    @Test("gradients agree with central differences", arguments: [2, 15, 16, 17, 33])
    func centralDifferences(_ width: Int) {
        let (x, w, b) = (sample([3, width], seed: 1), sample([width], seed: 2), sample([width], seed: 3))
        checkGradients(of: { $0[0].layerNorm(normalizedShape: [width], weight: $0[1], bias: $0[2]) }, at: [x, w, b])
        checkGradients(of: { $0[0].layerNorm(normalizedShape: [width], weight: $0[1]) }, at: [x, w])
        checkGradients(of: { $0.layerNorm(normalizedShape: [width]) }, at: x)
    }

    @Test("gradients of weight and bias add into the memory parameters were given")
    func accumulation() {
        let (w, b) = (Parameter(wrappedValue: sample([4], seed: 2)), Parameter(wrappedValue: sample([4], seed: 3)))
        let arena = Tensor.full([8], 7)
        w.leaf.move(to: arena.view([4], strides: [1]))
        b.leaf.move(to: arena.view([4], strides: [1], offset: 4))
        let x = sample([3, 4], seed: 1)
        let (lw, lb) = (w.value.requiringGradient(), b.value.requiringGradient())
        x.layerNorm(normalizedShape: [4], weight: lw, bias: lb).sum().backward()
        for step in 1...2 {
            x.layerNorm(normalizedShape: [4], weight: w.wrappedValue, bias: b.wrappedValue).sum().backward()
            if let expected = lw.gradient, let sum = lb.gradient {
                expectClose(arena, (expected * Double(step)).doubles + (sum * Double(step)).doubles)
            }
        }
    }

    @Test("no rows, no result; wrong axes are refused")
    func sizes() async {
        #expect(Tensor.zeros([0, 5]).layerNorm(normalizedShape: [5]).shape == [0, 5])
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).layerNorm(normalizedShape: [2])
        }
        expectTrap(result, says: "layerNorm: [2] are not the last axes of float32 [2, 3]", "LayerNormTests.swift")
    }
}

@Suite("Layer norm beside a shortcut") struct LayerNormShortcutTests {
    @Test("its gradient is added to what has arrived", arguments: [1, 7, 15, 16, 17, 33])
    func shortcut(width: Int) {
        let (x, w, b) = (sample([5, width]), sample([width], seed: 1), sample([width], seed: 2))
        checkGradients(
            of: { operands in
                let h = operands[0] * 2
                return h + h.layerNorm(normalizedShape: [width], weight: operands[1], bias: operands[2]).sin()
            }, at: [x, w, b])
        checkGradients(
            of: { ($0 * 2).transposed(0, 1).exp() + ($0 * 3).layerNorm(normalizedShape: [width]).transposed(0, 1) },
            at: x)
    }

    @Test("float32 and float64 agree, with and without a gradient there already") func types() {
        func gradient(_ dtype: DType, shortcut: Bool) -> Tensor {
            let x = sample([37, 67], dtype: dtype).requiringGradient()
            let h = x * 1.5
            let y = (h.layerNorm(normalizedShape: [67]) * sample([37, 67], seed: 3, dtype: dtype)).sum()
            (shortcut ? y + (h * h).sum() : y).backward()
            return x.gradient?.to(.float64) ?? .zeros([1])
        }
        for shortcut in [false, true] {
            expectClose(
                gradient(.float32, shortcut: shortcut), gradient(.float64, shortcut: shortcut), relative: 1e-4,
                absolute: 1e-5)
        }
    }
}
