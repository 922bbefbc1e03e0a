// SPDX-License-Identifier: Apache-2.0
// Images read at positions that a grid gives.

/// How ``Tensor/gridSample(_:mode:padding:alignCorners:file:line:)`` reads between pixels.
public enum GridSampleMode: String, Sendable, Codable, CaseIterable {
    /// Straight lines between the four pixels around.
    case bilinear
    /// The nearest pixel.
    case nearest
}

/// What ``Tensor/gridSample(_:mode:padding:alignCorners:file:line:)`` reads outside of the image.
public enum GridSamplePadding: String, Sendable, Codable, CaseIterable {
    /// Zeros.
    case zeros
    /// The pixel at the border.
    case border
    /// The image, mirrored at its borders.
    case reflection
}

extension Tensor {
    /// The image at the positions of a grid.
    ///
    /// Jaderberg et al., *Spatial Transformer Networks* (2015).
    /// - Parameters:
    ///   - grid: `[N, H′, W′, 2]`, x before y; −1 is the left (upper) end of the image, 1 the right (lower). NaN is read as −1.
    ///   - alignCorners: Whether −1 and 1 are the centres of the outermost pixels, or their outer edges.
    /// - Shape: `[N, C, H, W]` → `[N, C, H′, W′]`.
    /// - Gradient: to the pixels that were read, and to the grid: 0 where it is ``GridSampleMode/nearest``, and where the
    ///   padding is not zeros and takes the pixel on the border.
    /// - Note: PyTorch: `torch.nn.functional.grid_sample`.
    public func gridSample(
        _ grid: Tensor, mode: GridSampleMode = .bilinear, padding: GridSamplePadding = .zeros,
        alignCorners: Bool = false,
        file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        require(
            rank == 4 && grid.rank == 4 && grid.shape[3] == 2 && grid.shape[0] == shape[0] && shape[2] > 0
                && shape[3] > 0,
            "gridSample: needs an image [N, C, H, W] and a grid [N, H′, W′, 2], not \(shape) with \(grid.shape)",
            file: file, line: line)
        let type = Tensor.arithmeticType(dtype, grid.dtype)
        require(
            dtype.isFloatingPoint && grid.dtype.isFloatingPoint,
            "gridSample: needs floating-point operands, not \(dtype) with \(grid.dtype)", file: file, line: line)
        let (image, places) = (to(type), grid.to(type))
        let count = grid.shape[1] * grid.shape[2]
        func coordinate(_ part: Int, _ size: Int) -> Tensor {
            let given = places[.ellipsis, part].reshaped([shape[0], count])
            // Beyond that there is nothing to read, and infinity would leave NaN behind.
            let g = given.filled(where: given.isNaN(), with: -1).clamped(min: -1e6, max: 1e6)
            let pixels =
                alignCorners ? (g + 1) * (Double(size - 1) / 2) : ((g + 1) * Double(size) - 1) * 0.5
            return Tensor.kept(pixels, within: size, padding, alignCorners)
        }
        let (x, y) = (coordinate(0, shape[3]), coordinate(1, shape[2]))
        let flat = image.flattened(from: 2)
        /// The pixels at whole coordinates, zeros outside of the image.
        func read(_ column: Tensor, _ row: Tensor, times weight: Tensor?) -> Tensor {
            let (width, height) = (Double(shape[3] - 1), Double(shape[2] - 1))
            let isInside = (column .>= 0) & (column .<= width) & (row .>= 0) & (row .<= height)
            let place =
                row.clamped(min: 0, max: height).to(.int64) * Double(shape[3])
                + column.clamped(min: 0, max: width).to(.int64)
            let spread: Shape = [shape[0], shape[1], count]
            let pixels = flat.gather(axis: 2, index: place.unsqueezed(axis: 1).expanded(to: spread))
            let kept = pixels.filled(where: (~isInside).unsqueezed(axis: 1).expanded(to: spread), with: 0)
            return weight.map { kept * $0.unsqueezed(axis: 1) } ?? kept
        }
        let target = [shape[0], shape[1], grid.shape[1], grid.shape[2]]
        if mode == .nearest {
            let result = read(x.detached.round(), y.detached.round(), times: nil)
            let grid = places.detached
            return result.recording("gridSample", from: result, places) { dy, needs in
                (needs.0 ? dy : nil, needs.1 ? .zeros(like: grid) : nil)
            }.reshaped(target)
        }
        let (left, top) = (x.detached.floor(), y.detached.floor())
        let (dx, dy) = (x - left, y - top)
        let upper = read(left, top, times: (1 - dx) * (1 - dy)) + read(left + 1, top, times: dx * (1 - dy))
        let lower = read(left, top + 1, times: (1 - dx) * dy) + read(left + 1, top + 1, times: dx * dy)
        return (upper + lower).reshaped(target)
    }

    /// Coordinates brought into the image, as the padding says.
    private static func kept(
        _ pixels: Tensor, within size: Int, _ padding: GridSamplePadding, _ alignCorners: Bool
    ) -> Tensor {
        let last = Double(size - 1)
        switch padding {
        case .zeros: return pixels
        case .border: return pixels.limited(to: last)
        case .reflection:
            let low = alignCorners ? 0 : -0.5
            let span = alignCorners ? last : Double(size)
            if span == 0 { return pixels * 0 }
            let distance = (pixels - low).abs()
            let rest = distance.remainder(by: span)
            let isEven = distance.floorDivided(by: span).remainder(by: 2) .== 0
            return (Tensor.where(isEven, rest, span - rest) + low).limited(to: last)
        }
    }

    /// Limited to `0...last`. Without a gradient at the bounds, unlike a clamp: as PyTorch's.
    private func limited(to last: Double) -> Tensor {
        Tensor.where((detached .> 0) & (detached .< last), self, detached.clamped(min: 0, max: last))
    }
}
