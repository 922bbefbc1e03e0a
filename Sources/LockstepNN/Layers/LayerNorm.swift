// SPDX-License-Identifier: Apache-2.0
// Normalisation over the last axes of each item.

public import LockstepTensor

/// Normalises over the last axes of each item: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// Ba et al., *Layer Normalization* (2016).
///
/// - Shape: `[*, normalizedShape…]`; unchanged.
/// - Note: PyTorch: `torch.nn.LayerNorm`.
public final class LayerNorm: Module, UnaryLayer, NormalizationLayer {
    private let _weight: Parameter?
    private let _bias: Parameter?
    /// The sizes of the axes normalised over.
    public let normalizedShape: Shape
    /// Added to the variance.
    public let epsilon: Double

    /// - Parameters:
    ///   - normalizedShape: The sizes of the last axes.
    ///   - elementwiseAffine: Whether to learn a weight and, with `bias`, an offset for each position.
    public init(_ normalizedShape: Shape, epsilon: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true) {
        self.normalizedShape = normalizedShape
        self.epsilon = epsilon
        _weight = elementwiseAffine ? Parameter(wrappedValue: .ones(normalizedShape)) : nil
        _bias = elementwiseAffine && bias ? Parameter(wrappedValue: .zeros(normalizedShape)) : nil
        super.init()
    }

    /// - Parameter width: The size of the last axis.
    public convenience init(_ width: Int, epsilon: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true) {
        self.init([width], epsilon: epsilon, elementwiseAffine: elementwiseAffine, bias: bias)
    }

    /// As ``normalizedShape``; nil when not affine. Assigning keeps the parameter.
    public var weight: Tensor? {
        get { _weight?.wrappedValue }
        set { assign(newValue, to: _weight, "weight") }
    }
    /// As ``normalizedShape``; nil without an offset. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        (normalizedShape.rank == 1 ? "\(normalizedShape[0])" : "\(normalizedShape)")
            + (epsilon == 1e-5 ? "" : ", epsilon: \(epsilon)")
            + (_weight == nil ? ", elementwiseAffine: false" : _bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        observed(
            x.layerNorm(
                normalizedShape: normalizedShape, weight: _weight?.wrappedValue, bias: _bias?.wrappedValue,
                epsilon: epsilon))
    }
}

extension LayerNorm: Configurable {
    public static let configuration = Configuration(LayerNorm.self) {
        Field("shape", \.normalizedShape.dimensions, python: "normalized_shape")
        Field("epsilon", \.epsilon, python: "eps")
        Field("affine", { $0.weight != nil }, python: "elementwise_affine")
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (shape, affine): ([Int], Bool) = (try fields("shape"), try fields("affine"))
        try fields.check(
            (1...Shape.maxRank).contains(shape.count) && shape.allSatisfy { $0 > 0 }, "\(shape) is no shape")
        if affine { try fields.claim(shape) }
        return LayerNorm(
            Shape(shape), epsilon: try fields("epsilon"), elementwiseAffine: affine, bias: try fields("bias"))
    }
}
