// SPDX-License-Identifier: Apache-2.0
// Group and instance normalisation: statistics of each sample over groups of channels.

import CLockstepKernels

extension Tensor {
    /// Normalises each sample over groups of neighbouring channels and all positions.
    ///
    /// `y = (x − mean) / √(variance + epsilon) · weight + bias` with the (biased) moments of the sample's group.
    /// - Parameters:
    ///   - groups: How many groups the channels form; 1 is layer norm over [C, …].
    ///   - weight: [C], or nil for 1.
    ///   - bias: [C], or nil for 0.
    /// - Precondition: self is [N, C], [N, C, L], [N, C, H, W] or [N, C, D, H, W]; `groups` divides C.
    public func groupNorm(
        groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        groupNormalized("groupNorm", groups, weight, bias, epsilon, file, line)
    }

    /// Normalises each channel of each sample over its positions.
    ///
    /// - Parameters:
    ///   - weight: [C], or nil for 1.
    ///   - bias: [C], or nil for 0.
    /// - Precondition: self is [N, C, L], [N, C, H, W] or [N, C, D, H, W] with more than one position.
    public func instanceNorm(
        weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(
            rank >= 3 && (count == 0 || count > shape[0] * shape[1]),
            "instanceNorm: one value per channel and sample has no variance: \(shape)", file: file, line: line)
        return groupNormalized("instanceNorm", shape[1], weight, bias, epsilon, file, line)
    }

    private func groupNormalized(
        _ op: StaticString, _ groups: Int, _ weight: Tensor?, _ bias: Tensor?, _ epsilon: Double, _ file: StaticString,
        _ line: UInt
    ) -> Tensor {
        let (x, channels) = channelOperand(op, weight, bias, file, line)
        require(
            groups > 0 && channels % groups == 0 || count == 0,
            "\(op): \(channels) channels do not divide into \(groups) groups: \(shape)", file: file, line: line)
        let memory = x.channelsLast()
        let type = x.dtype
        let (weight, bias) = (weight?.to(type), bias?.to(type))
        if count == 0 { return memory.recording(op, from: [x, weight, bias]) { dy, flow in flow.send(0, dy) } }
        let samples = shape[0]
        let (scaleWeight, shiftBias) = (weight?.detached.contiguous(), bias?.detached.contiguous())
        let table: Shape = [samples, channels]
        let layout = lsk_groups(
            dtype: type.kernelType, samples: samples, channels: channels, groups: groups,
            rows: count / (samples * channels))
        let sums = Tensor.uninitialized([4, samples, channels], dtype: .float64)
        let source = sums.unsafePointer.assumingMemoryBound(to: Double.self)
        lsk_channel_moments(samples, layout.rows, channels, type.kernelType, memory.unsafePointer, source)
        let (mean, rest) = (Tensor.uninitialized(table, dtype: type), Tensor.uninitialized(table, dtype: type))
        let inverse = Tensor.uninitialized(table, dtype: type)
        let (scale, shift) = (Tensor.uninitialized(table, dtype: type), Tensor.uninitialized(table, dtype: type))
        withUnsafePointer(to: layout) {
            lsk_group_statistics(
                $0, epsilon, source, scaleWeight?.unsafePointer, shiftBias?.unsafePointer, mean.unsafePointer,
                rest.unsafePointer, inverse.unsafePointer, scale.unsafePointer, shift.unsafePointer)
        }
        let y = memory.channelApply(mean: mean, scale: scale, shift: shift)
        return y.recording(op, from: [x, weight, bias]) { dy, flow in
            let dy = dy.channelsLast()
            let products = dy.channelProducts(memory, mean: mean, rest: rest)
            let p = products.unsafePointer.assumingMemoryBound(to: Double.self)
            let (factor, offset) = (Tensor.uninitialized(table, dtype: type), Tensor.uninitialized(table, dtype: type))
            let gradients = Tensor.uninitialized([2, channels], dtype: .float64)
            let g = gradients.unsafePointer.assumingMemoryBound(to: Double.self)
            withUnsafePointer(to: layout) {
                lsk_group_coefficients(
                    $0, p, p + samples * channels, scaleWeight?.unsafePointer, rest.unsafePointer,
                    inverse.unsafePointer, factor.unsafePointer, offset.unsafePointer, g, g + channels)
            }
            if flow.needs(1) { flow.send(1, gradients.view([channels], strides: [1]).to(type)) }
            if flow.needs(2) { flow.send(2, gradients.view([channels], strides: [1], offset: channels).to(type)) }
            if flow.needs(0) { flow.send(0, dy.channelCombined(memory, mean: mean, a: scale, b: factor, c: offset)) }
        }
    }
}
