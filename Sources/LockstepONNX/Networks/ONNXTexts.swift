// SPDX-License-Identifier: Apache-2.0
// Networks for texts in ONNX: from tokens on.

public import LockstepModels
import LockstepNN
import LockstepTensor

/// A body of a text model, which takes tokens, a mask and types.
private protocol ONNXTextBody: TextBody {
    func hidden(
        _ ids: ONNXValue, mask: ONNXValue?, types: ONNXValue?, in graph: ONNXGraph
    ) throws(ONNXError) -> ONNXValue
}

extension TextBody: ONNXExportable {
    /// Adds the nodes that make the vectors of tokens `[N, T]`, with a mask and types if there are.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        guard let body = self as? any ONNXTextBody else {
            throw ONNXError(.unsupported, at: graph.place(of: self), "\(typeName) does not say what it is in ONNX")
        }
        guard (1...3).contains(inputs.count) else {
            throw ONNXError(
                .inputs, at: graph.place(of: self),
                "\(typeName) takes numbers of tokens, a mask and types, not \(inputs.count) inputs")
        }
        try graph.checkTokens(inputs[0], self, context: context)
        // [N, T] → bool [N, 1, 1, T].
        let mask = inputs.count > 1 ? graph.cast(inputs[1], to: .bool) : nil
        let keys = mask.map { graph.unsqueezed(graph.unsqueezed($0, 1), 1) }
        return [try body.hidden(inputs[0], mask: keys, types: inputs.count > 2 ? inputs[2] : nil, in: graph)]
    }
}

extension ONNXGraph {
    fileprivate func activation(_ x: ONNXValue, _ activation: TextActivation) -> ONNXValue {
        switch activation {
        case .gelu: gelu(x)
        case .relu: map("Relu", x)
        case .tanhGELU: gelu(x, .tanh)
        }
    }

    /// The rows of a table for tokens and their places.
    fileprivate func embedded(
        _ module: Module, _ ids: ONNXValue, words: String, positions: String
    ) throws(ONNXError) -> ONNXValue {
        sum(try apply(module, words, ids), try self.positions(part(of: module, positions), of: ids))
    }

    /// The vectors of tokens behind a network's encoder layers: attention, then two products, each with its norm behind it.
    fileprivate func encoded(
        _ x: ONNXValue, by layers: [Module], _ names: EncoderNames, _ configuration: BertConfiguration,
        mask: ONNXValue?
    ) throws(ONNXError) -> ONNXValue {
        var x = x
        for layer in layers {
            let context = attention(
                try apply(layer, names.query, x), try apply(layer, names.key, x), try apply(layer, names.value, x),
                heads: configuration.heads, mask: mask)
            let y = try apply(layer, names.contextNorm, sum(try apply(layer, names.context, context), x))
            let hidden = activation(try apply(layer, names.inner, y), configuration.activation)
            x = try apply(layer, names.outerNorm, sum(try apply(layer, names.outer, hidden), y))
        }
        return x
    }
}

/// What files call the parts of an encoder layer.
private struct EncoderNames {
    let query: String
    let key: String
    let value: String
    let context: String
    let contextNorm: String
    let inner: String
    let outer: String
    let outerNorm: String
}

extension Bert: ONNXTextBody {
    fileprivate func hidden(
        _ ids: ONNXValue, mask: ONNXValue?, types: ONNXValue?, in graph: ONNXGraph
    ) throws(ONNXError) -> ONNXValue {
        let words = try graph.embedded(
            self, ids, words: "embeddings.word_embeddings", positions: "embeddings.position_embeddings")
        let kinds = try graph.apply(
            self, "embeddings.token_type_embeddings", types ?? graph.integers([0], shape: [1, 1]))
        let names = EncoderNames(
            query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
            context: "attention.output.dense", contextNorm: "attention.output.LayerNorm", inner: "intermediate.dense",
            outer: "output.dense", outerNorm: "output.LayerNorm")
        return try graph.encoded(
            graph.apply(self, "embeddings.LayerNorm", graph.sum(words, kinds)),
            by: graph.parts(of: self, "encoder.layer"), names, configuration, mask: mask)
    }
}

