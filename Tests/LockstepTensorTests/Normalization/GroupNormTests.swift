// SPDX-License-Identifier: Apache-2.0
// Group and instance normalisation: PyTorch's values and central differences.
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Group norm") struct GroupNormTests {
    @Test("PyTorch's values and gradients")
    func reference() throws {
        let data = try Reference.load("functional")
        try data.check("groupNorm.2", "x", "weight", "bias") { $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2]) }
        try data.check("groupNorm.3.of2d", "x", "weight", "bias", relative: 1e-4, absolute: 1e-5) {
            $0[0].groupNorm(groups: 3, weight: $0[1], bias: $0[2])
        }
        try data.check("instanceNorm", "x") { $0[0].instanceNorm() }
        try data.check("instanceNorm.affine", "x", "weight", "bias") { $0[0].instanceNorm(weight: $0[1], bias: $0[2]) }
    }

    @Test(
        "gradients agree with central differences", arguments: [[2, 6, 3], [1, 6, 2, 2], [3, 6], [2, 6, 2, 1, 2]])
    func centralDifferences(_ shape: [Int]) {
        let (x, w, b) = (sample(Shape(shape), seed: 1), sample([6], seed: 2), sample([6], seed: 3))
        for groups in [1, 2, 3] {
            checkGradients(of: { $0[0].groupNorm(groups: groups, weight: $0[1], bias: $0[2]) }, at: [x, w, b])
        }
        if shape.count > 2 { checkGradients(of: { $0.instanceNorm() }, at: x) }
    }

    @Test("one group over channels-first memory is layer norm without its parameters")
    func oneGroup() {
        let x = sample([3, 5, 7], seed: 1)
        expectClose(x.groupNorm(groups: 1), x.layerNorm(normalizedShape: [5, 7]))
    }

    @Test("an empty batch stays empty; groups that do not divide the channels are refused")
    func sizes() async {
        #expect(Tensor.zeros([0, 6, 3]).groupNorm(groups: 3).shape == [0, 6, 3])
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 6, 3]).groupNorm(groups: 4)
        }
        expectTrap(result, says: "groupNorm: 6 channels do not divide into 4 groups: [2, 6, 3]", "GroupNormTests.swift")
    }
}
