// SPDX-License-Identifier: Apache-2.0
// Images and sequences of another size.

import CLockstepKernels

/// How ``Tensor/interpolated(to:mode:alignCorners:file:line:)`` makes positions of others.
public enum InterpolationMode: String, Sendable, Codable, CaseIterable {
    /// The position that comes before, as PyTorch's `nearest`.
    case nearest
    /// The position whose centre is nearest.
    case nearestExact
    /// A straight line between two positions, of a sequence.
    case linear
    /// A straight line between two positions along both axes of an image.
    case bilinear
    /// A cubic through four positions along both axes of an image, with Keys' `a = −0.75`.
    case bicubic
    /// The mean of the positions covered.
    case area

    /// Whether corners can be aligned.
    package var hasCorners: Bool { self == .linear || self == .bilinear || self == .bicubic }

    /// The ranks of what it takes: 3 of sequences, 4 of images.
    package var ranks: ClosedRange<Int> {
        switch self {
        case .linear: 3...3
        case .bilinear, .bicubic: 4...4
        case .nearest, .nearestExact, .area: 3...4
        }
    }
}

extension Tensor {
    /// An image or a sequence of another size.
    ///
    /// - Parameters:
    ///   - size: Of the result along the axes behind the channels: `[H′, W′]`, or `[L′]`.
    ///   - alignCorners: Whether the centres of the outermost positions fall together, instead of their outer edges; for
    ///     lines and cubics.
    /// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`, or `[N, C, L]` → `[N, C, L′]`.
    /// - Gradient: to the positions that were read, as much as they counted.
    /// - Note: PyTorch: `torch.nn.functional.interpolate` with `size`, without antialiasing.
    public func interpolated(
        to size: [Int], mode: InterpolationMode = .nearest, alignCorners: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        interpolated(size, scale: nil, mode, alignCorners, file, line)
    }

    /// An image or a sequence `scale` times as large, rounded down. Positions are read at distances of `1 / scale`.
    ///
    /// - Note: PyTorch: `torch.nn.functional.interpolate` with `scale_factor`.
    public func interpolated(
        scale: Double, mode: InterpolationMode = .nearest, alignCorners: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        require(scale > 0 && scale.isFinite, "interpolated: a scale of \(scale)", file: file, line: line)
        let size = shape.dropFirst(2).map { Int((Double($0) * scale).rounded(.down)) }
        return interpolated(size, scale: scale, mode, alignCorners, file, line)
    }

    private func interpolated(
        _ size: [Int], scale: Double?, _ mode: InterpolationMode, _ alignCorners: Bool, _ file: StaticString,
        _ line: UInt
    ) -> Tensor {
        require(
            mode.ranks.contains(rank) && size.count == rank - 2 && dtype.isFloatingPoint,
            "interpolated: mode \(mode) to \(size) does not take \(dtype) \(shape); it takes real numbers [N, C, H, W] to two sizes, or [N, C, L] to one",
            file: file, line: line)
        require(
            !alignCorners || mode.hasCorners,
            "interpolated: alignCorners is for lines and cubics, not for mode \(mode)", file: file, line: line)
        require(
            size.allSatisfy { $0 > 0 } && shape.dropFirst(2).allSatisfy { $0 > 0 },
            "interpolated: cannot make \(size) of \(shape): sizes must be positive", file: file, line: line)
        if mode == .area {
            if rank == 3 { return adaptiveAvgPool1d(size[0], file: file, line: line) }
            return adaptiveAvgPool2d(Pair(size[0], size[1]), file: file, line: line)
        }
        let x = to(Tensor.arithmeticType(dtype, dtype))
        let taps = size.enumerated().map { axis, count in
            ResamplingTaps(mode, from: shape[axis + 2], to: count, scale: scale, alignCorners: alignCorners)
        }
        var y = x.channelsLast()
        for (axis, taps) in taps.enumerated() { y = y.resampled(axis + 2, taps, back: false) }
        return y.recording("interpolated", from: x) { dy in
            var dx = dy.channelsLast()
            for (axis, taps) in taps.enumerated().reversed() { dx = dx.resampled(axis + 2, taps, back: true) }
            return dx
        }
    }

    /// One axis of channels-last memory, resampled, or gradients brought back.
    private func resampled(_ axis: Int, _ taps: ResamplingTaps, back: Bool) -> Tensor {
        var target = shape
        target[axis] = back ? taps.source : taps.outputs
        let result = Tensor.uninitializedChannelsLast(target, dtype: dtype)
        let outer = shape[0] * shape[2..<axis].reduce(1, *)
        let inner = shape[1] * shape[(axis + 1)...].reduce(1, *)
        taps.withRaw {
            (back ? lsk_resample_backward : lsk_resample)(
                dtype.kernelType, outer, inner, $0, unsafePointer, result.unsafePointer)
        }
        return result
    }
}

/// For each output along an axis: which positions it reads, and how much they count.
private struct ResamplingTaps {
    let source: Int
    let outputs: Int
    /// Positions that each output reads.
    let width: Int
    private var places: [Int64] = []
    private var weights: [Double] = []

    init(_ mode: InterpolationMode, from source: Int, to outputs: Int, scale: Double?, alignCorners: Bool) {
        (self.source, self.outputs) = (source, outputs)
        width = mode == .bicubic ? 4 : mode == .linear || mode == .bilinear ? 2 : 1
        var step = scale.map { 1 / $0 } ?? Double(source) / Double(outputs)
        if alignCorners { step = outputs > 1 ? Double(source - 1) / Double(outputs - 1) : 0 }
        // PyTorch's are single precision: a position on an edge falls to its side.
        let single = scale.map { Float(1 / $0) } ?? Float(source) / Float(outputs)
        for output in 0..<outputs {
            let at = alignCorners ? step * Double(output) : step * (Double(output) + 0.5) - 0.5
            switch mode {
            case .nearest: append(Int((Float(output) * single).rounded(.down)), 1)
            case .nearestExact: append(Int(((Float(output) + 0.5) * single).rounded(.down)), 1)
            case .bicubic:
                let first = at.rounded(.down)
                let t = at - first
                for (offset, weight) in zip(-1...2, ResamplingTaps.cubic(t)) { append(Int(first) + offset, weight) }
            case .linear, .bilinear, .area:
                let at = Swift.max(at, 0)
                let first = Swift.min(Int(at), source - 1)
                let share = Swift.min(Swift.max(at - Double(first), 0), 1)
                append(first, 1 - share)
                append(first + 1, share)
            }
        }
    }

    private mutating func append(_ place: Int, _ weight: Double) {
        places.append(Int64(Swift.min(Swift.max(place, 0), source - 1)))
        weights.append(weight)
    }

    /// Keys, *Cubic Convolution Interpolation for Digital Image Processing* (1981), at distances t + 1, t, 1 − t and 2 − t.
    private static func cubic(_ t: Double) -> [Double] {
        let a = -0.75
        func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return [far(t + 1), near(t), near(1 - t), far(2 - t)]
    }

    func withRaw(_ body: (lsk_taps) -> Void) {
        places.withUnsafeBufferPointer { places in
            weights.withUnsafeBufferPointer { weights in
                guard let place = places.baseAddress, let weight = weights.baseAddress else { return }
                body(lsk_taps(source: source, outputs: outputs, width: width, places: place, weights: weight))
            }
        }
    }
}
