// SPDX-License-Identifier: Apache-2.0
// State-dictionary names and shapes against PyTorch's known ones, and which parameters count as what.

import LockstepNN
import LockstepTensor
import Testing

@Suite("Names and kinds of parameters") struct NamesTests {
    private func state(_ module: Module) -> [String] { module.stateDictionary().map { "\($0.name) \($0.tensor.shape)" } }

    @Test("batch normalisation saves its statistics under PyTorch's names")
    func batchNorm() {
        #expect(
            state(BatchNorm2d(3)) == [
                "weight [3]", "bias [3]", "running_mean [3]", "running_var [3]", "num_batches_tracked []",
            ])
        #expect(state(BatchNorm2d(3, affine: false, trackRunningStats: false)) == [])
    }

    @Test("convolutions save weights in PyTorch's order of axes")
    func convolutions() {
        #expect(state(Conv2d(4, 6, kernelSize: [3, 5], groups: 2)) == ["weight [6, 2, 3, 5]", "bias [6]"])
        #expect(state(Conv1d(4, 6, kernelSize: 3, bias: false)) == ["weight [6, 4, 3]"])
        #expect(state(ConvTranspose2d(4, 6, kernelSize: 3, groups: 2)) == ["weight [4, 3, 3, 3]", "bias [6]"])
    }

    @Test("a residual block and its shortcut")
    func residual() {
        let block = Residual { Linear(2, 3) } shortcut: { Linear(2, 3, bias: false) }
        #expect(state(block) == ["layers.0.weight [3, 2]", "layers.0.bias [3]", "shortcut.0.weight [3, 2]"])
    }

    @Test("[LRN-03] normalisation parameters and biases are told apart")
    func kinds() {
        let model = Sequential { Linear(1, 4); BatchNorm1d(4); LayerNorm(4); Linear(4, 1, bias: false) }
        let names = model.namedParameters()
        func listed(_ parameters: [Parameter]) -> [String] {
            names.filter { entry in parameters.contains { $0 === entry.parameter } }.map(\.name)
        }
        #expect(listed(model.normalizationParameters()) == ["1.weight", "1.bias", "2.weight", "2.bias"])
        #expect(listed(model.biasParameters()) == ["0.bias"])
    }
}
