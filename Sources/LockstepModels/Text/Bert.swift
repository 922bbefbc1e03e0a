// SPDX-License-Identifier: Apache-2.0
// BERT, and what is of its make: MiniLM and other sentence encoders.

public import LockstepNN
public import LockstepTensor

/// The encoder of Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers* (2019).
///
/// ```swift
/// let body = Bert(BertConfiguration(vocabulary: 30522, width: 384, layers: 6, heads: 12, hidden: 1536))     // MiniLM
/// print(body.hidden(Tensor.zeros([8, 32], dtype: .int64)).shape)       // [8, 32, 384]
/// ```
/// - Note: parameter names as in Hugging Face's `BertModel`: `encoder.layer.0.attention.self.query.weight`.
public final class Bert: TextBody {
    @Submodule private var embeddings: BertEmbeddings
    @Submodule private var encoder: BertEncoder
    @Submodule private var pooler: BertPooler?
    /// What it was made of.
    public let configuration: BertConfiguration

    /// - Parameter hasPooler: whether there is the map of the first token's vector that BERT's own heads use.
    public init(_ configuration: BertConfiguration, hasPooler: Bool = true) {
        self.configuration = configuration
        _embeddings = Submodule(wrappedValue: BertEmbeddings(configuration), "embeddings")
        _encoder = Submodule(wrappedValue: BertEncoder(configuration), "encoder")
        _pooler = Submodule(wrappedValue: hasPooler ? BertPooler(configuration) : nil, "pooler")
        super.init(
            vocabulary: configuration.vocabulary, width: configuration.width, context: configuration.context)
    }

    public override var describeExtra: String { "\(configuration.layers) layers of \(width)" }
    public override var savedName: String { "bert" }
    public override var stages: [Module] { [embeddings] + encoder.layers + (pooler.map { [$0] } ?? []) }

    public override func hidden(_ ids: Tensor, mask: Tensor? = nil, types: Tensor? = nil) -> Tensor {
        check(ids)
        let keys = mask?.asKeyMask
        var x = embeddings(ids, types)
        for layer in encoder.layers { x = layer(x, keys) }
        return observed(x)
    }

    /// `tanh` of a linear map of each text's first vector, `[N, width]`: what BERT's classifiers look at.
    /// - Precondition: there is a pooler.
    public func pooled(_ hidden: Tensor) -> Tensor {
        guard let pooler else { stop("Bert: was made without a pooler", file: #fileID, line: #line) }
        return pooler(hidden)
    }

    /// Whether there is a pooler.
    public var hasPooler: Bool { pooler != nil }

    override var sizes: Sizes {
        Sizes(layers: configuration.layers, hidden: configuration.hidden, types: configuration.types)
    }
}

extension Bert: Configurable {
    public static let configuration: Configuration = Configuration(Bert.self) {
        BertConfiguration.fields { (bert: Bert) in bert.configuration }
        Field("types", \.configuration.types, .size, python: "type_vocab_size")
        Field("hasPooler", \.hasPooler, python: "add_pooling_layer")
    } make: { fields in
        var configuration = try BertConfiguration(claiming: fields, perLayer: 24)
        let hasPooler: Bool = try fields("hasPooler")
        configuration.types = try fields("types")
        try fields.claim(configuration.types, configuration.width)
        if hasPooler { try fields.claim(configuration.width, configuration.width) }
        return Bert(configuration, hasPooler: hasPooler)
    }
}

/// Tokens, positions and types as vectors, summed and normalised.
private final class BertEmbeddings: Module {
    @Submodule private var words: Embedding
    @Submodule private var positions: Embedding
    @Submodule private var types: Embedding
    @Submodule private var norm: LayerNorm
    private let dropout: Dropout

    init(_ c: BertConfiguration) {
        let normal = Initializer.normal(standardDeviation: c.deviation)
        _words = Submodule(
            wrappedValue: Embedding(c.vocabulary, c.width, paddingIndex: c.paddingID, initializer: normal),
            "word_embeddings")
        _positions = Submodule(
            wrappedValue: Embedding(c.context, c.width, initializer: normal), "position_embeddings")
        _types = Submodule(wrappedValue: Embedding(c.types, c.width, initializer: normal), "token_type_embeddings")
        _norm = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "LayerNorm")
        dropout = Dropout(c.dropout)
        super.init()
    }

    func callAsFunction(_ ids: Tensor, _ typeIDs: Tensor?) -> Tensor {
        let length = ids.shape[1]
        let fixed = positions(Tensor.arange(length))
        let kinds = types(typeIDs ?? Tensor.zeros([1, 1], dtype: .int64))
        return observed(dropout(norm(words(ids) + fixed + kinds)))
    }
}

/// The layers.
private final class BertEncoder: Module {
    @Submodule private(set) var layers: [BertLayer]

