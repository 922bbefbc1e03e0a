// SPDX-License-Identifier: Apache-2.0
// The same values in different memory layouts, so that one test body covers views as well as fresh tensors.

public import LockstepTensor

/// A way to lay a tensor's elements out in memory.
public enum Layout: String, CaseIterable, Sendable {
    /// Row-major without gaps: what most tensors have.
    case rowMajor
    /// The axes in opposite order, as after a transpose.
    case reversed
    /// The second axis innermost, as images are kept.
    case channelsLast
    /// Every other element of a longer block that starts before it; what lies between is NaN (or 1).
    case gapped
    /// Every axis from its end to its start, as after a flip.
    case backward
}

extension Tensor {
    /// These values, cut from the graph, in new memory of the given layout.
    public func laidOut(_ layout: Layout) -> Tensor {
        let memory: Tensor
        switch layout {
        case .rowMajor: memory = .uninitialized(shape, dtype: dtype)
        case .reversed: memory = dense(order: Array(0..<rank))
        case .channelsLast:
            let outer = rank < 3 ? Array(0..<rank) : [0] + Array(2..<rank) + [1]
            memory = dense(order: outer.reversed())
        case .gapped:
            let filler = dtype.isFloatingPoint ? Double.nan : 1
            let block = Tensor.full([2 * count + 1], filler, dtype: dtype)
            var strides: [Int] = []
            var step = 2
            for size in shape.reversed() {
                strides.append(step)
                step *= size
            }
            memory = block.view(shape, strides: Shape(strides.reversed()), offset: 1)
        case .backward:
            let block = Tensor.uninitialized(shape, dtype: dtype)
            memory = block.flipped(axes: Array(0..<rank))
        }
        Tensor.copy(detached, into: memory)
        return memory
    }

    /// Undefined memory without gaps; `order` lists the axes from the innermost out.
    private func dense(order: [Int]) -> Tensor {
        var strides = [Int](repeating: 1, count: rank)
        var step = 1
        for axis in order {
            strides[axis] = step
            step *= shape[axis]
        }
        return .uninitialized(shape, strides: Shape(strides), dtype: dtype)
    }
}
