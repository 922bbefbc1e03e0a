// SPDX-License-Identifier: Apache-2.0
// Division of each item by its root mean square over the last axes.

public import LockstepTensor

/// Divides by the root mean square over the last axes of each item: `y = x / √(mean(x²) + ε) · weight`.
///
/// Zhang and Sennrich, *Root Mean Square Layer Normalization* (2019).
///
/// - Shape: `[*, normalizedShape…]`; unchanged.
/// - Note: PyTorch: `torch.nn.RMSNorm`; Llama and others take `epsilon: 1e-6`.
public final class RMSNorm: Module, UnaryLayer, NormalizationLayer {
    private let _weight: Parameter?
    /// The sizes of the axes normalised over.
    public let normalizedShape: Shape
    /// Added to the mean of the squares; nil for the rounding of the input's type.
    public let epsilon: Double?

    /// - Parameters:
    ///   - normalizedShape: The sizes of the last axes.
    ///   - elementwiseAffine: Whether to learn a weight for each position.
    public init(_ normalizedShape: Shape, epsilon: Double? = nil, elementwiseAffine: Bool = true) {
        self.normalizedShape = normalizedShape
        self.epsilon = epsilon
        _weight = elementwiseAffine ? Parameter(wrappedValue: .ones(normalizedShape)) : nil
        super.init()
    }

    /// - Parameter width: The size of the last axis.
    public convenience init(_ width: Int, epsilon: Double? = nil, elementwiseAffine: Bool = true) {
        self.init([width], epsilon: epsilon, elementwiseAffine: elementwiseAffine)
    }

    /// As ``normalizedShape``; nil when not affine. Assigning keeps the parameter.
    public var weight: Tensor? {
        get { _weight?.wrappedValue }
        set { assign(newValue, to: _weight, "weight") }
    }

    public override var describeExtra: String {
        (normalizedShape.rank == 1 ? "\(normalizedShape[0])" : "\(normalizedShape)")
            + (epsilon.map { ", epsilon: \($0)" } ?? "") + (_weight == nil ? ", elementwiseAffine: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(x.rmsNorm(normalizedShape: normalizedShape, weight: _weight?.wrappedValue, epsilon: epsilon))
    }
}

extension RMSNorm: Configurable {
    public static let configuration = Configuration(RMSNorm.self) {
        Field("normalizedShape", \.normalizedShape.dimensions)
        Field("epsilon", \.epsilon, python: "eps")
        Field("affine", { $0.weight != nil }, python: "elementwise_affine")
    } make: { fields in
        let (shape, affine): ([Int], Bool) = (try fields("normalizedShape"), try fields("affine"))
        try fields.check(
            (1...Shape.maxRank).contains(shape.count) && shape.allSatisfy { $0 > 0 }, "\(shape) is no shape")
        if affine { try fields.claim(shape) }
        return RMSNorm(Shape(shape), epsilon: try fields("epsilon"), elementwiseAffine: affine)
    }
}
