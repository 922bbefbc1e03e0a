// SPDX-License-Identifier: Apache-2.0
// Channels as pixels and back, gated halves, vectors of length 1.

extension Tensor {
    /// Channels made into pixels: each block of `factor²` channels becomes the `factor × factor` pixels of one.
    ///
    /// Shi et al., *Real-Time Single Image and Video Super-Resolution* (2016).
    /// - Shape: `[*, C·factor², H, W]` → `[*, C, H·factor, W·factor]`.
    /// - Gradient: rearranged back.
    public func pixelShuffle(_ factor: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank >= 3 && rank <= Shape.maxRank - 2 && factor > 0 && shape[rank - 3] % (factor * factor) == 0,
            "pixelShuffle: \(shape) has no blocks of \(factor)² channels on its third axis from the end", file: file,
            line: line)
        let leading = Array(shape.dropLast(3)), count = rank - 3
        let (c, h, w) = (shape[rank - 3] / (factor * factor), shape[rank - 2], shape[rank - 1])
        return reshaped(leading + [c, factor, factor, h, w])
            .permuted(Array(0..<count) + [0, 3, 1, 4, 2].map { $0 + count })
            .reshaped(leading + [c, h * factor, w * factor])
    }

    /// Pixels made into channels, the inverse of ``pixelShuffle(_:file:line:)``.
    ///
    /// - Shape: `[*, C, H·factor, W·factor]` → `[*, C·factor², H, W]`.
    /// - Gradient: rearranged back.
    public func pixelUnshuffle(_ factor: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank >= 3 && rank <= Shape.maxRank - 2 && factor > 0 && shape[rank - 2] % factor == 0
                && shape[rank - 1] % factor == 0,
            "pixelUnshuffle: an image of \(shape) does not divide into squares of \(factor)", file: file, line: line)
        let leading = Array(shape.dropLast(3)), count = rank - 3
        let (c, h, w) = (shape[rank - 3], shape[rank - 2] / factor, shape[rank - 1] / factor)
        return reshaped(leading + [c, h, factor, w, factor])
            .permuted(Array(0..<count) + [0, 2, 4, 1, 3].map { $0 + count })
            .reshaped(leading + [c * factor * factor, h, w])
    }

    /// The first half of an axis times the sigmoid of the second. Dauphin et al. (2017).
    ///
    /// - Shape: `[*, 2·n, *]` → `[*, n, *]`.
    public func glu(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let along = shape.axis(axis, of: "glu", file: file, line: line)
        require(
            shape[along] % 2 == 0, "glu: axis \(along) of \(shape) has no two halves", file: file, line: line)
        let halves = real.split(sizes: [shape[along] / 2, shape[along] / 2], axis: along)
        return halves[0] * halves[1].sigmoid()
    }

    /// `x / max(‖x‖, epsilon)` along an axis: vectors of length 1.
    ///
    /// - Parameter order: Of the norm, see ``norm(order:axis:keepDims:file:line:)``.
    /// - Note: PyTorch: `torch.nn.functional.normalize`.
    public func normalized(
        order: Double = 2, axis: Int = 1, epsilon: Double = 1e-12, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let x = real
        let length = x.norm(order: order, axis: axis, keepDims: true, file: file, line: line)
        return x / length.clamped(min: epsilon)
    }

    /// A weight from its direction and its magnitudes: `v·g/‖v‖`, the norm taken for each position of the first axis.
    ///
    /// Salimans and Kingma, *Weight Normalization* (2016).
    /// - Parameter magnitudes: `[n]`, or `[n, 1, …]` as in PyTorch's files, for a direction `[n, …]`.
    public static func weightNorm(
        _ direction: Tensor, _ magnitudes: Tensor, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            direction.rank >= 1 && magnitudes.count == direction.shape[0]
                && magnitudes.shape.first == direction.shape[0],
            "weightNorm: magnitudes \(magnitudes.shape) for a direction \(direction.shape); one is needed for each position of its first axis",
            file: file, line: line)
        let width = direction.shape.dropFirst().reduce(1, *)
        let length = direction.reshaped([direction.shape[0], width]).norm(axis: 1)
        let scale = magnitudes.reshaped(length.shape) / length
        return direction * scale.reshaped([scale.count] + Array(repeating: 1, count: direction.rank - 1))
    }
}
