// SPDX-License-Identifier: Apache-2.0
// A table of learned vectors.

public import LockstepTensor

/// Looks vectors up in a learned table.
///
/// ```swift
/// let words = Embedding(10_000, 64)
/// words(Tensor([[1, 5], [7, 2]] as [[Int]])).shape    // [2, 2, 64]
/// ```
///
/// - Shape: integers `[*]` in `0..<count` → `[*, width]`.
/// - Note: PyTorch: `torch.nn.Embedding`, initialised normally with deviation 1.
public final class Embedding: Module, UnaryLayer {
    /// `[count, width]`.
    @Parameter public var weight: Tensor
    /// A row that starts at zero and is not trained; nil for none.
    public let paddingIndex: Int?

    /// - Parameters:
    ///   - count: Number of vectors.
    ///   - width: Size of each.
    ///   - paddingIndex: A row that stays zero; negative counts from the back.
    public init(
        _ count: Int, _ width: Int, paddingIndex: Int? = nil, initializer: Initializer = .normal(),
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(count > 0 && width > 0, "Embedding(\(count), \(width)): sizes must be positive", file: file, line: line)
        let padding = paddingIndex.map { $0 < 0 ? $0 + count : $0 }
        require(
            padding.map { (0..<count).contains($0) } ?? true,
            "Embedding(\(count), \(width)): padding index \(paddingIndex ?? 0) is not a row", file: file, line: line)
        self.paddingIndex = padding
        var table = initializer([count, width])
        if let padding {
            let rows = Tensor.arange(count).reshaped([count, 1])
            table = table * (rows .!= Double(padding)).to(.float32)
        }
        _weight = Parameter(wrappedValue: table)
        super.init()
    }

    /// Number of vectors.
    public var count: Int { $weight.value.shape[0] }
    /// Size of each vector.
    public var width: Int { $weight.value.shape[1] }

    public override var describeExtra: String {
        "\(count), \(width)" + (paddingIndex.map { ", paddingIndex: \($0)" } ?? "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(embedding(weight, x, paddingIndex: paddingIndex))
    }
}

extension Embedding: Configurable {
    public static let configuration = Configuration(Embedding.self) {
        Field("count", \.count, .size, python: "num_embeddings")
        Field("width", \.width, .size, python: "embedding_dim")
        Field("padding", \.paddingIndex, python: "padding_idx")
    } make: { fields in
        let (count, width): (Int, Int) = (try fields("count"), try fields("width"))
        let padding: Int? = try fields("padding")
        try fields.check(padding.map { $0 >= 0 && $0 < count } ?? true, "padding is not a row")
        try fields.claim(count, width)
        return Embedding(count, width, paddingIndex: padding, initializer: .zeros)
    }
}
