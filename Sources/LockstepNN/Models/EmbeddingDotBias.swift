// SPDX-License-Identifier: Apache-2.0
// Collaborative filtering: what a user thinks of an item.

public import LockstepTensor

/// The product of a user's and an item's learned vectors, plus a bias of each.
///
/// Koren, Bell and Volinsky, *Matrix Factorization Techniques for Recommender Systems* (2009).
///
/// ```swift
/// EmbeddingDotBias(factors: 50, users: 900, items: 1_600, range: 0...5.5)
/// ```
///
/// - Shape: integers `[N, 2]`, user and item → `[N]`.
/// - Note: fastai: `EmbeddingDotBias`, with its initialisation and its names.
public final class EmbeddingDotBias: Module, UnaryLayer {
    @Submodule var userWeight: Embedding
    @Submodule var itemWeight: Embedding
    @Submodule var userBias: Embedding
    @Submodule var itemBias: Embedding
    /// Bounds that a sigmoid keeps the output in; nil for none.
    public let range: ClosedRange<Double>?

    /// - Parameters:
    ///   - factors: Size of the vectors.
    ///   - users: Number of users.
    ///   - items: Number of items.
    ///   - range: Bounds that a sigmoid keeps the output in.
    public init(
        factors: Int, users: Int, items: Int, range: ClosedRange<Double>? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        func table(_ count: Int, _ width: Int) -> Embedding {
            Embedding(
                count, width, initializer: .truncatedNormal(standardDeviation: 0.01), file: file, line: line)
        }
        _userWeight = Submodule(wrappedValue: table(users, factors), "u_weight")
        _itemWeight = Submodule(wrappedValue: table(items, factors), "i_weight")
        _userBias = Submodule(wrappedValue: table(users, 1), "u_bias")
        _itemBias = Submodule(wrappedValue: table(items, 1), "i_bias")
        self.range = range
        super.init()
    }

    /// Number of users.
    public var users: Int { userWeight.count }
    /// Number of items.
    public var items: Int { itemWeight.count }
    /// Size of the vectors.
    public var factors: Int { userWeight.width }

    public override var describeExtra: String {
        "factors: \(factors), users: \(users), items: \(items)" + (range.map { ", range: \($0)" } ?? "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 2 && x.shape[1] == 2 && x.dtype.isInteger,
            "\(label): needs integers [N, 2], user and item, not \(x.dtype) \(x.shape)")
        let (user, item) = (x[.all, 0], x[.all, 1])
        let product = (userWeight(user) * itemWeight(item)).sum(axis: 1)
        let sum = product + userBias(user).squeezed(axis: 1) + itemBias(item).squeezed(axis: 1)
        return observed(range.map { sum.sigmoid(within: $0) } ?? sum)
    }
}

extension EmbeddingDotBias: Configurable {
    public static let configuration = Configuration(EmbeddingDotBias.self) {
        Field("factors", \.factors, .size, python: "n_factors")
        Field("users", \.users, .size, python: "n_users")
        Field("items", \.items, .size, python: "n_items")
        Field("range", { $0.range.map { [$0.lowerBound, $0.upperBound] } }, python: "y_range")
    } make: { fields in
        let (factors, users, items): (Int, Int, Int) = (
            try fields("factors"), try fields("users"), try fields("items")
        )
        let range: [Double]? = try fields("range")
        try fields.check(
            range.map { $0.count == 2 && $0[0] <= $0[1] } ?? true, "\(range ?? []) is no range")
        try fields.claim(users, factors)
        try fields.claim(items, factors)
        return EmbeddingDotBias(
            factors: factors, users: users, items: items, range: range.map { $0[0]...$0[1] })
    }
}
