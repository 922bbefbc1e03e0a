// SPDX-License-Identifier: Apache-2.0
// What every reduction shares: the set of axes, the shapes, the call of the kernel and the way back.

package import CLockstepKernels

/// A set of axes as bits, so that a reduction allocates no arrays.
package struct AxisSet {
    package var bits: UInt8 = 0

    package init(all rank: Int) { bits = rank == 8 ? 255 : UInt8((1 << rank) - 1) }

    /// `axis` alone, or all axes for nil.
    package init(
        _ axis: Int?, of shape: Shape, _ operation: StaticString, file: StaticString = #fileID, line: UInt = #line
    ) {
        self.init(all: shape.rank)
        if let axis { bits = 1 << UInt8(shape.axis(axis, of: operation, file: file, line: line)) }
    }

    package init(
        _ axes: [Int], of shape: Shape, _ operation: StaticString, file: StaticString = #fileID, line: UInt = #line
    ) {
        for axis in axes {
            let bit: UInt8 = 1 << UInt8(shape.axis(axis, of: operation, file: file, line: line))
            require(bits & bit == 0, "\(operation): axis \(axis) is named twice in \(axes)", file: file, line: line)
            bits |= bit
        }
    }

    @inline(__always)
    package func contains(_ axis: Int) -> Bool { bits & (1 << UInt8(axis)) != 0 }

    /// The shape that is left: axes of the set become 1, or go.
    package func reduced(_ shape: Shape, keepDims: Bool) -> Shape {
        var result = Shape(rank: keepDims ? shape.rank : 0, repeating: 1)
        for axis in 0..<shape.rank {
            if !contains(axis) {
                if keepDims { result.sizes[axis] = shape.sizes[axis] } else { result.append(shape.sizes[axis]) }
            }
        }
        return result
    }

    /// How many elements of `shape` meet in one.
    package func elementCount(in shape: Shape) -> Int {
        var product = 1
        for axis in 0..<shape.rank where contains(axis) { product *= shape.sizes[axis] }
        return product
    }
}

extension Tensor {
    /// Reduces the axes of `set` with a kernel; not recorded. Sums of integers are int64.
    package func reduced(_ op: lsk_reduce_op, _ set: AxisSet, keepDims: Bool, scale: Double = 1) -> Tensor {
        let x = dtype == .bfloat16 ? to(.float32) : self
        let adds = op == LSK_SUM || op == LSK_PRODUCT
        let type = adds && !x.dtype.isFloatingPoint ? .int64 : x.dtype
        let result = Tensor.uninitialized(set.reduced(shape, keepDims: keepDims), dtype: type)
        var iterator = ElementIterator(reducing: set, of: x, into: result, keepDims: keepDims)
        lsk_reduce(op, x.dtype.kernelType, &iterator.raw, scale)
        return result
    }

    /// A view of a reduction's result (or its gradient) that repeats it over the axes that were reduced.
    package func spread(over set: AxisSet, to shape: Shape, keepDims: Bool) -> Tensor {
        var strides = Shape(rank: shape.rank, repeating: 0)
        var next = 0
        for axis in 0..<shape.rank {
            if set.contains(axis) {
                if keepDims { next += 1 }
            } else {
                strides.sizes[axis] = body.strides.sizes[next]
                next += 1
            }
        }
        return view(shape, strides: strides)
    }
}
