// SPDX-License-Identifier: Apache-2.0
// Dropout: share and scale, and masks that belong to the item and not to the rank.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Dropout") struct DropoutTests {
    @Test("zeroes a share p, scales the rest, and does nothing in evaluation", arguments: [0.0, 0.3, 1.0])
    func share(p: Double) {
        withSeed(1) {
            let layer = Dropout(p)
            let x = Tensor.ones([50, 40])
            let y = layer(x).doubles
            let zeros = Double(y.count { $0 == 0 }) / Double(y.count)
            #expect(abs(zeros - p) < 0.05)
            #expect(y.allSatisfy { $0 == 0 || abs($0 - 1 / (1 - p)) < 1e-6 })
            layer.eval()
            #expect(layer(x).floats == x.floats)
        }
    }

    @Test("the gradient passes where values passed", arguments: [4, 5])
    func gradient(width: Int) {
        withSeed(1) {
            let x = Tensor.ones([3, width]).requiringGradient()
            let y = Dropout(0.5)(x)
            y.sum().backward()
            #expect(x.gradient?.floats == y.floats)
        }
    }

    @Test("an item's mask does not depend on how the batch is shared out", arguments: [1, 3, 4, 8])
    func sharding(width: Int) {
        let layers = Sequential {
            Dropout(0.5); Dropout(0.5)
        }
        func run(_ first: Int, _ count: Int, step: Int) -> [Float] {
            DropoutContext.current = DropoutContext(seed: 5, step: step, firstItem: first, itemCount: count)
            return layers(Tensor.ones([count, width])).floats
        }
        withSeed(0) {
            let whole = run(0, 16, step: 3)
            #expect(run(0, 2, step: 3) + run(2, 1, step: 3) + run(3, 13, step: 3) == whole)
            #expect(run(0, 16, step: 4) != whole)
        }
    }

    @Test("rows that were merged with another axis belong to their item")
    func merged() {
        withSeed(0) {
            let layer = Dropout(0.5)
            DropoutContext.current = DropoutContext(seed: 1, itemCount: 4)
            let whole = layer(Tensor.ones([4 * 3, 5])).floats
            DropoutContext.current = DropoutContext(seed: 1, firstItem: 2, itemCount: 2)
            let part = layer(Tensor.ones([2 * 3, 5])).floats
            #expect(Array(whole[(2 * 3 * 5)...]) == part)
        }
    }

    @Test("the memory layout does not tie an item's mask to its neighbours", arguments: Layout.allCases)
    func layouts(layout: Layout) {
        withSeed(0) {
            let layer = Dropout(0.5)
            DropoutContext.current = DropoutContext(seed: 1)
            let alone = layer(Tensor.ones([1, 2, 4]).laidOut(layout)).floats
            DropoutContext.current = DropoutContext(seed: 1)
            let together = layer(Tensor.ones([3, 2, 4]).laidOut(layout)).floats
            #expect(alone == Array(together[0..<8]))
        }
    }
}
