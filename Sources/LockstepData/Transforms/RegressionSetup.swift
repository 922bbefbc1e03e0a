// SPDX-License-Identifier: Apache-2.0
// Numbers as targets.

public import LockstepTensor

/// A number to a float32 scalar, several to a vector [count]. A number beyond float32 is an error.
///
/// Loss: mean squared error. fastai's `RegressionSetup`.
public struct RegressionSetup: Transform, Codable, Hashable, Sendable {
    /// How many numbers an item has; nil until it is learned from the first.
    public private(set) var count: Int?

    /// Targets of `count` numbers; nil counts those of the first item.
    public init(count: Int? = nil) { self.count = count }

    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { count.map { .regression(count: $0) } }

    /// Learns from items as the transforms before it leave them.
    public mutating func setup(_ items: ItemList) throws {
        if count != nil { return }
        count = items.count == 0 ? 1 : try Sample.tensor(of: items[0])?.count ?? 1
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (value: Int) in Tensor([Float(value)], shape: []) },
            TypedFunction { (value: Float) in Tensor([value], shape: []) },
            TypedFunction { (value: Double) in Tensor([try Float.held(value)], shape: []) },
            TypedFunction { (values: [Int]) in Tensor(values.map { Float($0) }) },
            TypedFunction { (values: [Float]) in Tensor(values) },
            TypedFunction { (values: [Double]) in Tensor(try values.map { try Float.held($0) }) },
            TypedFunction { (values: Tensor) in try values.heldAsFloat32() },
        ]
    }

    /// A number, or an array of several.
    public var decodes: [TypedFunction] {
        [TypedFunction { (values: Tensor) -> Any in values.count == 1 ? values.item() : values.doubles }]
    }
}

extension RegressionSetup: Configurable {
    public static let configuration = Configuration(codable: RegressionSetup.self)
}
