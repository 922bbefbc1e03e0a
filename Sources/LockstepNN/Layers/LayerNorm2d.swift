// SPDX-License-Identifier: Apache-2.0
// Normalisation of each pixel over its channels.

public import LockstepTensor

/// Normalises each pixel over its channels: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// Ba et al., *Layer Normalization* (2016), as Liu et al., *A ConvNet for the 2020s* (2022), use it. Images lie
/// channels-last in memory here, so that nothing is copied.
///
/// - Shape: `[N, channels, H, W]`; unchanged.
/// - Note: timm's and torchvision's `LayerNorm2d`, with timm's ε.
public final class LayerNorm2d: Module, UnaryLayer, NormalizationLayer {
    private let _weight: Parameter?
    private let _bias: Parameter?
    /// Number of channels.
    public let channels: Int
    /// Added to the variance.
    public let epsilon: Double

    /// - Parameters:
    ///   - channels: Size of axis 1 of the input.
    ///   - affine: Whether to learn a weight and, with `bias`, an offset for each channel.
    public init(
        _ channels: Int, epsilon: Double = 1e-6, affine: Bool = true, bias: Bool = true, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            channels > 0, "LayerNorm2d(\(channels)): the number of channels must be positive", file: file, line: line)
        self.channels = channels
        self.epsilon = epsilon
        _weight = affine ? Parameter(wrappedValue: .ones([channels])) : nil
        _bias = affine && bias ? Parameter(wrappedValue: .zeros([channels])) : nil
        super.init()
    }

    /// `[channels]`; nil when not affine. Assigning keeps the parameter.
    public var weight: Tensor? {
        get { _weight?.wrappedValue }
        set { assign(newValue, to: _weight, "weight") }
    }
    /// `[channels]`; nil without an offset. Assigning keeps the parameter.
    public var bias: Tensor? {
        get { _bias?.wrappedValue }
        set { assign(newValue, to: _bias, "bias") }
    }

    public override var describeExtra: String {
        "\(channels)" + (epsilon == 1e-6 ? "" : ", epsilon: \(epsilon)")
            + (_weight == nil ? ", affine: false" : _bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 4 && x.shape[1] == channels, "\(label): needs an input [N, \(channels), H, W], not \(x.shape)")
        let pixels = x.permuted([0, 2, 3, 1]).layerNorm(
            normalizedShape: [channels], weight: _weight?.wrappedValue, bias: _bias?.wrappedValue, epsilon: epsilon)
        return observed(pixels.permuted([0, 3, 1, 2]))
    }
}

extension LayerNorm2d: Configurable {
    public static let configuration = Configuration(LayerNorm2d.self) {
        Field("channels", \.channels, .size, python: "num_channels")
        Field("epsilon", \.epsilon, python: "eps")
        Field("affine", { $0.weight != nil })
        Field("bias", { $0.bias != nil })
    } make: { fields in
        let (channels, affine): (Int, Bool) = (try fields("channels"), try fields("affine"))
        if affine { try fields.claim(channels) }
        return LayerNorm2d(channels, epsilon: try fields("epsilon"), affine: affine, bias: try fields("bias"))
    }
}
