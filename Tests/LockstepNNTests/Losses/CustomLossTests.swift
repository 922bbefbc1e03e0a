// SPDX-License-Identifier: Apache-2.0
// Functions as losses, and losses of a user's own.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private struct Hinge: LossFunction {
    var reduction = Reduction.mean
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        reduction.apply(to: (1 - prediction * target).relu())
    }
}

@Suite("Losses of your own") struct CustomLossTests {
    let x = Tensor([1, 2]), y = Tensor([0, 0])

    @Test("a function that returns every loss serves all reductions")
    func elementwise() {
        var loss: any LossFunction = .custom("square") { ($0 - $1) * ($0 - $1) }
        #expect(loss(x, y).item() == 2.5)
        loss.reduction = .sum
        #expect(loss(x, y).item() == 5)
        #expect(loss.perItem(x, y).floats == [1, 4])
        #expect(loss.name == "square")
    }

    @Test("a function that takes the reduction serves all of them too")
    func reducing() {
        let loss: any LossFunction = .custom("mse") { mseLoss($0, $1, reduction: $2) }
        #expect(loss(x, y).item() == 2.5)
        #expect(loss.perItem(x, y).floats == [1, 4])
    }

    @Test("a function that returns a scalar is asked for nothing else")
    func scalar() async {
        let loss: any LossFunction = .custom("total") { _, _ in Tensor(3) }
        #expect(loss(x, y).item() == 3)
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let loss: any LossFunction = .custom("total") { _, _ in Tensor(3) }
            _ = loss.perItem(Tensor([1]), Tensor([1]))
        }
        expectTrap(result, says: "total: reduction none is wanted of a loss function that returns a scalar")
    }

    @Test("a loss of your own needs a call and a reduction")
    func own() {
        let loss: any LossFunction = Hinge()
        #expect(loss(Tensor([0.5, 2]), Tensor([1, 1])).item() == 0.25)
        #expect(loss.name == "Hinge")
        #expect(loss.activation(x).floats == x.floats)
        #expect(loss.perItem(Tensor([[0, 2]]), Tensor([[1, 1]])).floats == [0.5])
    }
}
