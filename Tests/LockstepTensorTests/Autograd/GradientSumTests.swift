// SPDX-License-Identifier: Apache-2.0
// Gradients that meet are added in place only where nobody else can see the memory.
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Gradient sums") struct GradientSumTests {
    @Test("a value used many times receives every contribution")
    func fanOut() {
        let x = Tensor([1, 2, 3]).requiringGradient()
        let y = x * 1.0
        (y.exp() * 0 + y + y * 2 + y * 3 + y.square()).sum().backward()
        #expect(x.gradient?.floats == [8, 10, 12])
    }

    @Test("a gradient that was handed out is not changed by the next backward")
    func handedOut() {
        let x = Tensor([1, 2]).requiringGradient()
        (x * 2).sum().backward()
        let first = x.gradient
        (x * 3).sum().backward()
        #expect(first?.floats == [2, 2])
        #expect(x.gradient?.floats == [5, 5])
    }

    @Test("a gradient that reaches two inputs stays intact in one while the other adds to it")
    func sharedGradient() {
        let (a, b) = (Tensor([1, 1]).requiringGradient(), Tensor([1, 1]).requiringGradient())
        let (p, q) = (a * 1.0, b * 1.0)
        let start = Tensor([1, 10])
        (p + q + p * 5).backward(gradient: start)
        #expect(a.gradient?.floats == [6, 60] && b.gradient?.floats == [1, 10] && start.floats == [1, 10])
    }

    @Test("views and repeated gradients are never written to")
    func views() {
        let x = Tensor([[1, 2], [3, 4]]).requiringGradient()
        let y = x * 1.0
        (y.sum() + (y.reshaped([4]) * Tensor([1, 2, 3, 4])).sum() + y.transposed().sum()).backward()
        #expect(x.gradient?.floats == [3, 4, 5, 6])
    }

    @Test("gradients that meet behind a rectifier pass it together, however many", arguments: [1, 15, 16, 17, 20_011])
    func rectified(_ count: Int) {
        for uses in 1...4 {
            for dtype in [DType.float32, .float64] {
                let x = sample([count], seed: 1, dtype: dtype).requiringGradient()
                let y = (x * 1.0).relu()
                var total = y * 1.0
                for factor in 1..<uses { total = total + y * Double(factor + 1) }
                total.sum().backward()
                let slope = Double(uses * (uses + 1) / 2)
                #expect(x.gradient?.doubles == x.doubles.map { $0 > 0 ? slope : 0 })
            }
        }
    }

    @Test("a rectifier leaves alone what somebody else holds: a given gradient, one of two branches, other layouts")
    func rectifiedCopies() {
        let (a, b) = (Tensor([1, -1]).requiringGradient(), Tensor([-1, 1]).requiringGradient())
        let start = Tensor([1, 10])
        (a.relu() + b.relu()).backward(gradient: start)
        #expect(a.gradient?.floats == [1, 0] && b.gradient?.floats == [0, 10] && start.floats == [1, 10])
        let x = Tensor([[1, -2], [3, 4]]).requiringGradient()
        let y = (x * 1.0).relu()
        (y.transposed() * Tensor([[1, 2], [3, 4]]) + y).sum().backward()
        #expect(x.gradient?.floats == [2, 0, 3, 5])
    }

    @Test("adding up takes no new memory in optimised builds, and little in any")
    func memory() {
        let x = Tensor.ones([100_000]).requiringGradient()
        let before = Memory.report.systemBytes
        let y = x * 1.0
        var total = y * 1.0
        for _ in 0..<20 { total = total + y.square() }
        total.sum().backward()
        #expect(Memory.report.systemBytes - before < 70 * 100_000 * 4)
        #expect(x.gradient?.floats[99_999] == 41)
    }
}
