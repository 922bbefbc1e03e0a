// SPDX-License-Identifier: Apache-2.0
// Making images larger and smaller without aliasing: a triangle over as many pixels as become one.

import LockstepTensor

enum ImageResizing {
    /// The part of an image inside `rows` and `columns`, brought to a size.
    ///
    /// Bilinear with a filter as wide as the reduction (Pillow's `BILINEAR`, PyTorch's `antialias=True`): columns first, then
    /// rows, in float32; bytes are rounded once, at the end.
    /// - Parameters:
    ///   - image: uint8 or float32 `[C, H, W]`, in any memory order; the result's channels are next to each other.
    ///   - nearest: whether a pixel takes the nearest value instead, of any element type.
    /// - Precondition: the part is not empty and lies inside the image; the size is not empty.
    static func resized(
        _ image: Tensor, rows: Range<Int>, columns: Range<Int>, height: Int, width: Int, nearest: Bool = false
    ) -> Tensor {
        let source = checked(image, nearest)
        require(height > 0 && width > 0, "resize: an image of \(height) × \(width) pixels")
        let (fullHeight, fullWidth) = (source.shape[1], source.shape[2])
        require(
            !rows.isEmpty && !columns.isEmpty && rows.lowerBound >= 0 && columns.lowerBound >= 0
                && rows.upperBound <= fullHeight && columns.upperBound <= fullWidth,
            "resize: rows \(rows) and columns \(columns) of an image of \(fullHeight) × \(fullWidth) pixels")
        if nearest { return picked(source, rows, columns, height, width) }
        let channels = source.shape[0]
        let part = floats(source, rows, columns)
        let across = Filter(from: columns.count, to: width)
        let down = Filter(from: rows.count, to: height)
        var wide = [Float](repeating: 0, count: rows.count * width * channels)
        across.apply(part, &wide, lines: rows.count, channels: channels)
        let result = Tensor.uninitializedChannelsLast([1, channels, height, width], dtype: image.dtype)
        var values = [Float](repeating: 0, count: height * width * channels)
        // A row of pixels is to the filter what a pixel's channels are.
        down.apply(wide, &values, lines: 1, channels: width * channels)
        store(values, in: result)
        return result[0]
    }

    /// The pixel in whose area the middle of each new one lies.
    private static func picked(
        _ image: Tensor, _ rows: Range<Int>, _ columns: Range<Int>, _ height: Int, _ width: Int
    ) -> Tensor {
        func places(_ range: Range<Int>, _ count: Int) -> Tensor {
            Tensor((0..<count).map { range.lowerBound + (2 * $0 + 1) * range.count / (2 * count) })
        }
        return image.indexSelect(axis: 1, index: places(rows, height)).indexSelect(
            axis: 2, index: places(columns, width))
    }

    private static func checked(_ image: Tensor, _ nearest: Bool) -> Tensor {
        require(image.rank == 3, "resize: an image must be [C, H, W], not \(image.shape)")
        require(
            nearest || image.dtype == .uint8 || image.dtype == .float32,
            "resize: an image of \(image.dtype), not uint8 or float32"
        )
        require(image.count > 0, "resize: an image of \(image.shape) has no pixels")
        return image.detached
    }

    /// Row by row, the channels of a pixel together.
    private static func floats(_ image: Tensor, _ rows: Range<Int>, _ columns: Range<Int>) -> [Float] {
        image[.all, rows, columns].permuted([1, 2, 0]).floats
    }

    private static func store(_ values: [Float], in image: Tensor) {
        if image.dtype == .float32 {
            let output = image.unsafePointer.assumingMemoryBound(to: Float.self)
            for place in values.indices { output[place] = values[place] }
        } else {
            let output = image.unsafePointer.assumingMemoryBound(to: UInt8.self)
            for place in values.indices { output[place] = UInt8(min(max(values[place].rounded(), 0), 255)) }
        }
    }
}

/// Which old pixels make each new one along one axis, and their shares.
private struct Filter {
    private var starts: [Int] = []
    private var shares: [[Float]] = []
    private let oldCount: Int

    init(from old: Int, to new: Int) {
        oldCount = old
        let scale = Double(old) / Double(new)
        let reach = max(scale, 1)
        for index in 0..<new {
            let centre = (Double(index) + 0.5) * scale
            let first = max(0, Int(centre - reach + 0.5))
            let end = min(old, Int(centre + reach + 0.5))
            let raw = (first..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) / reach)) }
            let total = raw.reduce(0, +)
            starts.append(first)
            shares.append(raw.map { Float($0 / total) })
        }
    }

    /// Applies the filter along the middle axis of `[lines, old, channels]`.
    func apply(_ input: [Float], _ output: inout [Float], lines: Int, channels: Int) {
        let new = starts.count
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                for line in 0..<lines {
                    for index in 0..<new {
                        let to = (line * new + index) * channels
                        for (offset, share) in shares[index].enumerated() {
                            let from = (line * oldCount + starts[index] + offset) * channels
                            for channel in 0..<channels { output[to + channel] += share * input[from + channel] }
                        }
                    }
                }
            }
        }
    }
}
