// SPDX-License-Identifier: Apache-2.0
// Batch normalisation with running statistics.

public import LockstepTensor

/// Normalises each channel over the batch: `y = (x − mean) / √(variance + ε) · weight + bias`.
///
/// Ioffe and Szegedy, *Batch Normalization* (2015). While training, mean and (biased) variance are the batch's, and running
/// averages of both are kept; otherwise the running averages are used. Use ``BatchNorm1d``, ``BatchNorm2d``, ``BatchNorm3d``.
public class BatchNorm: Module, UnaryLayer, NormalizationLayer, Configurable {
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
    /// Adds up a float64 vector over all ranks, when the batch's statistics are to be those of the global batch. Nil, the
    /// default, keeps each rank's own. Every rank must run the same layers in the same order.
    public var statisticsReducer: ((Tensor) -> Tensor)?
    /// Told, instead of the end, of a batch with one value per channel, which has no variance; what is normalised then is of
    /// no use. For whoever ends all ranks alike.
    package var singleValueHandler: ((_ sentence: String) -> Void)?

    /// - Parameters:
    ///   - channels: Size of axis 1 of the input.
    ///   - epsilon: Added to the variance.
    ///   - momentum: The weight of a new batch in the running statistics; nil for the plain average.
    ///   - affine: Whether to learn a weight and, with `bias`, an offset for each channel.
    ///   - trackRunningStats: Whether to keep running statistics; without, the batch's are used in both modes.
    public init(
        _ channels: Int, epsilon: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true, bias: Bool = true, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(channels > 0, "BatchNorm(\(channels)): the number of channels must be positive", file: file, line: line)
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
    /// The same layer, whose offsets start at 0.001, as fastai has it.
    package func startingAsInFastai() -> Self {
        bias = .full([channels], 1e-3)
        return self
    }
    /// `[channels]`; nil when not tracked.
    public var runningMean: Tensor? { _runningMean?.value }
    /// `[channels]`; nil when not tracked.
    public var runningVariance: Tensor? { _runningVariance?.value }
    /// Batches the running statistics are made of; nil when not tracked.
    public var batchesTracked: Int? { _batchesTracked.map { Int($0.value.item()) } }

    /// Takes the running statistics back to mean 0 and variance 1.
    public func resetRunningStats() {
        _runningMean?.wrappedValue = .zeros([channels])
        _runningVariance?.wrappedValue = .ones([channels])
        _batchesTracked?.wrappedValue = Tensor(0, dtype: .int64)
    }

    public override var describeExtra: String {
        "\(channels)" + (epsilon == 1e-5 ? "" : ", epsilon: \(epsilon)")
            + (momentum == 0.1 ? "" : ", momentum: \(momentum.map(String.init(describing:)) ?? "nil")")
            + (_weight == nil ? ", affine: false" : _bias == nil ? ", bias: false" : "")
            + (_runningMean == nil ? ", trackRunningStats: false" : "")
    }

    public class var configuration: Configuration {
        configuration(of: BatchNorm.self) {
            BatchNorm($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4, bias: $5)
        }
    }

    /// That of a kind of batch normalisation.
    final class func configuration<Norm: BatchNorm>(
        of type: Norm.Type, _ make: @escaping @Sendable (Int, Double, Double?, Bool, Bool, Bool) -> Norm
    ) -> Configuration {
        Configuration(type) {
            Field("channels", \.channels, .size, python: "num_features")
            Field("epsilon", \.epsilon, python: "eps")
            Field("momentum", \.momentum)
            Field("affine", { $0.weight != nil })
            Field("tracks", { $0.runningMean != nil }, python: "track_running_stats")
            Field("bias", { $0.bias != nil || $0.weight == nil }, absent: true)
        } make: { fields in
            try fields.claimChannelNorm()
            return make(
                try fields("channels"), try fields("epsilon"), try fields("momentum"), try fields("affine"),
                try fields("tracks"), try fields("bias"))
        }
    }

    /// The ranks of input that the layer takes, and how they are called.
    var accepted: (ranks: ClosedRange<Int>, form: String) { (2...5, "[N, \(channels), …]") }

    /// What the layer makes of its input.
    public func callAsFunction(_ x: Tensor) -> Tensor { observed(normalized(x, then: .none, adding: nil)) }

    /// `activation(the normalised batch + shortcut)`: with a rectifier in one pass; step by step when somebody observes this
    /// layer, who then sees the normalised batch alone.
    ///
    /// - Parameters:
    ///   - activation: Applied last; none by default.
    ///   - shortcut: Of the input's shape: the other branch of a residual connection.
    public func callAsFunction(
        _ x: Tensor, then activation: LinearActivation = .none, adding shortcut: Tensor? = nil
    ) -> Tensor {
        if observers.isEmpty { return normalized(x, then: activation, adding: shortcut) }
        return activation(shortcut.map { self(x) + $0 } ?? self(x))
    }

    private func normalized(_ x: Tensor, then activation: LinearActivation, adding shortcut: Tensor?) -> Tensor {
        require(
            accepted.ranks.contains(x.rank) && x.shape[1] == channels,
            "\(label): needs an input \(accepted.form), not \(x.shape)")
        if !isTraining, let mean = _runningMean?.value, let variance = _runningVariance?.value {
            return x.batchNorm(
                mean: mean, variance: variance, weight: _weight?.wrappedValue, bias: _bias?.wrappedValue,
                epsilon: epsilon, then: activation, adding: shortcut)
        }
        let result: BatchNormResult
        if let statisticsReducer {
            result = synchronized(x, statisticsReducer, then: activation, adding: shortcut)
        } else if x.count == channels, singleValueHandler != nil || DataMistakes.isHeard {
            result = synchronized(x, { $0 }, then: activation, adding: shortcut)
        } else {
            result = x.batchNorm(
                weight: _weight?.wrappedValue, bias: _bias?.wrappedValue, epsilon: epsilon, then: activation,
                adding: shortcut)
        }
        if isTraining && result.count > 0 { track(result) }
        return result.output
    }

    private func track(_ result: BatchNormResult) {
        guard let mean = _runningMean?.value, let variance = _runningVariance?.value, let batches = _batchesTracked
        else { return }
        Tensor.add(Tensor(1, dtype: .int64), into: batches.value)
        result.update(
            runningMean: mean, runningVariance: variance, momentum: momentum ?? 1 / batches.value.item())
    }

    /// Normalisation with the moments of all ranks' batches together. The count travels behind the sums.
    private func synchronized(
        _ x: Tensor, _ reduce: @escaping (Tensor) -> Tensor, then activation: LinearActivation,
        adding shortcut: Tensor?
    ) -> BatchNormResult {
        let memory = x.channelsLast()
        let own = memory.channelMoments()
        let packed = Tensor.concatenated(
            [own.sums.reshaped([own.sums.count]), Tensor.full([1], Double(own.count), dtype: .float64)], axis: 0)
        let total = reduce(packed)
        var moments = own
        moments.sums = total[0..<own.sums.count].reshaped(own.sums.shape)
        moments.count = Int(total[own.sums.count].item())
        if moments.count == 1 {
            // The shape of the whole batch: on a rank without items the first axis is 0.
            let sentence = BatchNormResult.singleValue(Shape([1] + x.shape.dimensions.dropFirst()))
            if let singleValueHandler {
                singleValueHandler(sentence)
            } else {
                DataMistakes.report(sentence, file: #fileID, line: #line)
            }
        }
        return memory.batchNorm(
            recordedFrom: x, moments: moments, weight: _weight?.wrappedValue, bias: _bias?.wrappedValue,
            epsilon: epsilon, then: activation, adding: shortcut
        ) { sums in reduce(sums.reshaped([2 * self.channels])).reshaped([2, self.channels]) }
    }
}

/// ``BatchNorm`` of vectors or sequences.
///
/// - Shape: `[N, channels]` or `[N, channels, L]`; unchanged.
/// - Note: PyTorch: `torch.nn.BatchNorm1d`.
public final class BatchNorm1d: BatchNorm {
    override var accepted: (ranks: ClosedRange<Int>, form: String) {
        (2...3, "[N, \(channels)] or [N, \(channels), L]")
    }

    public override class var configuration: Configuration {
        configuration(of: BatchNorm1d.self) {
            BatchNorm1d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4, bias: $5)
        }
    }
}

/// ``BatchNorm`` of images.
///
/// - Shape: `[N, channels, H, W]`; unchanged.
/// - Note: PyTorch: `torch.nn.BatchNorm2d`.
public final class BatchNorm2d: BatchNorm {
    override var accepted: (ranks: ClosedRange<Int>, form: String) { (4...4, "[N, \(channels), H, W]") }

    public override class var configuration: Configuration {
        configuration(of: BatchNorm2d.self) {
            BatchNorm2d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4, bias: $5)
        }
    }
}

/// ``BatchNorm`` of volumes.
///
/// - Shape: `[N, channels, D, H, W]`; unchanged.
/// - Note: PyTorch: `torch.nn.BatchNorm3d`.
public final class BatchNorm3d: BatchNorm {
    override var accepted: (ranks: ClosedRange<Int>, form: String) { (5...5, "[N, \(channels), D, H, W]") }

    public override class var configuration: Configuration {
        configuration(of: BatchNorm3d.self) {
            BatchNorm3d($0, epsilon: $1, momentum: $2, affine: $3, trackRunningStats: $4, bias: $5)
        }
    }
}

extension ExportFields {
    /// Claims the weights and statistics of a normalisation of channels.
    func claimChannelNorm() throws {
        let (affine, tracks): (Bool, Bool) = (try self("affine"), try self("tracks"))
        if affine || tracks { try claim(self("channels", as: Int.self)) }
    }
}