    init(_ c: BertConfiguration) {
        _layers = Submodule(wrappedValue: (0..<c.layers).map { _ in BertLayer(c) }, "layer")
        super.init()
    }
}

/// Attention, then a perceptron, each with a shortcut and normalised after it.
private final class BertLayer: Module {
    private let attention: BertAttention
    private let intermediate: BertIntermediate
    private let output: NormalizedOutput

    init(_ c: BertConfiguration) {
        attention = BertAttention(c)
        intermediate = BertIntermediate(c)
        output = NormalizedOutput(c.hidden, c.width, dropout: c.dropout, epsilon: c.epsilon, c.deviation)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        let y = attention(x, mask)
        return observed(output(intermediate(y), adding: y))
    }
}

/// Self-attention with its shortcut.
private final class BertAttention: Module {
    @Submodule private var core: BertSelfAttention
    private let output: NormalizedOutput

    init(_ c: BertConfiguration) {
        _core = Submodule(wrappedValue: BertSelfAttention(c), "self")
        output = NormalizedOutput(c.width, c.width, dropout: c.dropout, epsilon: c.epsilon, c.deviation)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor { observed(output(core(x, mask), adding: x)) }
}

/// Queries, keys and values, and what they make.
private final class BertSelfAttention: Module {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let heads: Int
    private let dropout: Double

    init(_ c: BertConfiguration) {
        query = .transformer(c.width, c.width, c.deviation)
        key = .transformer(c.width, c.width, c.deviation)
        value = .transformer(c.width, c.width, c.deviation)
        (heads, dropout) = (c.heads, c.attentionDropout)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        observed(
            .attention(query(x), key(x), value(x), heads: heads, mask: mask, dropout: isTraining ? dropout : 0))
    }
}

/// The perceptron's hidden layer.
private final class BertIntermediate: Module {
    private let dense: Linear
    private let activation: TextActivation

    init(_ c: BertConfiguration) {
        dense = .transformer(c.width, c.hidden, c.deviation)
        activation = c.activation
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { observed(activation(dense, x)) }
}

/// The first token's vector, mapped.
private final class BertPooler: Module {
    private let dense: Linear

    init(_ c: BertConfiguration) {
        dense = .transformer(c.width, c.width, c.deviation)
        super.init()
    }

    func callAsFunction(_ hidden: Tensor) -> Tensor { observed(dense(hidden[.all, 0]).tanh()) }
}

/// A linear map, dropout, and a shortcut that is normalised with it: how BERT's parts end.
private final class NormalizedOutput: Module {
    @Submodule private var dense: Linear
    @Submodule private var norm: LayerNorm
    private let dropout: Dropout

    init(_ inputs: Int, _ width: Int, dropout: Double, epsilon: Double, _ deviation: Double) {
        _dense = Submodule(wrappedValue: .transformer(inputs, width, deviation), "dense")
        _norm = Submodule(wrappedValue: LayerNorm(width, epsilon: epsilon), "LayerNorm")
        self.dropout = Dropout(dropout)
        super.init()
    }

    func callAsFunction(_ x: Tensor, adding shortcut: Tensor) -> Tensor {
        observed(norm(isTraining && dropout.p > 0 ? dropout(dense(x)) + shortcut : dense(x, adding: shortcut)))
    }
}
