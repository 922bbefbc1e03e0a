// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions: PyTorch's values, the adjoint property, central differences.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Transposed convolution") struct ConvolutionTransposedTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        let options: [(String, Pair, Pair, Pair, Pair, Int)] = [
            ("plain", 1, 0, 0, 1, 1), ("strided", 2, 1, 0, 1, 1), ("outputPadding", 2, 1, 1, 1, 1),
            ("dilated", 1, 1, 0, 2, 1),
            ("grouped", 2, 0, 0, 1, 2), ("asymmetric", [1, 3], [0, 1], [0, 2], 1, 1),
        ]
        for (name, stride, padding, outputPadding, dilation, groups) in options {
            try data.check("convTranspose2d." + name, "x", "weight", "bias") {
                $0[0].convTranspose2d(
                    $0[1], bias: $0[2], stride: stride, padding: padding, outputPadding: outputPadding,
                    dilation: dilation,
                    groups: groups)
            }
        }
    }

    @Test("gradients agree with central differences")
    func centralDifferences() {
        checkGradients(
            of: {
                $0[0].convTranspose2d(
                    $0[1], bias: $0[2], stride: [2, 3], padding: 1, outputPadding: [1, 2], groups: 2)
            },
            at: [sample([2, 4, 3, 2], seed: 1), sample([4, 3, 3, 3], seed: 2), sample([6], seed: 3)])
        checkGradients(
            of: { $0[0].convTranspose2d($0[1], padding: 1, dilation: 2) },
            at: [sample([1, 2, 3, 4], seed: 1), sample([2, 3, 3, 2], seed: 2)])
    }

    @Test("it is the adjoint of the convolution: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩")
    func adjoint() {
        let (x, w) = (sample([2, 4, 7, 7], seed: 1, dtype: .float64), sample([6, 2, 3, 3], seed: 2, dtype: .float64))
        let y = x.conv2d(w, stride: 2, padding: 1, groups: 2)
        let other = sample(y.shape, seed: 3, dtype: .float64)
        let back = other.convTranspose2d(w, stride: 2, padding: 1, groups: 2)
        #expect(back.shape == x.shape)
        expectClose((y * other).sum(), (x * back).sum())
    }

    @Test("an output padding as large as stride and dilation is refused")
    func outputPadding() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1, 2, 3, 3]).convTranspose2d(Tensor.zeros([2, 2, 3, 3]), stride: 2, outputPadding: 2)
        }
        expectTrap(result, says: "convTranspose2d: output padding 2", "ConvolutionTransposedTests.swift")
    }
}
