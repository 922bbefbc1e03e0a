// SPDX-License-Identifier: Apache-2.0
// Rounding to 16 bits, and the products that mixed precision rounds.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("Autocast")
struct AutocastTests {
    @Test("half precision rounds as the processor does, at every edge", arguments: [0, 1, 7, 16, 17, 33])
    func half(_ count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var values: [Float] = [
            0, -0.0, 1, 65504, 65519.996, 65520, 1e30, -1e30, .infinity, -.infinity, 6.1035156e-5, 6.1e-5, 5.9604645e-8,
            2.9802322e-8, 2.9802326e-8, 1e-10, -3e-8, 1.00048828125, 1.0014648, 2049, 2051, -2049, 0.333333,
        ]
        values += (0..<count).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
        let rounded = Tensor(values).rounded(to: .half).floats
        for (x, y) in zip(values, rounded) {
            let expected = Float(Float16(x))
            #expect(
                y == expected && y.sign == expected.sign || y.isNaN && expected.isNaN, "\(x): \(y), not \(expected)")
        }
    }

    @Test("bfloat16 rounds as the storage type does")
    func bfloat16() {
        var random = SplitMix64(seed: 1)
        let values = (0..<1000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
        let (a, b) = (Tensor(values).rounded(to: .bfloat16).floats, Tensor(values).to(.bfloat16).floats)
        #expect(zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
    }

    @Test("rounding keeps shapes and memory orders, and lets rounded gradients through")
    func layouts() {
        let x = sample([2, 3, 4, 5])
        for layout in Layout.allCases {
            expectClose(x.laidOut(layout).rounded(to: .half), x.rounded(to: .half), relative: 0, absolute: 0)
        }
        let leaf = Tensor([1.0001, 2]).requiringGradient()
        (leaf.rounded(to: .half) * Tensor([1.0001, 3])).sum().backward()
        #expect(leaf.gradient?.floats == [1, 3])
    }

    @Test(
        "products round operands and results, other operations nothing", arguments: [ReducedPrecision.half, .bfloat16])
    func products(_ precision: ReducedPrecision) {
        func r(_ x: Tensor) -> Tensor { x.rounded(to: precision) }
        func exactly(_ a: Tensor, _ b: Tensor, _ what: Comment) { #expect(a.floats == b.floats, what) }
        let (x, w, b) = (sample([4, 6]), sample([3, 6], seed: 2), sample([3], seed: 3))
        let (image, kernel) = (sample([2, 3, 6, 6], seed: 4), sample([4, 3, 3, 3], seed: 5))
        let (sequence, filter) = (sample([2, 3, 8], seed: 6), sample([5, 3, 3], seed: 7))
        let (q, k, v) = (sample([2, 4, 8], seed: 8), sample([2, 5, 8], seed: 9), sample([2, 5, 8], seed: 10))
        withAutocast(precision) {
            let results = (
                x.linear(w, b), x.matmul(w.transposed()), image.conv2d(kernel), sequence.conv1d(filter),
                image.convTranspose2d(kernel.transposed(0, 1)), Tensor.scaledDotProductAttention(q, k, v),
                q.matmul(k.transposed(-1, -2)), x * x + x
            )
            withAutocast(nil) {
                exactly(results.0, r(r(x).linear(r(w), r(b))), "linear")
                exactly(results.1, r(r(x).matmul(r(w).transposed())), "matmul")
                exactly(results.2, r(r(image).conv2d(r(kernel))), "conv2d")
                exactly(results.3, r(r(sequence).conv1d(r(filter))), "conv1d")
                exactly(results.4, r(r(image).convTranspose2d(r(kernel).transposed(0, 1))), "convTranspose2d")
                exactly(results.5, r(Tensor.scaledDotProductAttention(r(q), r(k), r(v))), "attention")
                exactly(results.6, r(r(q).matmul(r(k).transposed(-1, -2))), "batched matmul")
                exactly(results.7, x * x + x, "arithmetic")
            }
        }
        exactly(x.linear(w, b), withAutocast(nil) { x.linear(w, b) }, "off outside of the scope")
    }

    @Test("recurrent layers round operands and results")
    func recurrent() {
        let (x, wi, wh) = (sample([2, 3, 4]), sample([20, 4], seed: 2), sample([20, 5], seed: 3))
        func r(_ x: Tensor) -> Tensor { x.rounded(to: .half) }
        let mixed = withAutocast(.half) { x.lstm(inputWeight: wi, hiddenWeight: wh).output }
        #expect(mixed.floats == r(r(x).lstm(inputWeight: r(wi), hiddenWeight: r(wh)).output).floats)
        let gru = withAutocast(.half) { x.gru(inputWeight: wi[0..<15], hiddenWeight: wh[0..<15]).output }
        #expect(gru.floats == r(r(x).gru(inputWeight: r(wi[0..<15]), hiddenWeight: r(wh[0..<15])).output).floats)
    }

    @Test("gradients of a product are those of rounded operands, and overflow in half precision")
    func gradients() {
        let x = sample([4, 6])
        let weight = Parameter(wrappedValue: sample([3, 6], seed: 2))
        withAutocast(.half) { x.linear(weight.wrappedValue).sum() }.backward()
        let expected = x.rounded(to: .half).sum(axis: 0).rounded(to: .half)
        for row in 0..<3 { #expect(weight.gradient?[row].floats == expected.floats) }
        weight.gradient = nil
        (withAutocast(.half) { x.linear(weight.wrappedValue).sum() } * 1e6).backward()
        #expect(weight.gradient?.isFinite().bools.contains(false) == true)
    }
}
