// SPDX-License-Identifier: Apache-2.0
// The sizes of a GPT-2, and reading them from the `config.json` of its files.

public import LockstepData
import LockstepTensor

/// What a ``GPT2`` is made of.
public struct GPT2Configuration: Hashable, Sendable {
    /// The number of different tokens.
    public var vocabulary: Int
    /// The size of a token's vector.
    public var width: Int
    /// The number of layers.
    public var layers: Int
    /// The number of attention heads; divides the width.
    public var heads: Int
    /// The size of the perceptrons' hidden layers.
    public var hidden: Int
    /// The most tokens it can look at.
    public var context: Int
    /// The probability of dropping a value.
    public var dropout = 0.1
    /// The probability of dropping an attention weight.
    public var attentionDropout = 0.1
    /// Added to variances.
    public var epsilon = 1e-5
    /// What hidden layers pass through.
    public var activation = TextActivation.tanhGELU
    /// Of the normal distribution that weights begin with.
    public var deviation = 0.02

    /// A configuration; what is not given is that of the smallest GPT-2.
    /// - Precondition: sizes are positive and `heads` divides `width`.
    public init(
        vocabulary: Int = 50257, width: Int = 768, layers: Int = 12, heads: Int = 12, hidden: Int? = nil,
        context: Int = 1024, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            vocabulary > 0 && width > 0 && layers > 0 && heads > 0 && width % heads == 0 && context > 0,
            "GPT2Configuration: \(vocabulary) tokens, \(layers) layers of \(width) with \(heads) heads", file: file,
            line: line)
        (self.vocabulary, self.width, self.layers, self.heads) = (vocabulary, width, layers, heads)
        (self.hidden, self.context) = (hidden ?? 4 * width, context)
    }

    /// The configuration in a `config.json` of Hugging Face.
    ///
    /// - Throws: `DataError` where it is not that of a GPT-2, or of one that is made otherwise.
    public init(json bytes: [UInt8], file: String = "config.json") throws(DataError) {
        var fields = try JSONFields(bytes, "the configuration", file: file)
        try fields.requireModel("gpt2")
        self.init()
        vocabulary = try fields.size("vocab_size", or: 50257)
        width = try fields.size("n_embd", or: 768)
        layers = try fields.size("n_layer", or: 12)
        heads = try fields.size("n_head", or: 12)
        hidden = try fields.size("n_inner", or: 4 * width)
        context = try fields.size("n_positions", or: 1024)
        dropout = try fields.probability("resid_pdrop", or: 0.1)
        let others = try fields.probability("embd_pdrop", or: dropout)
        guard others == dropout else {
            throw fields.error(
                "has different “resid_pdrop” and “embd_pdrop”, which is not implemented here", .unsupported)
        }
        attentionDropout = try fields.probability("attn_pdrop", or: 0.1)
        epsilon = try fields.magnitude("layer_norm_epsilon", or: 1e-5)
        deviation = try fields.magnitude("initializer_range", or: 0.02)
        activation = try fields.activation("activation_function", or: .tanhGELU)
        guard try fields.bool("scale_attn_weights", or: true) else {
            throw fields.error("does not scale attention, which is not implemented here", .unsupported)
        }
        for key in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] where try fields.bool(key, or: false) {
            throw fields.error("sets “\(key)”, which is not implemented here", .unsupported)
        }
        try fields.checkHeads(width, heads)
    }
}
