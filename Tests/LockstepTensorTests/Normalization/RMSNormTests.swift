// SPDX-License-Identifier: Apache-2.0
// Normalisation by the root mean square: PyTorch's values and central differences.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("RMS norm") struct RMSNormTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        try data.check("rmsNorm", "x", "weight") {
            $0[0].rmsNorm(normalizedShape: [5], weight: $0[1], epsilon: 1e-6)
        }
        try data.check("rmsNorm.wide", "x", "weight") { $0[0].rmsNorm(normalizedShape: [33], weight: $0[1]) }
        try data.check("rmsNorm.plain", "x") { $0[0].rmsNorm(normalizedShape: [3, 5]) }
    }

    @Test("gradients agree with central differences", arguments: [1, 2, 15, 16, 17, 33])
    func centralDifferences(_ width: Int) {
        let (x, w) = (sample([3, width], seed: 1), sample([width], seed: 2))
        checkGradients(of: { $0[0].rmsNorm(normalizedShape: [width], weight: $0[1], epsilon: 0.1) }, at: [x, w])
        checkGradients(of: { $0.rmsNorm(normalizedShape: [width], epsilon: 0.1) }, at: x)
        let rows = sample([70, width], seed: 1)  // more than a block of the weight's sum
        checkGradients(of: { rows.to(.float64).rmsNorm(normalizedShape: [width], weight: $0) }, at: w)
    }

    @Test("a row of one magnitude becomes its signs; no rows, no result")
    func sizes() {
        expectClose(Tensor([[3, -3, 3]]).rmsNorm(normalizedShape: [3]), [1, -1, 1])
        #expect(Tensor.zeros([0, 3]).rmsNorm(normalizedShape: [3]).shape == [0, 3])
        #expect(Tensor.zeros([2, 3]).rmsNorm(normalizedShape: [3]).floats == [Float](repeating: 0, count: 6))
    }

    @Test("wrong axes and weights are refused")
    func mistakes() async {
        let axes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).rmsNorm(normalizedShape: [2])
        }
        expectTrap(axes, says: "rmsNorm: [2] are not the last axes of float32 [2, 3]")
        let weight = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).rmsNorm(normalizedShape: [3], weight: .ones([2]))
        }
        expectTrap(weight, says: "rmsNorm: the weight has shape [2], not [3]: input [2, 3]")
    }
}
