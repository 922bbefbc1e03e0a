// SPDX-License-Identifier: Apache-2.0
// Describes a reduction to the C iterator: the result has stride 0 along the axes that are reduced.

import CLockstepKernels

extension ElementIterator {
    /// `output` as operand 0 with the reduced axes repeated, `input` as operand 1.
    package init(reducing set: AxisSet, of input: Tensor, into output: Tensor, keepDims: Bool) {
        let (small, wide) = (output.body, input.body)
        raw.rank = wide.shape.rank
        raw.operands = 2
        raw.data.0 = small.pointer.assumingMemoryBound(to: CChar.self)
        raw.data.1 = wide.pointer.assumingMemoryBound(to: CChar.self)
        raw.element_size.0 = small.dtype.byteCount
        raw.element_size.1 = wide.dtype.byteCount
        withUnsafeMutablePointer(to: &raw.shape) { tuple in
            tuple.withMemoryRebound(to: Int.self, capacity: 8) { sizes in
                for axis in 0..<wide.shape.rank { sizes[axis] = wide.shape.sizes[axis] }
            }
        }
        withUnsafeMutablePointer(to: &raw.strides) { tuple in
            tuple.withMemoryRebound(to: Int.self, capacity: 32) { strides in
                var next = 0
                for axis in 0..<wide.shape.rank {
                    strides[8 + axis] = wide.strides.sizes[axis]
                    if set.contains(axis) {
                        strides[axis] = 0
                        if keepDims { next += 1 }
                    } else {
                        strides[axis] = small.strides.sizes[next]
                        next += 1
                    }
                }
            }
        }
    }

    /// `output` as operand 0, broadcast to the shape of `input`: it has stride 0 where it was repeated.
    package init(reducing input: Tensor, to output: Tensor) {
        self.init(input, output)
        (raw.data.0, raw.data.1) = (raw.data.1, raw.data.0)
        (raw.strides.0, raw.strides.1) = (raw.strides.1, raw.strides.0)
        (raw.element_size.0, raw.element_size.1) = (raw.element_size.1, raw.element_size.0)
    }
}
