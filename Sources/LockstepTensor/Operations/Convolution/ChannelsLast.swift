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

    /// [N, C, L] channels-last memory seen as [N, C, 1, L].
    package var asImage: Tensor {
        let (s, t) = (shape, body.strides)
        return view([s[0], s[1], 1, s[2]], strides: Shape([t[0], t[1], s[2] * s[1], t[2]]))
    }

    /// [N, C, 1, L] seen as [N, C, L].
    package var asSequence: Tensor {
        let (s, t) = (shape, body.strides)
        return view([s[0], s[1], s[3]], strides: Shape([t[0], t[1], t[3]]))
    }
}
