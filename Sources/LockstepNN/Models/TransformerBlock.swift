// SPDX-License-Identifier: Apache-2.0
// One layer of a transformer: attention, then a perceptron, each around a shortcut.

public import LockstepTensor

/// One layer of a transformer, normalising before each part: `x + attention(norm1(x))`, then `x + mlp(norm2(x))`.
///
/// The perceptron is `linear2(gelu(linear1(x)))`. With `causal` it is a block of GPT-2 (Radford et al., 2019).
///
/// - Shape: `[N, T, width]`; unchanged.
/// - Note: PyTorch: `torch.nn.TransformerEncoderLayer(…, activation: gelu, batch_first: True, norm_first: True)`, with its
///   names: `self_attn.in_proj_weight`, `linear1.weight`, `norm1.weight`, …
public final class TransformerBlock: Module, UnaryLayer {
    @Submodule private var attention: MultiheadAttention
    private let linear1: Linear
    private let linear2: Linear
    private let norm1: LayerNorm
    private let norm2: LayerNorm
    private let dropout1: Dropout
    private let dropout: Dropout
    private let dropout2: Dropout

    /// - Parameters:
    ///   - width: Size of the last axis.
    ///   - heads: Number of attention heads.
    ///   - hidden: Size of the perceptron's hidden layer; four times the width unless given.
    ///   - dropout: Probability of dropping an attention weight, a hidden value, or a value of either part's output.
    ///   - causal: Whether a position sees only earlier ones.
    public init(
        _ width: Int, _ heads: Int, hidden: Int? = nil, dropout: Double = 0, causal: Bool = false,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let attention = MultiheadAttention(
            width, heads, dropout: dropout, batchFirst: true, causal: causal, file: file, line: line)
        _attention = Submodule(wrappedValue: attention, "self_attn")
        linear1 = Linear(width, hidden ?? 4 * width, file: file, line: line)
        linear2 = Linear(hidden ?? 4 * width, width, file: file, line: line)
        norm1 = LayerNorm(width)
        norm2 = LayerNorm(width)
        dropout1 = Dropout(dropout, file: file, line: line)
        self.dropout = Dropout(dropout, file: file, line: line)
        dropout2 = Dropout(dropout, file: file, line: line)
        super.init()
    }

    // What the block was made of.
    package var width: Int { attention.width }
    package var heads: Int { attention.heads }
    package var hidden: Int { linear1.outputs }
    package var dropoutRate: Double { dropout.p }
    package var causal: Bool { attention.causal }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let y = dropout1.isInactive ? attention(norm1(x), adding: x) : x + dropout1(attention(norm1(x)))
        let hidden = dropout(linear1(norm2(y), then: .gelu))
        return observed(dropout2.isInactive ? linear2(hidden, adding: y) : y + dropout2(linear2(hidden)))
    }
}

extension TransformerBlock: Configurable {
    public static let configuration = Configuration(TransformerBlock.self) {
        Field("width", \.width, .size, python: "d_model")
        Field("heads", \.heads, .size, python: "nhead")
        Field("hidden", \.hidden, .size, python: "dim_feedforward")
        Field("dropout", \.dropoutRate, .within(0...1))
        Field("causal", \.causal)
    } make: { fields in
        let (width, heads) = try fields.claimAttention()
        let hidden: Int = try fields("hidden")
        try fields.claim(2, width, hidden)
        return TransformerBlock(
            width, heads, hidden: hidden, dropout: try fields("dropout"), causal: try fields("causal"))
    }
}
