// SPDX-License-Identifier: Apache-2.0
// GPT-2, in the form in which its weights are published.

public import LockstepNN
public import LockstepTensor

/// The decoder of Radford et al., *Language Models are Unsupervised Multitask Learners* (2019).
///
/// ```swift
/// let body = GPT2(GPT2Configuration(vocabulary: 100, width: 32, layers: 2, heads: 4))
/// print(body.hidden(Tensor.zeros([8, 16], dtype: .int64)).shape)       // [8, 16, 32]
/// ```
/// - Note: parameter names as in Hugging Face's `GPT2Model`: `h.0.attn.c_attn.weight`, whose products are stored as
///   `[inputs, outputs]`. `GPT` is the same network in other names, for training from scratch.
public final class GPT2: TextBody {
    @Submodule private(set) var tokens: Embedding
    @Submodule private var positions: Embedding
    private let drop: Dropout
    @Submodule private var blocks: [GPT2Block]
    @Submodule private var norm: LayerNorm
    /// What it was made of.
    public let configuration: GPT2Configuration

    /// A decoder of these sizes.
    public init(_ configuration: GPT2Configuration) {
        self.configuration = configuration
        let (c, normal) = (configuration, Initializer.normal(standardDeviation: configuration.deviation))
        _tokens = Submodule(wrappedValue: Embedding(c.vocabulary, c.width, initializer: normal), "wte")
        _positions = Submodule(wrappedValue: Embedding(c.context, c.width, initializer: normal), "wpe")
        drop = Dropout(c.dropout)
        _blocks = Submodule(wrappedValue: (0..<c.layers).map { _ in GPT2Block(c) }, "h")
        _norm = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "ln_f")
        super.init(vocabulary: c.vocabulary, width: c.width, context: c.context)
    }

    public override var describeExtra: String { "\(configuration.layers) layers of \(width)" }
    public override var savedName: String { "transformer" }
    public override var stages: [Module] { [tokens, positions] + blocks + [norm] }

    public override func hidden(_ ids: Tensor, mask: Tensor? = nil, types: Tensor? = nil) -> Tensor {
        check(ids)
        let keys = mask?.asKeyMask
        var x = drop(tokens(ids) + positions(Tensor.arange(ids.shape[1])))
        for block in blocks { x = block(x, keys) }
        return observed(norm(x))
    }

    override var sizes: Sizes { Sizes(layers: configuration.layers, hidden: configuration.hidden) }
}

extension GPT2: Configurable {
    public static let configuration: Configuration = Configuration(GPT2.self) {
        GPT2Configuration.fields { (body: GPT2) in body.configuration }
    } make: {
        GPT2(try GPT2Configuration(claiming: $0))
    }
}

/// GPT-2 with scores for the next token, which come from the tokens' own vectors.
///
/// - Shape: integers `[N, T]` → scores `[N, T, vocabulary]`.
/// - Note: parameter names as in Hugging Face's `GPT2LMHeadModel`: `transformer.h.0.…`; `lm_head.weight` is `transformer.wte.weight`.
public final class GPT2LanguageModel: Module, UnaryLayer {
    @Submodule package private(set) var body: GPT2
    @Submodule private var head: TiedHead

    /// A language model over a body of these sizes.
    public init(_ configuration: GPT2Configuration) {
        let body = GPT2(configuration)
        _body = Submodule(wrappedValue: body, "transformer")
        _head = Submodule(wrappedValue: TiedHead(body.tokens.$weight), "lm_head")
        super.init()
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(head(body.hidden(x))) }
}

extension GPT2LanguageModel: Configurable {
    public static let configuration: Configuration = Configuration(GPT2LanguageModel.self) {
        GPT2Configuration.fields { (model: GPT2LanguageModel) in model.body.configuration }
    } make: {
        GPT2LanguageModel(try GPT2Configuration(claiming: $0))
    }
}

/// Scores by products with vectors that are another layer's parameter.
private final class TiedHead: Module {
    private let weight: Parameter

    init(_ weight: Parameter) {
        self.weight = weight
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { observed(x.linear(weight.wrappedValue)) }
}

/// Attention, then a perceptron, each normalised before it and with a shortcut.
private final class GPT2Block: Module {
    @Submodule private var norm1: LayerNorm
    @Submodule private var attention: GPT2Attention
    @Submodule private var norm2: LayerNorm
    private let mlp: GPT2Perceptron

    init(_ c: GPT2Configuration) {
        _norm1 = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "ln_1")
        _attention = Submodule(wrappedValue: GPT2Attention(c), "attn")
        _norm2 = Submodule(wrappedValue: LayerNorm(c.width, epsilon: c.epsilon), "ln_2")
        mlp = GPT2Perceptron(c)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        let y = x + attention(norm1(x), mask)
        return observed(y + mlp(norm2(y)))
    }
}

/// Causal self-attention.
private final class GPT2Attention: Module {
    @Submodule private var input: TransposedLinear
    @Submodule private var output: TransposedLinear
    private let dropout: Dropout
    private let heads: Int
    private let attentionDropout: Double

    init(_ c: GPT2Configuration) {
        _input = Submodule(wrappedValue: TransposedLinear(c.width, 3 * c.width, c.deviation), "c_attn")
        _output = Submodule(wrappedValue: TransposedLinear(c.width, c.width, c.deviation), "c_proj")
        (dropout, heads, attentionDropout) = (Dropout(c.dropout), c.heads, c.attentionDropout)
        super.init()
    }

    func callAsFunction(_ x: Tensor, _ mask: Tensor?) -> Tensor {
        let width = x.shape[2]
        let parts = input(x).split(sizes: [width, width, width], axis: 2)
        let y = Tensor.attention(
            parts[0], parts[1], parts[2], heads: heads, mask: mask, causal: true,
            dropout: isTraining ? attentionDropout : 0)
        return observed(dropout(output(y)))
    }
}

/// The perceptron.
private final class GPT2Perceptron: Module {
    @Submodule private var input: TransposedLinear
    @Submodule private var output: TransposedLinear
    private let dropout: Dropout
    private let activation: TextActivation

    init(_ c: GPT2Configuration) {
        _input = Submodule(wrappedValue: TransposedLinear(c.width, c.hidden, c.deviation), "c_fc")
        _output = Submodule(wrappedValue: TransposedLinear(c.hidden, c.width, c.deviation), "c_proj")
        (dropout, activation) = (Dropout(c.dropout), c.activation)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        observed(dropout(output(activation(input(x)))))
    }
}

/// `x · weight + bias` with the weight as `[inputs, outputs]`: Hugging Face's `Conv1D`.
private final class TransposedLinear: Module {
    @Parameter private var weight: Tensor
    @Parameter private var bias: Tensor

    init(_ inputs: Int, _ outputs: Int, _ deviation: Double) {
        _weight = Parameter(wrappedValue: Initializer.normal(standardDeviation: deviation)([inputs, outputs]))
        _bias = Parameter(wrappedValue: .zeros([outputs]))
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { observed(x.linear(weight.transposed(0, 1), bias)) }
}
