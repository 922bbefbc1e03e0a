// SPDX-License-Identifier: Apache-2.0
// The graph itself: accumulation, reuse, depth and release.
import LockstepTensor
import Testing

@Suite("Backward") struct BackwardTests {
    @Test("gradients of a broadcast product are summed over the repeats")
    func broadcastProduct() {
        let a = Tensor([[1, 2, 3], [4, 5, 6]]).requiringGradient()
        let b = Tensor([10, 20, 30]).requiringGradient()
        (a * b + 1).sum().backward()
        #expect(a.gradient?.floats == [10, 20, 30, 10, 20, 30])
        #expect(b.gradient?.floats == [5, 7, 9])
    }

    @Test("a value used twice receives both contributions")
    func usedTwice() {
        let x = Tensor([3]).requiringGradient()
        let y = x * x + x
        (y * y).sum().backward()
        #expect(x.gradient?.floats == [2 * 12 * 7])
    }

    @Test("nothing is recorded inside withNoGrad")
    func noGrad() {
        let x = Tensor([1]).requiringGradient()
        #expect(withNoGrad { (x * 2).requiresGradient } == false)
        #expect((x * 2).requiresGradient)
    }

    @Test("a parameter accumulates into a place it was given")
    func place() {
        let p = Parameter(wrappedValue: Tensor([1, 2]))
        let arena = Tensor.full([4], 7)
        p.leaf.move(to: arena.view([2], strides: [1], offset: 1))
        (p.wrappedValue * 3).sum().backward()
        #expect(arena.floats == [7, 3, 3, 7])
        (p.wrappedValue * 3).sum().backward()
        #expect(arena.floats == [7, 6, 6, 7])
        p.leaf.reset()
        #expect(p.gradient == nil)
        (p.wrappedValue * 2).sum().backward()
        #expect(p.gradient?.floats == [2, 2])
    }

    @Test("a chain of 200,000 operations runs backward and is released without recursion")
    func deepChain() {
        let x = Tensor([1]).requiringGradient()
        var y = x
        for _ in 0..<200_000 { y = y + 1.0 }
        y.sum().backward()
        #expect(x.gradient?.floats == [1])
        var dropped = x
        for _ in 0..<200_000 { dropped = dropped + 1.0 }
        _ = dropped
    }

    @Test("storages are given back when a graph is dropped")
    func noLeak() {
        let before = Memory.report.liveBlocks
        do {
            let x = Tensor.ones([100]).requiringGradient()
            (x * x).sum().backward()
            _ = (x * 3).sum()
        }
        #expect(Memory.report.liveBlocks == before)
    }
}
