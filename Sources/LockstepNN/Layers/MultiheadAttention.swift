// SPDX-License-Identifier: Apache-2.0
// Attention with several heads.

public import LockstepTensor

/// Attention with several heads: `softmax(q·kᵀ/√d)·v` in each head, with learned projections before and after.
///
/// Vaswani et al., *Attention Is All You Need* (2017), section 3.2.2.
///
/// ```swift
/// let attention = MultiheadAttention(64, 4, batchFirst: true)
/// let x = Tensor.zeros([32, 10, 64])
/// attention(x, x, x, causal: true)      // [N, T, 64]; attention(x) is the same with the layer's own `causal`
/// ```
///
/// - Shape: query `[T, N, width]`, key and value `[S, N, width]` → `[T, N, width]`; the batch first with `batchFirst`.
/// - Note: PyTorch: `torch.nn.MultiheadAttention`, with its names and initialisation; returns no weights. A boolean mask is
///   true where a query *may* look, as in `scaled_dot_product_attention`.
public final class MultiheadAttention: Module, UnaryLayer {
    @Parameter private var inputWeight: Tensor
    private let inputBias: Parameter?
    @Submodule private var outputProjection: Linear
    /// Size of the last axis of inputs and output.
    public let width: Int
    /// Number of heads.
    public let heads: Int
    /// Probability of dropping an attention weight, while training.
    public var dropout: Double
    /// Whether inputs are `[N, T, …]` and not `[T, N, …]`.
    public let batchFirst: Bool
    /// Whether self-attention called with one argument looks only at earlier positions.
    public let causal: Bool

    /// - Parameters:
    ///   - width: Size of the last axis of inputs and output.
    ///   - heads: Number of heads; each works on `width / heads` values.
    ///   - dropout: Probability of dropping an attention weight, while training.
    ///   - bias: Whether the projections have offsets.
    ///   - batchFirst: Whether inputs are `[N, T, …]`. The default is PyTorch's, `[T, N, …]`.
    ///   - causal: Whether self-attention called with one argument looks only at earlier positions.
    /// - Precondition: `heads` divides `width`.
    public init(
        _ width: Int, _ heads: Int, dropout: Double = 0, bias: Bool = true, batchFirst: Bool = false,
        causal: Bool = false,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            width > 0 && heads > 0 && width % heads == 0,
            "MultiheadAttention(\(width), \(heads)): the heads do not divide the width", file: file, line: line)
        self.width = width
        self.heads = heads
        self.dropout = dropout
        self.batchFirst = batchFirst
        self.causal = causal
        _inputWeight = Parameter(wrappedValue: Initializer.xavierUniform()([3 * width, width]), "in_proj_weight")
        inputBias = bias ? Parameter(wrappedValue: .zeros([3 * width]), "in_proj_bias") : nil
        let output = Linear(width, width, bias: bias, file: file, line: line)
        if bias { output.bias = .zeros([width]) }
        _outputProjection = Submodule(wrappedValue: output, "out_proj")
        super.init()
    }

    /// Whether the projections have offsets.
    package var hasBias: Bool { inputBias != nil }

    public override var describeExtra: String {
        "\(width), \(heads)" + (dropout == 0 ? "" : ", dropout: \(dropout)") + (inputBias == nil ? ", bias: false" : "")
            + (batchFirst ? ", batchFirst: true" : "") + (causal ? ", causal: true" : "")
    }

    /// Self-attention.
    public func callAsFunction(_ x: Tensor) -> Tensor { self(x, x, x, causal: causal) }

    /// `shortcut` plus self-attention of `x`, added where the last product is stored unless somebody observes.
    func callAsFunction(_ x: Tensor, adding shortcut: Tensor) -> Tensor {
        observers.isEmpty ? output(x, x, x, nil, causal, adding: shortcut) : shortcut + self(x)
    }

    /// Attention of queries to keys and their values.
    ///
    /// - Parameters:
    ///   - mask: Broadcasts to `[N, heads, T, S]`. Bool: true where a query may look. Floating: added to the scores.
    ///   - causal: Whether query t sees keys 0 … t only.
    public func callAsFunction(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, causal: Bool = false
    ) -> Tensor {
        observed(output(query, key, value, mask, causal, adding: nil))
    }

    private func output(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ causal: Bool, adding shortcut: Tensor?
    ) -> Tensor {
        for (name, x) in [("query", query), ("key", key), ("value", value)] {
            require(
                x.rank == 3 && x.shape[2] == width,
                "\(label): the \(name) must be [\(batchFirst ? "N, T" : "T, N"), \(width)], not \(x.shape)")
        }
        let (q, k, v) = projected(query, key, value)
        let y = Tensor.attentionDroppedByItem(
            q, k, v, mask: mask, causal: causal, dropout: isTraining ? dropout : 0)
        // [N, H, T, d] → [N, T, H·d], or [T, N, H·d].
        let joined = y.permuted(batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]).flattened(from: 2)
        return outputProjection(joined, adding: shortcut)
    }

    /// Queries, keys and values, each `[N, H, T, d]`.
    private func projected(_ query: Tensor, _ key: Tensor, _ value: Tensor) -> (Tensor, Tensor, Tensor) {
        let sizes = [width, width, width]
        let parts: [Tensor]
        if query.isSame(as: key) && key.isSame(as: value) {
            parts = query.linear(inputWeight, inputBias?.wrappedValue).split(sizes: sizes, axis: 2)  // one product
        } else {
            let weights = inputWeight.split(sizes: sizes)
            let biases = inputBias?.wrappedValue.split(sizes: sizes)
            parts = [query, key, value].enumerated().map { $1.linear(weights[$0], biases?[$0]) }
        }
        return (heads(of: parts[0]), heads(of: parts[1]), heads(of: parts[2]))
    }

    /// `[N, T, H·d]` or `[T, N, H·d]` → `[N, H, T, d]`, a view where memory allows.
    private func heads(of x: Tensor) -> Tensor {
        x.reshaped([x.shape[0], x.shape[1], heads, width / heads]).permuted(batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3])
    }
}

extension MultiheadAttention: Configurable {
    public static let configuration = Configuration(MultiheadAttention.self) {
        Field("width", \.width, .size, python: "embed_dim")
        Field("heads", \.heads, .size, python: "num_heads")
        Field("dropout", \.dropout, .within(0...1))
        Field("bias", \.hasBias)
        Field("batchFirst", \.batchFirst)
        Field("causal", \.causal)
    } make: { fields in
        let (width, heads) = try fields.claimAttention()
        return MultiheadAttention(
            width, heads, dropout: try fields("dropout"), bias: try fields("bias"),
            batchFirst: try fields("batchFirst"), causal: try fields("causal"))
    }
}

extension ExportFields {
    /// Claims the projections of an attention; its heads must divide the width.
    func claimAttention() throws -> (width: Int, heads: Int) {
        let (width, heads): (Int, Int) = (try self("width"), try self("heads"))
        try check(width % heads == 0, "the heads do not divide the width")
        try claim(4, width, width)
        return (width, heads)
    }
}

extension Tensor {
    /// Whether this is the very same value: memory, layout and place in the graph.
    fileprivate func isSame(as other: Tensor) -> Bool { body === other.body && node === other.node }
}
