// SPDX-License-Identifier: Apache-2.0
// What text models have under their heads: a vector for each token.

public import LockstepNN
public import LockstepTensor

/// A network that makes a vector of each token of a text: the part of a text model that is pretrained.
///
/// As a model by itself it takes a batch's inputs, numbers of tokens `[N, T]` and, if there are more, the attention mask
/// `[N, T]` (0 where filled up) and the types `[N, T]`, and gives `[N, T, width]`.
public class TextBody: Module {
    /// The size of the vector of a token.
    public let width: Int
    /// The most tokens of a text.
    public let context: Int
    /// The number of different tokens.
    public let vocabulary: Int

    init(vocabulary: Int, width: Int, context: Int) {
        (self.vocabulary, self.width, self.context) = (vocabulary, width, context)
        super.init()
    }

    /// The vectors of the tokens, `[N, T, width]`.
    ///
    /// - Parameters:
    ///   - ids: integers `[N, T]`, `T` at most ``context``.
    ///   - mask: `[N, T]`, 0 or false where a text is filled up; nil where none is.
    ///   - types: which text of a pair a token belongs to, `[N, T]`; nil for the first. Networks without types do not look.
    public func hidden(_ ids: Tensor, mask: Tensor? = nil, types: Tensor? = nil) -> Tensor {
        stop("\(typeName): override hidden(_:mask:types:)", file: #fileID, line: #line)
    }

    /// The parts from the input to the output: embeddings, then a layer each. For parameter groups.
    public var stages: [Module] { children() }

    /// What decides how much it computes.
    struct Sizes {
        let layers: Int
        /// The width of the perceptrons' hidden layers.
        let hidden: Int
        /// How many texts of a pair it tells apart; nil where it does not look.
        var types: Int?
    }
    var sizes: Sizes { stop("\(typeName): override sizes", file: #fileID, line: #line) }

    /// The name that the file of a model with a head gives the body: `bert`.
    public var savedName: String { "body" }

    public final override func forward(_ inputs: [Tensor]) -> [Tensor] {
        require(
            (1...3).contains(inputs.count),
            "\(typeName): takes numbers of tokens, a mask and types, not \(inputs.count) inputs")
        return [
            hidden(inputs[0], mask: inputs.count > 1 ? inputs[1] : nil, types: inputs.count > 2 ? inputs[2] : nil)
        ]
    }

    final func check(_ ids: Tensor) {
        require(
            ids.rank == 2 && ids.shape[1] <= context,
            "\(typeName): tokens of shape \(ids.shape), expected [N, T] with T at most \(context)")
    }
}

/// What a transformer's hidden layer passes through, as files name it.
public enum TextActivation: String, Hashable, Codable, Sendable {
    case gelu, relu
    /// GPT-2's approximation by a hyperbolic tangent.
    case tanhGELU = "gelu_new"

    /// `activation(linear(x))`.
    func callAsFunction(_ linear: Linear, _ x: Tensor) -> Tensor {
        switch self {
        case .gelu: linear(x, then: .gelu)
        case .relu: linear(x, then: .relu)
        case .tanhGELU: self(linear(x))
        }
    }

    /// The activation by itself.
    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: x.gelu()
        case .relu: x.relu()
        case .tanhGELU: x.gelu(approximation: .tanh)
        }
    }
}

extension Tensor {
    /// A mask `[N, T]` as attention takes it: bool `[N, 1, 1, T]`.
    var asKeyMask: Tensor {
        let isLooked = dtype == .bool ? self : self .!= 0
        return isLooked.reshaped([shape[0], 1, 1, shape[1]])
    }

    /// `[N, T, heads · d]` → `[N, heads, T, d]`, a view.
    func cut(intoHeads heads: Int) -> Tensor {
        reshaped([shape[0], shape[1], heads, shape[2] / heads]).permuted([0, 2, 1, 3])
    }

    /// Attention of queries, keys and values `[N, T, width]` in heads; while training weights are dropped as the place of an
    /// item in the global batch says.
    static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, mask: Tensor?, causal: Bool = false, dropout: Double
    ) -> Tensor {
        attentionDroppedByItem(
            q.cut(intoHeads: heads), k.cut(intoHeads: heads), v.cut(intoHeads: heads), mask: mask, causal: causal,
            dropout: dropout
        ).permuted([0, 2, 1, 3]).flattened(from: 2)
    }
}

extension Linear {
    /// As transformers are initialised: weights normal, offsets 0.
    static func transformer(_ inputs: Int, _ outputs: Int, _ deviation: Double) -> Linear {
        let layer = Linear(inputs, outputs)
        layer.weight = Initializer.normal(standardDeviation: deviation)([outputs, inputs])
        layer.bias = .zeros([outputs])
        return layer
    }
}
