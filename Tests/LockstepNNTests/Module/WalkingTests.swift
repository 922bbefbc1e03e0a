// SPDX-License-Identifier: Apache-2.0
// Finding parameters, buffers and parts: order, names, sharing.

import LockstepTensor
import Testing

@testable import LockstepNN

private class Base: Module {
    @Parameter var first = Tensor.zeros([2])
}

private final class Everything: Base {
    @Buffer("running_mean") var runningMean = Tensor.zeros([3])
    @Parameter("weight_ih_l0") var weight = Tensor.zeros([4])
    let single = Leaf()
    let maybe: Leaf? = Leaf()
    let nothing: Leaf? = nil
    let list: [Leaf] = [Leaf(), Leaf()]
    let mixed: [any UnaryLayer] = [Identity(), Leaf()]
    let loose: [Parameter] = [
        Parameter(wrappedValue: Tensor.zeros([1])), Parameter(wrappedValue: Tensor.zeros([1]), "named"),
    ]
    let byName = ["b": Leaf(), "a": Leaf()]
    @Submodule("out_proj") var projection = Leaf()
    @Submodule("") var inlined: [Leaf] = [Leaf()]
    lazy var late = Leaf()
    let table: [Float] = [1, 2, 3]
    @Parameter var last = Tensor.zeros([5])
}

private final class Leaf: Module, UnaryLayer {
    @Parameter var w = Tensor.zeros([1])
    func callAsFunction(_ x: Tensor) -> Tensor { observed(x * w) }
}

private final class Pair: Module {
    let a: Leaf
    let b: Leaf
    weak var owner: Module?
    init(_ a: Leaf, _ b: Leaf) {
        self.a = a
        self.b = b
        super.init()
    }
}

@Suite("Module walking") struct WalkingTests {
    @Test("parameters come in order of declaration, superclass first, through every kind of container")
    func order() {
        let model = Everything()
        _ = model.late
        #expect(
            model.namedParameters().map(\.name) == [
                "first", "weight_ih_l0", "single.w", "maybe.w", "list.0.w", "list.1.w", "mixed.1.w", "loose.0", "named",
                "byName.a.w", "byName.b.w", "out_proj.w", "0.w", "late.w", "last",
            ])
        #expect(model.namedBuffers().map(\.name) == ["running_mean"])
        #expect(model.parameterCount == 2 + 4 + 10 + 1 + 1 + 5)
    }

    @Test("modules come depth first, the module itself under the empty name")
    func modules() {
        let model = Sequential {
            Leaf()
            Sequential { Leaf() }
        }
        #expect(model.namedModules().map(\.name) == ["", "0", "1", "1.0"])
        #expect(model.namedChildren().map(\.name) == ["0", "1"])
        #expect(model.namedParameters().map(\.name) == ["0.w", "1.0.w"])
    }

    @Test("a shared part appears once, under its first name")
    func shared() {
        let leaf = Leaf()
        let model = Pair(leaf, leaf)
        #expect(model.namedParameters().map(\.name) == ["a.w"])
        #expect(model.namedModules().map(\.name) == ["", "a"])
        #expect(model.stateDictionary().map(\.name) == ["a.w"])
    }

    @Test("a reference back to the owner does not loop")
    func cycle() {
        let model = Pair(Leaf(), Leaf())
        model.owner = model
        #expect(model.namedParameters().map(\.name) == ["a.w", "b.w"])
    }

    @Test("train and eval reach every part")
    func mode() {
        let model = Sequential {
            Leaf(); Sequential { Leaf() }
        }
        #expect(model.modules().map(\.isTraining) == [true, true, true, true])
        model.eval()
        #expect(model.modules().map(\.isTraining) == [false, false, false, false])
        model.train()
        #expect(model.modules().map(\.isTraining) == [true, true, true, true])
    }

    @Test("a frozen module records nothing and counts as frozen")
    func freezing() {
        let model = Sequential {
            Leaf(); Leaf()
        }
        model[0].freeze()
        #expect(model.trainableParameterCount == 1)
        model(Tensor([2])).sum().backward()
        #expect(model.parameters().map { $0.gradient == nil } == [true, false])
        model.unfreeze()
        #expect(model.trainableParameterCount == 2)
    }

    @Test("a layer's parameter that is replaced is found: nothing is cached")
    func replacing() {
        let model = Sequential { Leaf() }
        model[0] = Sequential {
            Leaf(); Leaf()
        }
        #expect(model.namedParameters().map(\.name) == ["0.0.w", "0.1.w"])
    }

    @Test("forward calls a unary layer with the batch's only input")
    func forward() {
        let model = Sequential { Leaf() }
        #expect(model.forward([Tensor([3])])[0].floats == [0])
    }

    @Test("an observer sees each output until it is removed")
    func observers() {
        let model = Sequential {
            Leaf(); Identity()
        }
        var seen: [String] = []
        let id = model[0].addOutputObserver { module, y in seen.append("\(module.typeName) \(y.shape)") }
        _ = model(Tensor([1, 2]))
        model[0].removeOutputObserver(id)
        _ = model(Tensor([1, 2]))
        #expect(seen == ["Leaf [2]"])
    }

    @Test("convert changes the element type of parameters and buffers")
    func convert() {
        let model = Everything()
        model.convert(to: .float64)
        #expect(model.parameters().allSatisfy { $0.value.dtype == .float64 })
        #expect(model.runningMean.dtype == .float64)
    }
}
