// SPDX-License-Identifier: Apache-2.0
// Normalisation of each channel of each image.

public import LockstepTensor

/// Normalises each channel of each image by itself: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// Ulyanov et al., *Instance Normalization* (2016). With `trackRunningStats` the statistics are averaged over images and
/// batches, and used in place of the image's own when not training.
///
/// - Shape: `[N, channels, H, W]`; unchanged.
/// - Note: PyTorch: `torch.nn.InstanceNorm2d`: neither affine nor tracking unless asked.
public final class InstanceNorm2d: Module, UnaryLayer, NormalizationLayer {
    private let _weight: Parameter?
    private let _bias: Parameter?
    private let _runningMean: Buffer?
    private let _runningVariance: Buffer?
    private let _batchesTracked: Buffer?
    /// Number of channels.
    public let channels: Int
    /// Added to the variance.
    public let epsilon: Double
    /// The weight of a new batch in the running statistics; nil for the plain average of all batches.
    public let momentum: Double?

    /// A layer for so many channels, with PyTorch's defaults.
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = false,
        trackRunningStats: Bool = false, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            channels > 0, "InstanceNorm2d(\(channels)): the number of channels must be positive", file: file, line: line
        )
        self.channels = channels
        self.epsilon = epsilon
        self.momentum = momentum
        _weight = affine ? Parameter(wrappedValue: .ones([channels])) : nil
        _bias = affine && bias ? Parameter(wrappedValue: .zeros([channels])) : nil
        _runningMean = trackRunningStats ? Buffer(wrappedValue: .zeros([channels]), "running_mean") : nil
        _runningVariance = trackRunningStats ? Buffer(wrappedValue: .ones([channels]), "running_var") : nil
        _batchesTracked =
            trackRunningStats ? Buffer(wrappedValue: Tensor(0, dtype: .int64), "num_batches_tracked") : nil
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
    /// `[channels]`; nil when not tracked.
    public var runningMean: Tensor? { _runningMean?.value }
    /// `[channels]`; nil when not tracked.
    public var runningVariance: Tensor? { _runningVariance?.value }

    public override var describeExtra: String {
        "\(channels)" + (epsilon == 1e-5 ? "" : ", epsilon: \(epsilon)")
            + (_weight == nil ? "" : _bias == nil ? ", affine: true, bias: false" : ", affine: true")
            + (_runningMean == nil ? "" : ", trackRunningStats: true")
    }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            x.rank == 4 && x.shape[1] == channels, "\(label): needs an input [N, \(channels), H, W], not \(x.shape)")
        if let mean = _runningMean, let variance = _runningVariance, let batches = _batchesTracked {
            if !isTraining {
                return observed(
                    x.batchNorm(
                        mean: mean.value, variance: variance.value, weight: _weight?.wrappedValue,
                        bias: _bias?.wrappedValue, epsilon: epsilon))
            }
            if x.count > 0 {
                withNoGrad {
                    // PyTorch leaves the count at 0; here it counts where the plain average needs it.
                    if momentum == nil { Tensor.add(Tensor(1, dtype: .int64), into: batches.value) }
                    let share = momentum ?? 1 / batches.value.item()
                    let pixels = x.detached.flattened(from: 2)
                    mean.wrappedValue = mean.value * (1 - share) + pixels.mean(axes: [0, 2]) * share
                    let spread = pixels.variance(axes: [2], correction: 1).mean(axes: [0])
                    variance.wrappedValue = variance.value * (1 - share) + spread * share
                }
            }
        }
        return observed(x.instanceNorm(weight: _weight?.wrappedValue, bias: _bias?.wrappedValue, epsilon: epsilon))
    }
}

extension InstanceNorm2d: Configurable {
    public static let configuration = Configuration(InstanceNorm2d.self) {
        Field("channels", \.channels, .size, python: "num_features")
        Field("epsilon", \.epsilon, python: "eps")
        Field("momentum", \.momentum)
        Field("affine", { $0.weight != nil })
        Field("tracks", { $0.runningMean != nil }, python: "track_running_stats")
        Field("bias", { $0.bias != nil || $0.weight == nil }, absent: true)
    } make: { fields in
        try fields.claimChannelNorm()
        return InstanceNorm2d(
            try fields("channels"), epsilon: try fields("epsilon"), momentum: try fields("momentum"),
            affine: try fields("affine"), trackRunningStats: try fields("tracks"), bias: try fields("bias"))
    }
}
