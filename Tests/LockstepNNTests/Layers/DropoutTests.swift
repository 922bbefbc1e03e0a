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

    @Test("DropPath drops whole items, Dropout2d whole channels, and both scale the rest", arguments: [0.0, 0.3, 1.0])
    func parts(p: Double) {
        withSeed(1) {
            for (layer, parts) in [(DropPath(p) as any UnaryLayer, 400), (Dropout2d(p), 1200)] {
                let x = Tensor.ones([400, 3, 2, 2]).requiringGradient()
                let y = layer(x)
                let rows = y.detached.reshaped([parts, -1])
                #expect(rows.max(axis: 1).floats == rows.min(axis: 1).floats)
                let heads = rows[.all, 0].doubles
                #expect(heads.allSatisfy { $0 == 0 || abs($0 - 1 / (1 - p)) < 1e-6 })
                #expect(abs(Double(heads.count { $0 == 0 }) / Double(parts) - p) < 0.08)
                y.sum().backward()
                #expect(x.gradient?.floats == y.floats)
                layer.eval()
                #expect(layer(x).floats == x.floats)
            }
        }
    }

    @Test("what is dropped of an item does not depend on how the batch is shared out, or merged with another axis")
    func partsSharding() {
        let layers = Sequential {
            DropPath(0.5); Dropout2d(0.5)
        }
        func run(_ first: Int, _ count: Int, rows: Int = 1) -> [Float] {
            DropoutContext.current = DropoutContext(seed: 5, step: 3, firstItem: first, itemCount: count)
            return layers(Tensor.ones([count * rows, 5, 1, 2])).floats
        }
        withSeed(0) {
            let whole = run(0, 16)
            #expect(Set(whole) == [0, 4])
            #expect(run(0, 2) + run(2, 1) + run(3, 13) == whole)
            #expect(run(0, 2, rows: 3) + run(2, 14, rows: 3) == run(0, 16, rows: 3))
            DropoutContext.current = DropoutContext(seed: 5, itemCount: 4)
            let merged = DropPath(0.5)(Tensor.ones([4 * 3])).reshaped([4, 3])
            #expect(merged.max(axis: 1).floats == merged.min(axis: 1).floats)
            #expect(DropPath(0.5)(Tensor.zeros([0, 3])).shape == [0, 3])
        }
    }

    @Test("probabilities and shapes are checked")
    func partMistakes() async {
        let path = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = DropPath(-0.1) }
        expectTrap(path, says: "DropPath: a probability of -0.1 is not in 0...1", "DropoutTests.swift")
        let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Dropout2d(0.5)(.zeros([2, 3]))
        }
        expectTrap(channels, says: "Dropout2d(0.5): needs an input [N, C, H, W], not [2, 3]")
    }
}
