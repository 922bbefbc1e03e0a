// SPDX-License-Identifier: Apache-2.0
// DistilBERT: a BERT of half as many layers, without types.

public import LockstepData
public import LockstepNN
public import LockstepTensor

/// The encoder of Sanh et al., *DistilBERT, a distilled version of BERT* (2019).
///
/// - Note: parameter names as in Hugging Face's `DistilBertModel`: `transformer.layer.0.attention.q_lin.weight`.
public final class DistilBert: TextBody {
    private let embeddings: DistilBertEmbeddings
    private let transformer: DistilBertTransformer
    /// What it was made of; types are not used.
    public let configuration: BertConfiguration

    /// An encoder of these sizes.
    public init(_ configuration: BertConfiguration) {
        self.configuration = configuration
        embeddings = DistilBertEmbeddings(configuration)
        transformer = DistilBertTransformer(configuration)
        super.init(
            vocabulary: configuration.vocabulary, width: configuration.width, context: configuration.context)
    }

    public override var describeExtra: String { "\(configuration.layers) layers of \(width)" }
    public override var savedName: String { "distilbert" }
    public override var stages: [Module] { [embeddings] + transformer.layers }

    public override func hidden(_ ids: Tensor, mask: Tensor? = nil, types: Tensor? = nil) -> Tensor {
        check(ids)
        let keys = mask?.asKeyMask
        var x = embeddings(ids)
        for layer in transformer.layers { x = layer(x, keys) }
        return observed(x)
    }

    override var sizes: Sizes { Sizes(layers: configuration.layers, hidden: configuration.hidden) }

    /// The configuration in a `config.json` of Hugging Face.
    ///
    /// - Throws: `DataError` where it is not that of a DistilBERT.
    public static func configuration(
        json bytes: [UInt8], file: String = "config.json"
    ) throws(DataError) -> BertConfiguration {
        var fields = try JSONFields(bytes, "the configuration", file: file)
        try fields.requireModel("distilbert")
        var result = BertConfiguration()
        result.vocabulary = try fields.size("vocab_size", or: 30522)
        result.width = try fields.size("dim", or: 768)
        result.layers = try fields.size("n_layers", or: 6)
        result.heads = try fields.size("n_heads", or: 12)
        result.hidden = try fields.size("hidden_dim", or: 3072)
        result.context = try fields.size("max_position_embeddings", or: 512)
        result.dropout = try fields.probability("dropout", or: 0.1)
        result.attentionDropout = try fields.probability("attention_dropout", or: 0.1)
        result.deviation = try fields.magnitude("initializer_range", or: 0.02)
        result.activation = try fields.activation("activation", or: .gelu)
        result.paddingID = try fields.padding(below: result.vocabulary)
        try fields.checkHeads(result.width, result.heads)
        return result
    }
}

extension DistilBert: Configurable {
    public static let configuration: Configuration = Configuration(DistilBert.self) {
        BertConfiguration.fields { (bert: DistilBert) in bert.configuration }
    } make: {
        DistilBert(try BertConfiguration(claiming: $0, perLayer: 20))
    }
}

/// Tokens and positions as vectors, summed and normalised.
private final class DistilBertEmbeddings: Module {
    @Submodule private var words: Embedding
    @Submodule private var positions: Embedding
    @Submodule private var norm: LayerNorm
    private let dropout: Dropout

    init(_ c: BertConfiguration) {
        let normal = Initializer.normal(standardDeviation: c.deviation)
        _words = Submodule(
            wrappedValue: Embedding(c.vocabulary, c.width, paddingIndex: c.paddingID, initializer: normal),
            "word_embeddings")
        _positions = Submodule(
            wrappedValue: Embedding(c.context, c.width, initializer: normal), "position_embeddings")
        _norm = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "LayerNorm")
        dropout = Dropout(c.dropout)
        super.init()
    }

    func callAsFunction(_ ids: Tensor) -> Tensor {
        observed(dropout(norm(words(ids) + positions(Tensor.arange(ids.shape[1])))))
    }
}

/// The layers.
private final class DistilBertTransformer: Module {
    @Submodule private(set) var layers: [DistilBertLayer]

    init(_ c: BertConfiguration) {
        _layers = Submodule(wrappedValue: (0..<c.layers).map { _ in DistilBertLayer(c) }, "layer")
        super.init()
    }
}

/// Attention, then a perceptron, each with a shortcut and normalised after it.
private final class DistilBertLayer: Module {
    private let attention: DistilBertAttention
    @Submodule private var norm1: LayerNorm
    private let ffn: DistilBertPerceptron
    @Submodule private var norm2: LayerNorm

    init(_ c: BertConfiguration) {
        attention = DistilBertAttention(c)
        _norm1 = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "sa_layer_norm")
        ffn = DistilBertPerceptron(c)
        _norm2 = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "output_layer_norm")
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        let y = norm1(attention(x, mask))
        return observed(norm2(ffn(y)))
    }
}

/// Self-attention; its input is added.
private final class DistilBertAttention: Module {
    @Submodule private var query: Linear
    @Submodule private var key: Linear
    @Submodule private var value: Linear
    @Submodule private var output: Linear
    private let heads: Int
    private let dropout: Double

    init(_ c: BertConfiguration) {
        func linear(_ name: String) -> Submodule<Linear> {
            Submodule(wrappedValue: .transformer(c.width, c.width, c.deviation), name)
        }
        (_query, _key, _value, _output) = (linear("q_lin"), linear("k_lin"), linear("v_lin"), linear("out_lin"))
        (heads, dropout) = (c.heads, c.attentionDropout)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        let y = Tensor.attention(
            query(x), key(x), value(x), heads: heads, mask: mask, dropout: isTraining ? dropout : 0)
        return observed(output(y, adding: x))
    }
}

/// The perceptron; its input is added.
private final class DistilBertPerceptron: Module {
    private let lin1: Linear
    private let lin2: Linear
    private let dropout: Dropout
    private let activation: TextActivation

    init(_ c: BertConfiguration) {
        lin1 = .transformer(c.width, c.hidden, c.deviation)
        lin2 = .transformer(c.hidden, c.width, c.deviation)
        (dropout, activation) = (Dropout(c.dropout), c.activation)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = activation(lin1, x)
        return observed(isTraining && dropout.p > 0 ? dropout(lin2(y)) + x : lin2(y, adding: x))
    }
}
