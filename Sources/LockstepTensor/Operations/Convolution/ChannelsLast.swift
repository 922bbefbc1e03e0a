// SPDX-License-Identifier: Apache-2.0
// Images are [N, C, …] to the caller and have their channels side by side in memory.

extension Shape {
    /// Strides of memory in which axis 1 runs fastest and axis 0 slowest.
    package var channelsLastStrides: Shape {
        guard rank > 2 else { return contiguousStrides }
        var strides = Shape(rank: rank, repeating: 1)
        var step = Swift.max(sizes[1], 1)
        for axis in stride(from: rank - 1, through: 2, by: -1) {
            strides.sizes[axis] = step
            step *= Swift.max(sizes[axis], 1)
        }
        strides.sizes[0] = step
        return strides
    }
}

extension Tensor {
    /// Whether memory is [N, …, C] without gaps. The stride of an axis of size 1 says nothing, so one channel or one
    /// pixel is both orders at once.
    package var isChannelsLast: Bool {
        guard rank > 2 else { return isContiguous }
        if count == 0 { return true }
        let expected = shape.channelsLastStrides
        for axis in 0..<rank where shape.sizes[axis] != 1 && body.strides.sizes[axis] != expected.sizes[axis] {
            return false
        }
        return true
    }

    /// The same values with channels last in memory, cut from the graph; copied only when they are not yet.
    package func channelsLast() -> Tensor {
        if isChannelsLast { return detached }
        let result = Tensor.uninitializedChannelsLast(shape, dtype: dtype)
        Tensor.copy(detached, into: result)
        return result
    }

    package static func uninitializedChannelsLast(_ shape: Shape, dtype: DType) -> Tensor {
        .uninitialized(shape, strides: shape.channelsLastStrides, dtype: dtype)
    }

    // The strides are those of the memory, not of the view: what a reversed axis of size 1 says is nothing, but negative.

    /// [N, C, L] channels-last memory seen as [N, C, 1, L].
    package var asImage: Tensor {
        assert(isChannelsLast)
        let image: Shape = [shape[0], shape[1], 1, shape[2]]
        return view(image, strides: image.channelsLastStrides)
    }

    /// [N, C, 1, L] channels-last memory seen as [N, C, L].
    package var asSequence: Tensor {
        assert(isChannelsLast)
        let sequence: Shape = [shape[0], shape[1], shape[3]]
        return view(sequence, strides: sequence.channelsLastStrides)
    }
}
