// SPDX-License-Identifier: Apache-2.0
// Describes broadcast operands to the C iterator.

package import CLockstepKernels

/// The output and up to three inputs of one element-wise kernel, inputs broadcast to the output's shape.
package struct ElementIterator {
    package var raw = lsk_iterator()

    package init(_ output: Tensor, _ first: Tensor, _ second: Tensor? = nil, _ third: Tensor? = nil) {
        let shape = output.shape
        raw.rank = shape.rank
        withUnsafeMutablePointer(to: &raw.shape) { tuple in
            tuple.withMemoryRebound(to: Int.self, capacity: 8) { sizes in
                for axis in 0..<shape.rank { sizes[axis] = shape.sizes[axis] }
            }
        }
        add(output, shape)
        add(first, shape)
        if let second { add(second, shape) }
        if let third { add(third, shape) }
    }

    private mutating func add(_ operand: Tensor, _ shape: Shape) {
        let strides =
            operand.shape == shape
            ? operand.body.strides : operand.shape.broadcastStrides(operand.body.strides, to: shape)
        let k = raw.operands
        withUnsafeMutablePointer(to: &raw.strides) { tuple in
            tuple.withMemoryRebound(to: Int.self, capacity: 32) { all in
                for axis in 0..<shape.rank { all[k * 8 + axis] = strides.sizes[axis] }
            }
        }
        withUnsafeMutablePointer(to: &raw.data) { tuple in
            tuple.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: 4) { data in
                data[k] = operand.unsafePointer.assumingMemoryBound(to: CChar.self)
            }
        }
        withUnsafeMutablePointer(to: &raw.element_size) { tuple in
            tuple.withMemoryRebound(to: Int.self, capacity: 4) { $0[k] = operand.dtype.byteCount }
        }
        raw.operands += 1
    }
}
