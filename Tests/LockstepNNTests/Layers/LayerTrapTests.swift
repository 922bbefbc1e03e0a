// SPDX-License-Identifier: Apache-2.0
// The sentences with which layers stop on inputs that do not fit.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private final class TwoInputs: Module {}

@Suite("What layers say about mistakes") struct LayerTrapTests {
    @Test("a linear layer names itself and the input's shape")
    func linear() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Linear(784, 10)(Tensor.zeros([64, 100]))
        }
        expectTrap(result, says: "Linear(784, 10): an input of shape [64, 100] does not end in 784")
    }

    @Test("a convolution says what it needs")
    func convolution() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Conv2d(1, 8, kernelSize: 3)(Tensor.zeros([64, 3, 28, 28]))
        }
        expectTrap(result, says: "Conv2d(1, 8, kernelSize: 3): needs an input [N, 1, H, W], not [64, 3, 28, 28]")
    }

    @Test("a residual block names the shapes that cannot be added")
    func residual() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Residual { Linear(4, 3) }(Tensor.zeros([2, 4]))
        }
        expectTrap(result, says: "Residual", "[2, 3]", "[2, 4]")
    }

    @Test("a model without forward, or with too many inputs, says what to override")
    func forward() async {
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = TwoInputs().forward([Tensor([1])])
        }
        expectTrap(none, says: "TwoInputs: override forward(_:) or conform to UnaryLayer")
        let many = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Linear(1, 1).forward([Tensor([[1]]), Tensor([[2]])])
        }
        expectTrap(many, says: "Linear: a UnaryLayer takes one input, this batch has 2", "[1, 1]")
    }

    @Test("sizes are checked where the layer is made, with the caller's line")
    func makers() async {
        let dropout = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Dropout(1.5)
        }
        expectTrap(dropout, says: "Dropout: a probability of 1.5 is not in 0...1", "LayerTrapTests.swift")
        let groups = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Conv2d(3, 8, kernelSize: 3, groups: 2)
        }
        expectTrap(groups, says: "Conv2d(3, 8): 2 groups do not divide the channels", "LayerTrapTests.swift")
    }
}
