// SPDX-License-Identifier: Apache-2.0
// The models of LockstepNN in ONNX: tables, users and items, texts by tokens.

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

extension TabularModel: ONNXExportable {
    /// Adds the nodes that compute the output for categories `[N, categoricalCount]` and numbers `[N, continuousCount]`.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        let needed = (categoricalCount > 0 ? 1 : 0) + (continuousCount > 0 ? 1 : 0)
        guard inputs.count == 2 || inputs.count == needed else {
            throw ONNXError(
                .inputs, at: graph.place(of: self),
                "\(typeName) takes categories [N, \(categoricalCount)] and numbers [N, \(continuousCount)], not \(inputs.count) inputs"
            )
        }
        var columns: [ONNXValue] = []
        for (index, table) in graph.parts(of: self, "embeds").enumerated() {
            columns.append(try graph.apply(table, graph.picked(inputs[0], axis: 1, index)))
        }
        if continuousCount > 0 {
            let numbers = inputs[inputs.count - 1]
            let norm = graph.partIfAny(of: self, "bn_cont")
            columns.append(try norm.map { module throws(ONNXError) in try graph.apply(module, numbers) } ?? numbers)
        }
        // The last layers, which are functions of the options, are written from these.
        let layers = graph.parts(of: self, "layers").filter { !($0 is Apply) }
        var y = try graph.chain(layers, graph.joined(columns, axis: 1))
        if let range = options.outputRange { y = graph.sigmoid(y, within: range) }
        if let (mean, deviation) = options.outputScale { y = graph.sum(graph.product(y, deviation), mean) }
        return [y]
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
