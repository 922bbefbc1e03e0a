// SPDX-License-Identifier: Apache-2.0
// A small transformer that predicts the next token.

public import LockstepTensor

/// A language model of causal transformer blocks, in the form of GPT-2.
///
/// `head(norm(blocks(embedding[token] + positions[0 ..< T])))`. Radford et al., *Language Models are Unsupervised Multitask
/// Learners* (2019); the weights are initialised as there, with deviation 0.02.
///
/// ```swift
/// let model = GPT(vocabulary: 65, context: 64, width: 128, layers: 4, heads: 4)
/// model(Tensor.zeros([8, 64], dtype: .int64)).shape     // [8, 64, 65]
/// ```
///
/// - Shape: integers `[N, T]` in `0 ..< vocabulary`, `T ≤ context` → scores `[N, T, vocabulary]`.
/// - Note: names as in Hugging Face's `GPT2LMHeadModel` for `wte`, `wpe`, `ln_f` and `lm_head`; the blocks are
///   `torch.nn.TransformerEncoderLayer`'s, under `h`.
public final class GPT: Module, UnaryLayer {
    @Submodule private var tokens: Embedding
    @Submodule private var positions: Embedding
    @Submodule private var dropout: Dropout
    @Submodule private var blocks: [TransformerBlock]
    @Submodule private var norm: LayerNorm
    @Submodule private var head: Linear
    /// The number of different tokens.
    public let vocabulary: Int
    /// The most tokens it can look at.
    public let context: Int
    // The rest of what the model was made of.
    package let (width, layers, heads, dropoutRate): (Int, Int, Int, Double)

    /// - Parameters:
    ///   - vocabulary: The number of different tokens.
    ///   - context: The most tokens it can look at.
    ///   - width: Size of the vector of each position.
    ///   - layers: Number of blocks.
    ///   - heads: Number of attention heads in each; divides the width.
    ///   - dropout: Probability of dropping a value, in the blocks and after the embeddings.
    public init(
        vocabulary: Int, context: Int, width: Int = 128, layers: Int = 4, heads: Int = 4, dropout: Double = 0,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            vocabulary > 0 && context > 0 && layers > 0,
            "GPT(vocabulary: \(vocabulary), context: \(context), layers: \(layers)): sizes must be positive",
            file: file,
            line: line)
        (self.vocabulary, self.context) = (vocabulary, context)
        (self.width, self.layers, self.heads, dropoutRate) = (width, layers, heads, dropout)
        let small = Initializer.normal(standardDeviation: 0.02)
        _tokens = Submodule(
            wrappedValue: Embedding(vocabulary, width, initializer: small, file: file, line: line), "wte")
        _positions = Submodule(
            wrappedValue: Embedding(context, width, initializer: small, file: file, line: line), "wpe")
        _dropout = Submodule(wrappedValue: Dropout(dropout, file: file, line: line), "drop")
        let blocks = (0..<layers).map { _ in
            TransformerBlock(width, heads, dropout: dropout, causal: true, file: file, line: line)
        }
        _blocks = Submodule(wrappedValue: blocks, "h")
        _norm = Submodule(wrappedValue: LayerNorm(width), "ln_f")
        let head = Linear(width, vocabulary, bias: false, file: file, line: line)
        head.weight = small([vocabulary, width])
        _head = Submodule(wrappedValue: head, "lm_head")
        super.init()
    }

    public override var describeExtra: String { "vocabulary: \(vocabulary), context: \(context)" }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 2 && x.shape[1] <= context,
            "GPT: tokens of shape \(x.shape), expected [N, T] with T at most the context of \(context)")
        var hidden = dropout(tokens(x) + positions(Tensor.arange(x.shape[1])))
        for block in blocks { hidden = block(hidden) }
        return observed(head(norm(hidden)))
    }
}

extension GPT: Configurable {
    public static let configuration = Configuration(GPT.self) {
        Field("vocabulary", \.vocabulary, .size, python: "vocab_size")
        Field("context", \.context, .size, python: "n_positions")
        Field("width", \.width, .size, python: "n_embd")
        Field("layers", \.layers, .size, python: "n_layer")
        Field("heads", \.heads, .size, python: "n_head")
        Field("dropout", \.dropoutRate, .within(0...1))
    } make: { fields in
        let (vocabulary, context): (Int, Int) = (try fields("vocabulary"), try fields("context"))
        let (width, layers, heads): (Int, Int, Int) = (try fields("width"), try fields("layers"), try fields("heads"))
        try fields.check(width % heads == 0, "\(heads) heads do not divide a width of \(width)")
        try fields.claim(parts: layers, 12)
        for size in [vocabulary, context, vocabulary] { try fields.claim(size, width) }
        try fields.claim(layers, 12, width, width)
        return GPT(
            vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads,
            dropout: try fields("dropout"))
    }
}
