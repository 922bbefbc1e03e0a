// SPDX-License-Identifier: Apache-2.0
// Batch normalisation, in the pieces that a version synchronised over ranks also needs.

import CLockstepKernels

/// Sums over all but the channels of a batch, in double precision, in a form that ranks can add up.
///
/// `sums` is [2, C] float64: the sum and the sum of squares of each channel. Adding `sums` and `count` over ranks gives
/// the moments of the whole batch.
package struct ChannelMoments {
    package var sums: Tensor
    /// Values per channel.
    package var count: Int

    package init(sums: Tensor, count: Int) {
        self.sums = sums
        self.count = count
    }

    /// Mean and biased variance, [C] of `dtype`.
    package func meanAndVariance(dtype: DType) -> (mean: Tensor, variance: Tensor) {
        let channels = sums.shape[1]
        let (mean, variance) = (
            Tensor.uninitialized([channels], dtype: dtype), Tensor.uninitialized([channels], dtype: dtype)
        )
        let source = sums.unsafePointer.assumingMemoryBound(to: Double.self)
        lsk_channel_statistics(
            channels, Double(count), source, source + channels, dtype.kernelType, mean.unsafePointer,
            variance.unsafePointer)
        return (mean, variance)
    }
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
    /// `y = (x − mean) / √(variance + epsilon) · weight + bias` over every axis but the channels (axis 1); the variance is
    /// biased. The gradient takes into account that mean and variance depend on the batch.
    ///
    /// - Parameters:
    ///   - weight: [C], or nil for 1.
    ///   - bias: [C], or nil for 0.
    /// - Precondition: self is [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W], with more than one value per channel.
    public func batchNorm(
        weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5, file: StaticString = #fileID,
        line: UInt = #line
    ) -> BatchNormResult {
        let (x, channels) = channelOperand("batchNorm", weight, bias, file, line)
        require(
            count > channels || count == 0,
            "batchNorm: one value per channel has no variance: \(shape); use a larger batch or inference mode",
            file: file, line: line)
        let memory = x.channelsLast()
        return memory.batchNorm(
            recordedFrom: x, moments: memory.channelMoments(), weight: weight, bias: bias, epsilon: epsilon
        ) { $0 }
    }

    /// Batch normalisation with given moments: of this batch, or added up over ranks.
    ///
    /// - Parameters:
    ///   - recordedFrom: The tensor whose channels-last memory this is.
    ///   - combine: Adds up over ranks what the backward pass needs: [2, C] float64 sums of `ȳ` and of `ȳ·(x − mean)`.
    package func batchNorm(
        recordedFrom input: Tensor, moments: ChannelMoments, weight: Tensor?, bias: Tensor?, epsilon: Double,
        combine: @escaping (_ sums: Tensor) -> Tensor
    ) -> BatchNormResult {
        let memory = self
        let (mean, variance) = moments.meanAndVariance(dtype: dtype)
        let inverse = ChannelTable.inverseDeviation(variance, epsilon: epsilon)
        let scale = ChannelTable.product(inverse, weight?.detached)
        let y = channelApply(mean: mean, scale: scale, shift: bias?.detached)
        let total = Double(moments.count)
        let recorded = y.recording("batchNorm", from: [input, weight, bias]) { dy, flow in
            let dy = dy.channelsLast()
            let local = dy.channelProducts(memory, mean: mean)
            flow.writeChannelGradients(weight: 1, bias: 2, sums: local, inverse: inverse)
            guard flow.needs(0) else { return }
            let sums = combine(local)
            flow.send(
                0, dy.channelBackward(memory, mean: mean, inverse: inverse, scale: scale, sums: sums, total: total))
        }
        return BatchNormResult(output: recorded, mean: mean, variance: variance, count: moments.count)
    }

    /// Normalises each channel with given statistics, as in inference.
    ///
    /// `y = (x − mean) / √(variance + epsilon) · weight + bias`; the statistics are constants.
    /// - Parameters:
    ///   - mean: [C].
    ///   - variance: [C].
    public func batchNorm(
        mean: Tensor, variance: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (x, channels) = channelOperand("batchNorm", weight, bias, file, line)
        require(
            mean.shape == [channels] && variance.shape == [channels],
            "batchNorm: statistics of shape \(mean.shape) and \(variance.shape) for \(channels) channels: \(shape)",
            file: file, line: line)
        let memory = x.channelsLast()
        let m = mean.detached.to(x.dtype).contiguous()
        let inverse = ChannelTable.inverseDeviation(variance.detached.to(x.dtype).contiguous(), epsilon: epsilon)
        let scale = ChannelTable.product(inverse, weight?.detached)
        let y = memory.channelApply(mean: m, scale: scale, shift: bias?.detached)
        return y.recording("batchNorm", from: [x, weight, bias]) { dy, flow in
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
    }

    /// The moments of each channel of channels-last memory.
    package func channelMoments() -> ChannelMoments {
        let channels = shape[1]
        let sums = Tensor.zeros([2, channels], dtype: .float64)
        let target = sums.unsafePointer.assumingMemoryBound(to: Double.self)
        if count > 0 {
            lsk_channel_moments(
                1, count / channels, channels, dtype.kernelType, unsafePointer, target, target + channels)
        }
        return ChannelMoments(sums: sums, count: channels == 0 ? 0 : count / channels)
    }

    /// Checks what every per-channel normalisation takes, and promotes bfloat16.
    func channelOperand(
        _ op: StaticString, _ weight: Tensor?, _ bias: Tensor?, _ file: StaticString, _ line: UInt
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
        return (to(Tensor.arithmeticType(dtype, dtype)), channels)
    }
}
