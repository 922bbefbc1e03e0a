// SPDX-License-Identifier: Apache-2.0
// Batch normalisation, in the pieces that a version synchronised over ranks also needs.

import CLockstepKernels

/// Sums over all but the channels of a batch, in twice double precision, in a form that ranks can add up.
///
/// `sums` is [4, C] float64: for each channel the sum and the sum of squares, each followed by what a double cannot hold of
/// it. Adding `sums` and `count` over ranks gives the moments of the whole batch: a deviation far below the mean survives.
package struct ChannelMoments {
    package var sums: Tensor
    /// Values per channel.
    package var count: Int

    package init(sums: Tensor, count: Int) {
        self.sums = sums
        self.count = count
    }

    /// Mean, what rounding took from it, and biased variance, [C] of `dtype`.
    package func statistics(dtype: DType) -> ChannelStatistics {
        let channels = sums.shape[1]
        func vector() -> Tensor { .uninitialized([channels], dtype: dtype) }
        let result = ChannelStatistics(mean: vector(), rest: vector(), variance: vector())
        lsk_channel_statistics(
            channels, Double(count), sums.unsafePointer.assumingMemoryBound(to: Double.self), dtype.kernelType,
            result.mean.unsafePointer, result.rest.unsafePointer, result.variance.unsafePointer)
        return result
    }
}

/// Mean and biased variance of channels.
package struct ChannelStatistics {
    /// The mean, rounded to the element type.
    package let mean: Tensor
    /// What rounding took from it: next to a deviation far below the mean no small part of `x − mean`.
    package let rest: Tensor
    package let variance: Tensor
}

/// What batch normalisation in training mode gives back.
public struct BatchNormResult {
    /// The normalised batch, recorded.
    public let output: Tensor
    /// Mean of each channel, [C].
    public let mean: Tensor
    /// Biased variance of each channel, [C]: what the batch was divided by.
    public let variance: Tensor
    /// Values per channel.
    public let count: Int

    /// Variance with Bessel's correction, [C]: what running statistics are made of.
    public var unbiasedVariance: Tensor { variance * (Double(count) / Double(Swift.max(count - 1, 1))) }

    /// What is wrong with a batch of `shape` that has one value per channel.
    package static func singleValue(_ shape: Shape) -> String {
        "batchNorm: one value per channel has no variance: \(shape); use a larger batch or inference mode"
    }

    /// Moves running statistics toward this batch's: `running = (1 − momentum)·running + momentum·batch`, with the
    /// unbiased variance. Writes into the memory of the two tensors.
    package func update(runningMean: Tensor, runningVariance: Tensor, momentum: Double) {
        let correction = Double(count) / Double(Swift.max(count - 1, 1))
        Tensor.copy(runningMean * (1 - momentum) + mean * momentum, into: runningMean)
        Tensor.copy(runningVariance * (1 - momentum) + variance * (momentum * correction), into: runningVariance)
    }
}

extension Tensor {
    /// Normalises each channel with the statistics of this batch.
    ///
    /// `y = activation((x − mean) / √(variance + epsilon) · weight + bias + shortcut)` over every axis but the channels
    /// (axis 1); the variance is biased. The gradient takes into account that mean and variance depend on the batch.
    ///
    /// A shortcut and a rectifier are part of the pass that normalises; without a shortcut the rectifier is part of the
    /// passes backward, too. The shortcut's gradient is `ȳ` past the activation.
    ///
    /// - Parameters:
    ///   - weight: [C], or nil for 1.
    ///   - bias: [C], or nil for 0.
    ///   - activation: Applied last; none by default.
    ///   - shortcut: Of self's shape, added to the normalised batch: a residual connection.
    /// - Precondition: self is [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W], with more than one value per channel.
    public func batchNorm(
        weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5,
        then activation: LinearActivation = .none, adding shortcut: Tensor? = nil, file: StaticString = #fileID,
        line: UInt = #line
    ) -> BatchNormResult {
        let (x, channels) = channelOperand("batchNorm", weight, bias, shortcut: shortcut, file, line)
        require(count > channels || count == 0, BatchNormResult.singleValue(shape), file: file, line: line)
        let memory = x.channelsLast()
        return memory.batchNorm(
            recordedFrom: x, moments: memory.channelMoments(), weight: weight, bias: bias, epsilon: epsilon,
            then: activation, adding: shortcut
        ) { $0 }
    }

