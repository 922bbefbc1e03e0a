// SPDX-License-Identifier: Apache-2.0
// The models of LockstepNN in ONNX but those of tables: users and items, texts by tokens.

public import LockstepNN
import LockstepTensor

extension EmbeddingDotBias: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        func row(_ table: String, _ column: Int) throws(ONNXError) -> ONNXValue {
            try graph.apply(self, table, graph.picked(x, axis: 1, column))
        }
        let product = graph.reduced(
            "ReduceSum", graph.product(try row("u_weight", 0), try row("i_weight", 1)), [1], keepsAxes: false)
        let biased = graph.sum(product, graph.squeezed(try row("u_bias", 0), 1))
        let sum = graph.sum(biased, graph.squeezed(try row("i_bias", 1), 1))
        return range.map { graph.sigmoid(sum, within: $0) } ?? sum
    }
}

extension GPT: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        try graph.checkTokens(x, self, context: context)
        let tokens = try graph.apply(self, "wte", x)
        let y = graph.sum(tokens, try graph.positions(graph.part(of: self, "wpe"), of: x))
        let blocks = graph.parts(of: self, "h")
        return try graph.chain(blocks + [graph.part(of: self, "ln_f"), graph.part(of: self, "lm_head")], y)
    }
}

extension RecurrentLanguageModel: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        var y = x
        for name in ["encoder", "rnn", "decoder"] { y = try graph.apply(self, name, y) }
        return y
    }
}
