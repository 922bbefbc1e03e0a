// SPDX-License-Identifier: Apache-2.0
// The small per-channel computations around the normalisation kernels, and calls of those kernels.

import CLockstepKernels

/// Vectors with one value per channel (or per sample and channel).
enum ChannelTable {
    /// `1 / √(variance + epsilon)`.
    static func inverseDeviation(_ variance: Tensor, epsilon: Double) -> Tensor {
        let result = Tensor.uninitialized(variance.shape, dtype: variance.dtype)
        lsk_channel_inverse(
            variance.count, epsilon, variance.dtype.kernelType, variance.unsafePointer, result.unsafePointer)
        return result
    }

    /// `a · b` in row-major memory; `a` when `b` is nil.
    static func product(_ a: Tensor, _ b: Tensor?) -> Tensor { b.map { a * $0.to(a.dtype) } ?? a }
}

extension Tensor {
    /// `(x − mean)·scale + shift` per channel of channels-last memory; tables are [C], or [N, C] for one per sample.
    /// Then `added`, channels-last too, and a rectifier.
    func channelApply(
        mean: Tensor, scale: Tensor, shift: Tensor?, adding added: Tensor? = nil, rectifies: Bool = false
    ) -> Tensor {
        let y = Tensor.uninitializedChannelsLast(shape, dtype: dtype)
        let (segments, rows, channels) = segments(of: mean)
        let shift = channelShift(shift, like: mean)
        if count > 0 {
            lsk_channel_apply(
                segments, rows, channels, dtype.kernelType, unsafePointer, mean.unsafePointer, scale.unsafePointer,
                shift.unsafePointer, added?.unsafePointer, rectifies ? 1 : 0, y.unsafePointer)
        }
        return y
    }

    /// A shift that kernels of self can read; zeros when nil.
    func channelShift(_ shift: Tensor?, like table: Tensor) -> Tensor {
        shift?.detached.to(dtype).contiguous() ?? Tensor.zeros(table.shape, dtype: dtype)
    }

    /// With self `ȳ`: the sums over each channel of `ȳ` and of `ȳ·(x − mean − rest)`, as float64 of shape [2] + the table's.
    ///
    /// - Parameters:
    ///   - rest: What rounding took from the mean (``ChannelStatistics``); nil: nothing.
    ///   - line: Scale and shift of the line whose sign let `ȳ` through, as a rectifier does; nil without one.
    package func channelProducts(
        _ x: Tensor, mean: Tensor, rest: Tensor? = nil, rectified line: (scale: Tensor, shift: Tensor)? = nil
    ) -> Tensor {
        let sums = Tensor.zeros(Shape([2] + mean.shape.dimensions), dtype: .float64)
        let target = sums.unsafePointer.assumingMemoryBound(to: Double.self)
        let (segments, rows, channels) = segments(of: mean)
        if count > 0 {
            lsk_channel_products(
                segments, rows, channels, dtype.kernelType, unsafePointer, x.unsafePointer, mean.unsafePointer,
                rest?.unsafePointer, line?.scale.unsafePointer, line?.shift.unsafePointer, target, target + mean.count)
        }
        return sums
    }

    /// With self `ȳ`: the gradient of `x` when mean and variance were its own, from sums over `total` values.
    ///
    /// - Parameter shift: What `scale` belongs to when a rectifier followed; nil without one.
    func channelBackward(
        _ x: Tensor, mean: Tensor, rest: Tensor, inverse: Tensor, scale: Tensor, rectified shift: Tensor?,
        sums: Tensor, total: Double
    ) -> Tensor {
        let source = sums.unsafePointer.assumingMemoryBound(to: Double.self)
        let factor = Tensor.uninitialized(mean.shape, dtype: dtype),
            offset = Tensor.uninitialized(mean.shape, dtype: dtype)
        lsk_channel_coefficients(
            mean.count, total, source, source + mean.count, dtype.kernelType, rest.unsafePointer,
            scale.unsafePointer, inverse.unsafePointer, factor.unsafePointer, offset.unsafePointer)
        return channelCombined(x, mean: mean, a: scale, b: factor, c: offset, rectified: shift)
    }

    /// `a·ȳ + b·(x − mean) + c`; with `shift`, `ȳ` only where `a·(x − mean) + shift` is positive.
    func channelCombined(
        _ x: Tensor, mean: Tensor, a: Tensor, b: Tensor, c: Tensor, rectified shift: Tensor? = nil
    ) -> Tensor {
        let dx = Tensor.uninitializedChannelsLast(shape, dtype: dtype)
        let (segments, rows, channels) = segments(of: mean)
        if count > 0 {
            lsk_channel_backward(
                segments, rows, channels, dtype.kernelType, unsafePointer, x.unsafePointer, mean.unsafePointer,
                a.unsafePointer, b.unsafePointer, c.unsafePointer, shift?.unsafePointer, dx.unsafePointer)
        }
        return dx
    }

    private func segments(of table: Tensor) -> (Int, Int, Int) {
        let segments = table.rank == 1 ? 1 : table.shape[0]
        let channels = shape[1]
        return (segments, count / Swift.max(segments * channels, 1), channels)
    }
}

extension GradientFlow {
    /// Sends `Σ ȳ·(x − mean − rest)·inverse` to the weight and `Σ ȳ` to the bias, from the sums of `channelProducts`.
    func writeChannelGradients(weight: Int, bias: Int, sums: Tensor, inverse: Tensor) {
        let shape = inverse.shape
        let n = inverse.count
        if needs(weight) {
            let products = sums.view(shape, strides: shape.contiguousStrides, offset: n)
            send(weight, products.to(inverse.dtype) * inverse)
        }
        if needs(bias) { send(bias, sums.view(shape, strides: shape.contiguousStrides).to(inverse.dtype)) }
    }
}
