// SPDX-License-Identifier: Apache-2.0
// Calling a model whose type is not known, functions inside of a loss, parameters drawn from the default generator.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

private final class Product: Module {
    @Parameter var scale = Tensor.normal([3])
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs.dropFirst().reduce(inputs[0] * scale, *)] }
}

private final class Halves: Module {
    override func forward(_ inputs: [Tensor]) -> [Tensor] { inputs[0].chunks(2, axis: 1) }
}

/// Its own way of being called takes an optional mask.
private final class Masked: Module {
    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 100] }
    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor { mask.map { x * $0 } ?? x }
}

@Suite("Calling a module") struct CallingTests {
    @Test("a module of any type is called with its inputs") func calls() {
        let x = sample([2, 3])
        let layer = Linear(3, 4)
        let model: Module = layer
        #expect(model(x).floats == layer(x).floats)
        let product = Product()
        #expect(product(x, x).floats == (x * product.scale * x).floats)
        #expect((product as Module)(x).floats == (x * product.scale).floats)
    }

    @Test("a way of being called that the type declares itself comes first, with optional arguments, too") func own() {
        let (x, mask) = (sample([2, 3]), Tensor.full([2, 3], 0.5))
        #expect(Masked()(x, mask).floats == (x * 0.5).floats && Masked()(x, nil).floats == x.floats)
    }

    @Test("several outputs are not one") func several() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Halves()(Tensor.ones([2, 4]))
        }
        expectTrap(result, says: "Halves: it has 2 outputs; forward([x]) gives all of them")
    }

    @Test("parameters drawn without a generator follow the seed, and leave the layers' weights alone") func seeds() {
        func made(_ seed: UInt64, drawsFirst: Bool = false) -> [[Float]] {
            setSeed(seed)
            let first = drawsFirst ? Tensor.normal([100]).floats : []
            let layer = Linear(3, 2).weight.floats
            return [Product().scale.floats, layer] + (first.isEmpty ? [] : [first])
        }
        #expect(made(1) == made(1) && made(1)[0] != made(2)[0])
        #expect(made(1, drawsFirst: true)[1] == made(1)[1])
        #expect(made(1, drawsFirst: true)[0] != made(1)[0])
    }

    @Test("a loss of one's own finds the functions behind the short spellings") func losses() {
        struct Own: LossFunction {
            var reduction = Reduction.mean
            func callAsFunction(_ p: Tensor, _ t: Tensor) -> Tensor {
                crossEntropy(p, t, reduction: reduction) + bceWithLogits(p, t.oneHot(classes: 3).to(.float32))
            }
        }
        let (p, t) = (sample([4, 3]), Tensor([0, 1, 2, 1] as [Int]))
        let expected =
            LockstepTensor.crossEntropy(p, t) + LockstepTensor.bceWithLogits(p, t.oneHot(classes: 3).to(.float32))
        #expect(Own()(p, t).item() == expected.item())
    }

    @Test("dropout as a function drops what the layer drops, by the item's place in the batch") func dropout() {
        let x = sample([6, 5])
        func dropped(firstItem: Int, _ rows: Range<Int>, _ drop: (Tensor) -> Tensor) -> [Float] {
            DropoutContext.current = DropoutContext(seed: 4, step: 2, firstItem: firstItem, itemCount: rows.count)
            return drop(x[rows]).floats
        }
        let layer = Dropout(0.4)
        let whole = dropped(firstItem: 0, 0..<6) { $0.dropout(0.4) }
        #expect(whole == dropped(firstItem: 0, 0..<6) { layer($0) })
        #expect(whole.contains(0) && !whole.allSatisfy { $0 == 0 })
        let parts = dropped(firstItem: 0, 0..<2) { $0.dropout(0.4) } + dropped(firstItem: 2, 2..<6) { $0.dropout(0.4) }
        #expect(parts == whole)
        #expect(x.dropout(0).floats == x.floats)
    }
}