    /// Batch normalisation with given moments: of this batch, or added up over ranks.
    ///
    /// - Parameters:
    ///   - recordedFrom: The tensor whose channels-last memory this is.
    ///   - combine: Adds up over ranks what the backward pass needs: [2, C] float64 sums of `ȳ` and of `ȳ·(x − mean − rest)`.
    package func batchNorm(
        recordedFrom input: Tensor, moments: ChannelMoments, weight: Tensor?, bias: Tensor?, epsilon: Double,
        then activation: LinearActivation = .none, adding shortcut: Tensor? = nil,
        combine: @escaping (_ sums: Tensor) -> Tensor
    ) -> BatchNormResult {
        let memory = self
        let (weight, bias) = (weight?.to(dtype), bias?.to(dtype))
        let statistics = moments.statistics(dtype: dtype)
        let (mean, rest) = (statistics.mean, statistics.rest)
        let inverse = ChannelTable.inverseDeviation(statistics.variance, epsilon: epsilon)
        let scale = ChannelTable.product(inverse, weight?.detached)
        let shift = channelShift(bias, like: mean) - rest * scale
        let other = shortcut?.to(dtype)
        let y = channelApply(
            mean: mean, scale: scale, shift: shift, adding: other?.channelsLast(), rectifies: activation == .relu)
        let total = Double(moments.count)
        // A sum with a shortcut is not computed again: the result's own sign lets the gradient through.
        let isLine = activation == .relu && other == nil
        let recorded = y.recording("batchNorm", from: [input, weight, bias, other]) { dy, flow in
            let own = dy.channelsLast()
            let local = own.channelProducts(memory, mean: mean, rest: rest, rectified: isLine ? (scale, shift) : nil)
            flow.writeChannelGradients(weight: 1, bias: 2, sums: local, inverse: inverse)
            if flow.needs(3) { flow.send(3, dy) }
            guard flow.needs(0) else { return }
            let sums = combine(local)
            flow.send(
                0,
                own.channelBackward(
                    memory, mean: mean, rest: rest, inverse: inverse, scale: scale, rectified: isLine ? shift : nil,
                    sums: sums, total: total))
        }
        if activation == .relu && !isLine { recorded.node?.derivative = FusedDerivative(positive: y) }
        let output = activation == .gelu ? recorded.gelu() : recorded
        return BatchNormResult(output: output, mean: mean, variance: statistics.variance, count: moments.count)
    }

    /// Normalises each channel with given statistics, as in inference.
    ///
    /// `y = activation((x − mean) / √(variance + epsilon) · weight + bias + shortcut)`; the statistics are constants.
    /// - Parameters:
    ///   - mean: [C].
    ///   - variance: [C].
    ///   - activation: Applied last; none by default.
    ///   - shortcut: Of self's shape, added to the normalised batch: a residual connection.
    public func batchNorm(
        mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5,
        then activation: LinearActivation = .none, adding shortcut: Tensor? = nil,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (x, channels) = channelOperand("batchNorm", weight, bias, shortcut: shortcut, file, line)
        require(
            mean.shape == [channels] && variance.shape == [channels],
            "batchNorm: statistics of shape \(mean.shape) and \(variance.shape) for \(channels) channels: \(shape)",
            file: file, line: line)
        let memory = x.channelsLast()
        let (weight, bias) = (weight?.to(x.dtype), bias?.to(x.dtype))
        let m = mean.detached.to(x.dtype).contiguous()
        let inverse = ChannelTable.inverseDeviation(variance.detached.to(x.dtype).contiguous(), epsilon: epsilon)
        let scale = ChannelTable.product(inverse, weight?.detached)
        let other = shortcut?.to(x.dtype)
        let y = memory.channelApply(
            mean: m, scale: scale, shift: bias, adding: other?.channelsLast(), rectifies: activation == .relu)
        let recorded = y.recording("batchNorm", from: [x, weight, bias, other]) { dy, flow in
            if flow.needs(3) { flow.send(3, dy) }
            let dy = dy.channelsLast()
            if flow.needs(1) || flow.needs(2) {
                flow.writeChannelGradients(
                    weight: 1, bias: 2, sums: dy.channelProducts(memory, mean: m), inverse: inverse)
            }
            if flow.needs(0) {
                let zero = Tensor.zeros([channels], dtype: dy.dtype)
                flow.send(0, dy.channelApply(mean: zero, scale: scale, shift: nil))
            }
        }
        if activation == .relu { recorded.node?.derivative = FusedDerivative(positive: y) }
        return activation == .gelu ? recorded.gelu() : recorded
    }

    /// The moments of each channel of channels-last memory.
    package func channelMoments() -> ChannelMoments {
        let channels = shape[1]
        let sums = Tensor.zeros([4, channels], dtype: .float64)
        if count > 0 {
            lsk_channel_moments(
                1, count / channels, channels, dtype.kernelType, unsafePointer,
                sums.unsafePointer.assumingMemoryBound(to: Double.self))
        }
        return ChannelMoments(sums: sums, count: channels == 0 ? 0 : count / channels)
    }

    /// Checks what every per-channel normalisation takes, and promotes bfloat16.
    func channelOperand(
        _ op: StaticString, _ weight: Tensor?, _ bias: Tensor?, shortcut: Tensor? = nil, _ file: StaticString,
        _ line: UInt
    ) -> (Tensor, channels: Int) {
        require(
            rank >= 2 && rank <= 5 && dtype.isFloatingPoint,
            "\(op): needs a floating-point input [N, C, …] of 2 to 5 axes, not \(dtype) \(shape)", file: file,
            line: line)
        let channels = shape[1]
        for (name, operand) in [("weight", weight), ("bias", bias)] {
            require(
                operand == nil || operand?.shape == [channels],
                "\(op): the \(name) has shape \(operand?.shape ?? []), \(channels) channels need [\(channels)]: \(shape)",
                file: file, line: line)
        }
        require(
            shortcut == nil || shortcut?.shape == shape,
            "\(op): a shortcut of shape \(shortcut?.shape ?? []) for a result of shape \(shape)", file: file, line: line
        )
        return (to(Tensor.arithmeticType(dtype, dtype)), channels)
    }
}