extension DistilBert: ONNXTextBody {
    fileprivate func hidden(
        _ ids: ONNXValue, mask: ONNXValue?, types: ONNXValue?, in graph: ONNXGraph
    ) throws(ONNXError) -> ONNXValue {
        let words = try graph.embedded(
            self, ids, words: "embeddings.word_embeddings", positions: "embeddings.position_embeddings")
        let names = EncoderNames(
            query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin", context: "attention.out_lin",
            contextNorm: "sa_layer_norm", inner: "ffn.lin1", outer: "ffn.lin2", outerNorm: "output_layer_norm")
        return try graph.encoded(
            graph.apply(self, "embeddings.LayerNorm", words), by: graph.parts(of: self, "transformer.layer"), names,
            configuration, mask: mask)
    }
}

extension GPT2: ONNXTextBody {
    fileprivate func hidden(
        _ ids: ONNXValue, mask: ONNXValue?, types: ONNXValue?, in graph: ONNXGraph
    ) throws(ONNXError) -> ONNXValue {
        var x = try graph.embedded(self, ids, words: "wte", positions: "wpe")
        for block in graph.parts(of: self, "h") {
            /// The products of GPT-2's files lie the other way round: `x·w + b`.
            func product(_ name: String, _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
                let layer = try graph.part(of: block, name)
                return graph.sum(
                    graph.matmul(x, try graph.parameter(of: layer, "weight")), try graph.parameter(of: layer, "bias"))
            }
            let all = try product("attn.c_attn", graph.apply(block, "ln_1", x))
            let context = graph.selfAttention(all, heads: configuration.heads, mask: mask, causal: true)
            let y = graph.sum(x, try product("attn.c_proj", context))
            let hidden = graph.activation(
                try product("mlp.c_fc", graph.apply(block, "ln_2", y)), configuration.activation)
            x = graph.sum(y, try product("mlp.c_proj", hidden))
        }
        return try graph.apply(self, "ln_f", x)
    }
}

extension GPT2LanguageModel: ONNXLayer {
    func onnx(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXError) -> ONNXValue {
        let hidden = try graph.apply(body, x)
        // The head's weight is that of the tokens' vectors.
        return graph.linear(hidden, try graph.parameter(of: body, "wte.weight"), nil)
    }
}

extension TextClassifier: ONNXExportable {
    /// Adds the nodes that compute the scores of classes for tokens `[N, T]`, a mask and types.
    public func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        let hidden = try graph.apply(body, inputs)[0]
        var x: ONNXValue
        if let pooling {
            x = try graph.pooled(hidden, pooling, mask: inputs.count > 1 ? inputs[1] : nil)
        } else {
            x = graph.picked(hidden, axis: 1, 0)
            if let pooler = graph.partIfAny(of: body, "pooler.dense") {
                x = graph.map("Tanh", try graph.apply(pooler, x))
            }
        }
        if let first = graph.partIfAny(of: self, "pre_classifier") { x = graph.map("Relu", try graph.apply(first, x)) }
        return [try graph.apply(self, body is GPT2 ? "score" : "classifier", x)]
    }
}

extension ONNXGraph {
    /// `[N, T, width]` and a mask `[N, T]` → `[N, width]`.
    fileprivate func pooled(
        _ hidden: ONNXValue, _ pooling: TextPooling, mask: ONNXValue?
    ) throws(ONNXError) -> ONNXValue {
        switch (pooling, mask) {
        case (.cls, _): return picked(hidden, axis: 1, 0)
        case (.mean, nil): return reduced("ReduceMean", hidden, [1], keepsAxes: false)
        case (.last, nil): return picked(hidden, axis: 1, -1)
        case (.mean, let mask?):
            let weights = unsqueezed(cast(mask, to: .float32), 2)
            let total = clipped(reduced("ReduceSum", weights, [1], keepsAxes: false), 1e-9, nil)
            return quotient(reduced("ReduceSum", product(hidden, weights), [1], keepsAxes: false), total)
        case (.last, let mask?):
            // A text of one token is that token, whatever the mask says.
            let isOne = cast(
                combine("Equal", size(of: hidden, 1), integers([1]), element: .bool), to: .float32)
            let kept = combine("Max", cast(mask, to: .float32), isOne)
            // 1 where the next one is kept; behind the last there is none.
            let next = padded(
                add(
                    "Slice", [kept, integers([1]), integers([Int(Int32.max)]), integers([1])],
                    shape: kept.shape((1, kept.shape[1].size.map { .size($0 - 1) } ?? .unknown))), [0, 0], [0, 1])
            let isLast = product(kept, sum(product(next, -1), 1))
            return reduced("ReduceSum", product(hidden, unsqueezed(isLast, 2)), [1], keepsAxes: false)
        }
    }
}
