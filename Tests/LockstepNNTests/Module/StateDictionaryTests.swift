// SPDX-License-Identifier: Apache-2.0
// Saving and loading by name: what fits, what does not, and that nothing changes when it does not.

import LockstepNN
import LockstepTensor
import Testing

private final class Small: Module {
    @Parameter var weight = Tensor([[1, 2], [3, 4]])
    @Parameter var bias = Tensor([5, 6])
    @Buffer("running_mean") var runningMean = Tensor([7])
    @Buffer var scratch: Tensor
    override init() {
        _scratch = Buffer(wrappedValue: Tensor([0]), isSaved: false)
        super.init()
    }
}

private final class Tied: Module {
    let encoder = Small()
    let decoder: Small
    override init() {
        decoder = encoder
        super.init()
    }
}

@Suite("State dictionary") struct StateDictionaryTests {
    @Test("a state loads into another model of the same kind")
    func roundTrip() throws {
        let a = Small(), b = Small()
        a.weight = Tensor([[9, 8], [7, 6]])
        a.runningMean = Tensor([3])
        let state = a.stateDictionary()
        #expect(state.map(\.name) == ["weight", "bias", "running_mean"])
        try b.loadStateDictionary(state)
        #expect(b.weight.floats == [9, 8, 7, 6])
        #expect(b.runningMean.floats == [3])
    }

    @Test("a copied state does not change with the model, a view does")
    func copying() {
        let a = Small()
        let copy = a.stateDictionary()[1].tensor
        let view = a.stateDictionary(copying: false)[1].tensor
        a.bias = Tensor([0, 0])
        #expect(copy.floats == [5, 6])
        #expect(view.floats == [0, 0])
    }

    @Test("all that does not fit is listed, with a suggestion, and nothing is changed")
    func strict() throws {
        let a = Small()
        let state: [(name: String, tensor: Tensor)] = [
            ("weight", Tensor([[0, 0]])), ("bais", Tensor([1, 1])), ("running_mean", Tensor([0])),
        ]
        let error = #expect(throws: StateDictionaryError.self) {
            try a.loadStateDictionary(state, source: "checkpoint small.safetensors")
        }
        #expect(
            error?.description
                == "checkpoint small.safetensors does not fit this model. Missing: bias. Unexpected: bais (did you mean bias?). Wrong shape: weight is [1, 2], expected [2, 2]."
        )
        #expect(error?.missing == ["bias"])
        #expect(a.runningMean.floats == [7])
    }

    @Test("not strict loads what matches; a wrong shape stays an error")
    func lenient() throws {
        let a = Small()
        try a.loadStateDictionary([("bias", Tensor([1, 1])), ("other", Tensor([1]))], strict: false)
        #expect(a.bias.floats == [1, 1])
        #expect(throws: StateDictionaryError.self) {
            try a.loadStateDictionary([("bias", Tensor([2, 2])), ("weight", Tensor([1]))], strict: false)
        }
        #expect(a.bias.floats == [1, 1])
    }

    @Test("another element type is converted", arguments: [DType.float64, .bfloat16, .int64])
    func types(dtype: DType) throws {
        let a = Small()
        try a.loadStateDictionary([("bias", Tensor([1, 2]).to(dtype))], strict: false)
        #expect(a.bias.dtype == .float32)
        #expect(a.bias.floats == [1, 2])
    }

    @Test("a shared tensor loads under either of its names", arguments: ["encoder", "decoder"])
    func shared(name: String) throws {
        let model = Tied()
        try model.loadStateDictionary(
            [
                (name + ".weight", Tensor.zeros([2, 2])), (name + ".bias", Tensor([1, 1])),
                (name + ".running_mean", Tensor([0])),
            ])
        #expect(model.encoder.bias.floats == [1, 1])
    }

    @Test("loading from a dictionary reports in the order of the names")
    func dictionary() throws {
        let error = #expect(throws: StateDictionaryError.self) {
            try Small().loadStateDictionary(["zz": Tensor([1]), "aa": Tensor([1])])
        }
        #expect(error?.unexpected == ["aa", "zz"])
    }
}
