// SPDX-License-Identifier: Apache-2.0
// State-dictionary names and shapes against PyTorch's known ones, and which parameters count as what.

import LockstepNN
import LockstepTensor
import Testing

@Suite("Names and kinds of parameters") struct NamesTests {
    private func state(_ module: Module) -> [String] {
        module.stateDictionary().map { "\($0.name) \($0.tensor.shape)" }
    }

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

    @Test("recurrent layers number their layers and mark the reverse direction")
    func recurrent() {
        #expect(
            state(LSTM(3, 4, layers: 2, bidirectional: true)) == [
                "weight_ih_l0 [16, 3]", "weight_hh_l0 [16, 4]", "bias_ih_l0 [16]", "bias_hh_l0 [16]",
                "weight_ih_l0_reverse [16, 3]", "weight_hh_l0_reverse [16, 4]", "bias_ih_l0_reverse [16]",
                "bias_hh_l0_reverse [16]",
                "weight_ih_l1 [16, 8]", "weight_hh_l1 [16, 4]", "bias_ih_l1 [16]", "bias_hh_l1 [16]",
                "weight_ih_l1_reverse [16, 8]", "weight_hh_l1_reverse [16, 4]", "bias_ih_l1_reverse [16]",
                "bias_hh_l1_reverse [16]",
            ])
        #expect(state(GRU(3, 4, bias: false)) == ["weight_ih_l0 [12, 3]", "weight_hh_l0 [12, 4]"])
    }

    @Test("attention and the transformer block have PyTorch's names")
    func attention() {
        #expect(
            state(MultiheadAttention(8, 2)) == [
                "in_proj_weight [24, 8]", "in_proj_bias [24]", "out_proj.weight [8, 8]", "out_proj.bias [8]",
            ])
        #expect(
            state(TransformerBlock(8, 2, hidden: 16)) == [
                "self_attn.in_proj_weight [24, 8]", "self_attn.in_proj_bias [24]", "self_attn.out_proj.weight [8, 8]",
                "self_attn.out_proj.bias [8]", "linear1.weight [16, 8]", "linear1.bias [16]", "linear2.weight [8, 16]",
                "linear2.bias [8]", "norm1.weight [8]", "norm1.bias [8]", "norm2.weight [8]", "norm2.bias [8]",
            ])
    }

    @Test("a residual block and its shortcut")
    func residual() {
        let block = Residual {
            Linear(2, 3)
        } shortcut: {
            Linear(2, 3, bias: false)
        }
        #expect(state(block) == ["layers.0.weight [3, 2]", "layers.0.bias [3]", "shortcut.0.weight [3, 2]"])
    }

    @Test("[LRN-03] normalisation parameters and biases are told apart")
    func kinds() {
        let model = Sequential {
            Linear(1, 4); BatchNorm1d(4); GroupNorm(2, 4); LayerNorm(4); Linear(4, 1, bias: false)
        }
        let names = model.namedParameters()
        func listed(_ parameters: [Parameter]) -> [String] {
            names.filter { entry in parameters.contains { $0 === entry.parameter } }.map(\.name)
        }
        #expect(listed(model.normalizationParameters()) == ["1.weight", "1.bias", "3.weight", "3.bias"])
        #expect(listed(model.biasParameters()) == ["0.bias", "2.bias"])
    }
}
