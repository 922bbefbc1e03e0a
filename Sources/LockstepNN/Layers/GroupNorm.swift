// SPDX-License-Identifier: Apache-2.0
// Normalisation of groups of channels within an item.

public import LockstepTensor

/// Normalises groups of channels of each item: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// Wu and He, *Group Normalization* (2018). Independent of the batch, in both modes.
///
/// - Shape: `[N, channels, *]`; unchanged.
/// - Note: PyTorch: `torch.nn.GroupNorm`. As in fastai it does not count as a normalisation layer for weight decay.
public final class GroupNorm: Module, UnaryLayer {
    private let _weight: Parameter?
    private let _bias: Parameter?
    /// Number of groups.
    public let groups: Int
    /// Number of channels.
    public let channels: Int
    /// Added to the variance.
    public let epsilon: Double

    /// - Parameters:
    ///   - affine: Whether to learn a weight and, with `bias`, an offset for each channel.
    /// - Precondition: `groups` divides `channels`.
    public init(
        _ groups: Int, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            groups > 0 && channels > 0 && channels % groups == 0,
            "GroupNorm(\(groups), \(channels)): the groups do not divide the channels", file: file, line: line)
        self.groups = groups
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
        "\(groups), \(channels)" + (epsilon == 1e-5 ? "" : ", epsilon: \(epsilon)")
            + (_weight == nil ? ", affine: false" : _bias == nil ? ", bias: false" : "")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank >= 2 && x.shape[1] == channels, "\(label): needs an input [N, \(channels), …], not \(x.shape)")
        return observed(
            x.groupNorm(groups: groups, weight: _weight?.wrappedValue, bias: _bias?.wrappedValue, epsilon: epsilon))
    }
}

extension GroupNorm: Configurable {
    public static let configuration = Configuration(GroupNorm.self) {
        Field("groups", \.groups, .size, python: "num_groups")
        Field("channels", \.channels, .size, python: "num_channels")
        Field("epsilon", \.epsilon, python: "eps")
        Field("affine", { $0.weight != nil })
        Field("bias", { $0.bias != nil || $0.weight == nil }, absent: true)
    } make: { fields in
        let (groups, channels): (Int, Int) = (try fields("groups"), try fields("channels"))
        let affine: Bool = try fields("affine")
        try fields.check(channels % groups == 0, "groups do not divide the channels")
        if affine { try fields.claim(channels) }
        return GroupNorm(groups, channels, epsilon: try fields("epsilon"), affine: affine, bias: try fields("bias"))
    }
}
