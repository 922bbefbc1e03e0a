// SPDX-License-Identifier: Apache-2.0
// The sizes of a BERT, and reading them from the `config.json` of its files.

public import LockstepData
import LockstepTensor

/// What a ``Bert`` is made of.
public struct BertConfiguration: Hashable, Sendable {
    /// The number of different tokens.
    public var vocabulary: Int
    /// The size of a token's vector.
    public var width: Int
    /// The number of layers.
    public var layers: Int
    /// The number of attention heads of a layer; divides the width.
    public var heads: Int
    /// The size of the perceptrons' hidden layers.
    public var hidden: Int
    /// The most tokens of a text.
    public var context = 512
    /// How many texts of a pair can be told apart.
    public var types = 2
    /// The probability of dropping a value.
    public var dropout = 0.1
    /// The probability of dropping an attention weight.
    public var attentionDropout = 0.1
    /// Added to variances.
    public var epsilon = 1e-12
    /// What hidden layers pass through.
    public var activation = TextActivation.gelu
    /// The token that texts are filled up with; its vector is not trained.
    public var paddingID: Int? = 0
    /// Of the normal distribution that weights begin with.
    public var deviation = 0.02

    /// A configuration; what is not given is BERT's own.
    /// - Precondition: sizes are positive and `heads` divides `width`.
    public init(
        vocabulary: Int = 30522, width: Int = 768, layers: Int = 12, heads: Int = 12, hidden: Int? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            vocabulary > 0 && width > 0 && layers > 0 && heads > 0 && width % heads == 0 && (hidden ?? 1) > 0,
            "BertConfiguration: \(vocabulary) tokens, \(layers) layers of \(width) with \(heads) heads", file: file,
            line: line)
        (self.vocabulary, self.width, self.layers, self.heads) = (vocabulary, width, layers, heads)
        self.hidden = hidden ?? 4 * width
    }

    /// all-MiniLM-L6-v2's.
    public static let miniLM = BertConfiguration(width: 384, layers: 6, heads: 12)

    /// The configuration in a `config.json` of Hugging Face.
    ///
    /// - Throws: `DataError` where it is not that of a BERT, or of one that is made otherwise.
    public init(json bytes: [UInt8], file: String = "config.json") throws(DataError) {
        var fields = try JSONFields(bytes, "the configuration", file: file)
        try fields.requireModel("bert")
        self.init()
        vocabulary = try fields.size("vocab_size", or: 30522)
        width = try fields.size("hidden_size", or: 768)
        layers = try fields.size("num_hidden_layers", or: 12)
        heads = try fields.size("num_attention_heads", or: 12)
        hidden = try fields.size("intermediate_size", or: 3072)
        context = try fields.size("max_position_embeddings", or: 512)
        types = try fields.size("type_vocab_size", or: 2)
        dropout = try fields.probability("hidden_dropout_prob", or: 0.1)
        attentionDropout = try fields.probability("attention_probs_dropout_prob", or: 0.1)
        epsilon = try fields.magnitude("layer_norm_eps", or: 1e-12)
        deviation = try fields.magnitude("initializer_range", or: 0.02)
        activation = try fields.activation("hidden_act", or: .gelu)
        paddingID = try fields.padding(below: vocabulary)
        if let kind = try fields.optionalString("position_embedding_type"), kind != "absolute" {
            throw fields.error("has the position_embedding_type “\(kind)”, which is not implemented here", .unsupported)
        }
        for key in ["is_decoder", "add_cross_attention"] where try fields.bool(key, or: false) {
            throw fields.error("sets “\(key)”, which is not implemented here", .unsupported)
        }
        try fields.checkHeads(width, heads)
    }
}
