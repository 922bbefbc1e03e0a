// SPDX-License-Identifier: Apache-2.0
// Bilinear sampling of images at the places an affine map names, every image of a batch with its own map.

import LockstepTensor

enum ImageSampling {
    /// Images changed by one map each, of the same size; without a graph.
    ///
    /// A value between pixels is interpolated linearly in both directions, as by `torch.nn.functional.grid_sample` with
    /// `align_corners=True`. Images that nothing happens to are copied bit for bit.
    /// - Parameters:
    ///   - images: float32 `[N, C, H, W]`, in any memory order.
    ///   - nearest: whether a pixel takes the nearest value instead, for values that are not to be mixed.
    /// - Precondition: one map for each image.
    static func warped(
        _ images: Tensor, by maps: [AffineMatrix], padding: ImagePadding, nearest: Bool = false
    ) -> Tensor {
        require(images.rank == 4, "augmentation: images must be [N, C, H, W], not \(images.shape)")
        require(images.dtype == .float32, "augmentation: images must be float32, not \(images.dtype)")
        require(
            maps.count == images.shape[0], "augmentation: \(maps.count) maps for \(images.shape[0]) images")
        let source = images.detached
        if maps.allSatisfy({ $0 == .identity }) { return source }
        let result = Tensor.uninitializedChannelsLast(source.shape, dtype: .float32)
        if result.count == 0 { return result }
        let (input, output) = (Plane(source), Plane(result))
        withExtendedLifetime((source, result)) {
            for (row, map) in maps.enumerated() {
                sample(input.advanced(row), output.advanced(row), map, padding, nearest)
            }
        }
        return result
    }

    private static func sample(
        _ input: Plane, _ output: Plane, _ map: AffineMatrix, _ padding: ImagePadding, _ nearest: Bool
    ) {
        let (halfWidth, halfHeight) = (Double(input.width - 1) / 2, Double(input.height - 1) / 2)
        for y in 0..<output.height {
            let v = Double(y) - halfHeight
            for x in 0..<output.width {
                let u = Double(x) - halfWidth
                var column = map.a * u + map.b * v + (map.c + 1) * halfWidth
                var row = map.d * u + map.e * v + (map.f + 1) * halfHeight
                if nearest { (column, row) = (column.rounded(.toNearestOrEven), row.rounded(.toNearestOrEven)) }
                let (left, right) = neighbours(column, input.width, padding)
                let (top, bottom) = neighbours(row, input.height, padding)
                for channel in 0..<output.channels {
                    let value =
                        top.weight
                        * (left.weight * input[channel, top, left] + right.weight * input[channel, top, right])
                        + bottom.weight
                        * (left.weight * input[channel, bottom, left] + right.weight * input[channel, bottom, right])
                    output.set(channel, y, x, value)
                }
            }
        }
    }

    /// One of the two pixels that a place lies between, and its share. Outside the image the share is 0.
    struct Neighbour {
        let index: Int
        let weight: Float
    }

    static func neighbours(_ place: Double, _ size: Int, _ padding: ImagePadding) -> (Neighbour, Neighbour) {
        let last = Double(size - 1)
        var place = place
        switch padding {
        case .zeros: break
        case .border: place = min(max(place, 0), last)
        case .reflection: place = reflected(place, last)
        }
        // Far outside, or not a number: nothing is there.
        guard place > -1, place < last + 1 else {
            return (Neighbour(index: 0, weight: 0), Neighbour(index: 0, weight: 0))
        }
        let below = place.rounded(.down)
        let (first, share) = (Int(below), Float(place - below))
        func neighbour(_ index: Int, _ weight: Float) -> Neighbour {
            index >= 0 && index < size ? Neighbour(index: index, weight: weight) : Neighbour(index: 0, weight: 0)
        }
        return (neighbour(first, 1 - share), neighbour(first + 1, share))
    }

    /// `place` mirrored at 0 and `last` until it lies between them.
    private static func reflected(_ place: Double, _ last: Double) -> Double {
        guard last > 0, place.isFinite else { return 0 }
        let period = abs(place).truncatingRemainder(dividingBy: 2 * last)
        return period > last ? 2 * last - period : period
    }
}

/// The pixels of one image in a batch, where they lie.
private struct Plane {
    let base: UnsafeMutablePointer<Float>
    let channels: Int, height: Int, width: Int
    private let imageStride: Int, channelStride: Int, rowStride: Int, columnStride: Int

    init(_ tensor: Tensor) {
        base = tensor.unsafePointer.assumingMemoryBound(to: Float.self)
        let strides = tensor.body.strides
        (channels, height, width) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
        (imageStride, channelStride, rowStride, columnStride) = (strides[0], strides[1], strides[2], strides[3])
    }

    private init(_ other: Plane, base: UnsafeMutablePointer<Float>) {
        self.base = base
        (channels, height, width) = (other.channels, other.height, other.width)
        (imageStride, channelStride) = (other.imageStride, other.channelStride)
        (rowStride, columnStride) = (other.rowStride, other.columnStride)
    }

    func advanced(_ images: Int) -> Plane { Plane(self, base: base + images * imageStride) }

    subscript(channel: Int, row: ImageSampling.Neighbour, column: ImageSampling.Neighbour) -> Float {
        base[channel * channelStride + row.index * rowStride + column.index * columnStride]
    }

    func set(_ channel: Int, _ row: Int, _ column: Int, _ value: Float) {
        base[channel * channelStride + row * rowStride + column * columnStride] = value
    }
}
