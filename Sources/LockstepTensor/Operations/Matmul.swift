// SPDX-License-Identifier: Apache-2.0
// Matrix products with any number of leading axes.

import CLockstepKernels

extension Tensor {
    /// The matrix product over the last two axes; leading axes broadcast. Vectors count as one row or one column.
    ///
    /// Transposed operands are multiplied as they lie in memory, without a copy.
    /// - Shape: `[*, m, k] · [*, k, n] → [*, m, n]`; `[k] · [*, k, n] → [*, n]`; `[*, m, k] · [k] → [*, m]`; `[k] · [k] → []`.
    /// - Gradient: `ȳ·bᵀ` and `aᵀ·ȳ`, summed over broadcast axes.
    public func matmul(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            rank > 0 && other.rank > 0, "matmul: a scalar is not a matrix: \(shape) · \(other.shape)", file: file,
            line: line)
        let type = Tensor.arithmeticType(dtype, other.dtype)
        let (a, b) = (to(type).autocast, other.to(type).autocast)
        require(
            a.shape[a.rank - 1] == b.shape[Swift.max(0, b.rank - 2)],
            "matmul: inner sizes differ: \(shape) · \(other.shape)", file: file, line: line)
        if a.rank == 2 && b.rank == 2 { return Tensor.matrixProduct(a, b).autocast }
        if a.rank == 1 || b.rank == 1 {
            var product = (a.rank == 1 ? a.unsqueezed(axis: 0) : a).matmul(b.rank == 1 ? b.unsqueezed(axis: 1) : b)
            if b.rank == 1 { product = product.squeezed(axis: -1) }
            return a.rank == 1 ? product.squeezed(axis: b.rank == 1 ? -1 : -2) : product
        }
        if b.rank == 2 {
            // One product for the whole batch; its gradient for b is one product too.
            var target = a.shape
            target[a.rank - 1] = b.shape[1]
            return Tensor.matrixProduct(a.flattened(to: -2), b).autocast.reshaped(target)
        }
        guard let batch = Shape.broadcast(Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2))) else {
            stop("matmul: leading axes do not broadcast: \(shape) · \(other.shape)", file: file, line: line)
        }
        return Tensor.batchedProduct(a, b, batch).autocast
    }

    /// Two matrices of one type.
    private static func matrixProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
        let result = uninitialized([a.shape.sizes[0], b.shape.sizes[1]], dtype: a.dtype)
        let (x, y) = (BLASMatrix(a), BLASMatrix(b))
        multiply(x, y, into: result)
        guard a.node != nil || b.node != nil, isRecordingGradients else { return result }
        return result.recording("matmul", from: [a, b]) { dy, flow in
            let gradient = BLASMatrix(dy)
            if flow.needs(0) { flow.sendProduct(0, gradient, y.transposed) }
            if flow.needs(1) { flow.sendProduct(1, x.transposed, gradient) }
        }
    }

    private static func batchedProduct(_ a: Tensor, _ b: Tensor, _ batch: Shape) -> Tensor {
        let (x, y) = (BLASMatrix(a), BLASMatrix(b))
        let result = batchedValues(x, y, batch)
        guard a.node != nil || b.node != nil, isRecordingGradients else { return result }
        return result.recording("matmul", from: a, b) { dy, needs in
            let gradient = BLASMatrix(dy)
            return (
                needs.0 ? batchedValues(gradient, y.transposed, batch).summed(to: x.tensor.shape) : nil,
                needs.1 ? batchedValues(x.transposed, gradient, batch).summed(to: y.tensor.shape) : nil
            )
        }
    }

    private static func batchedValues(_ a: BLASMatrix, _ b: BLASMatrix, _ batch: Shape) -> Tensor {
        var shape = batch
        shape.append(a.rows)
        shape.append(b.columns)
        let result = uninitialized(shape, dtype: a.tensor.dtype)
        if result.count == 0 { return result }
        var walk = lsk_batch()
        walk.rank = batch.rank
        fill(&walk.shape, batch)
        fill(&walk.a, a.batchStrides(batch))
        fill(&walk.b, b.batchStrides(batch))
        fill(&walk.c, BLASMatrix(result).batchStrides(batch))
        var product = a.times(b)
        lsk_matmul_batch(&product, &walk, a.tensor.unsafePointer, b.tensor.unsafePointer, result.unsafePointer)
        return result
    }

    private static func fill<Tuple>(_ tuple: inout Tuple, _ values: Shape) {
        withUnsafeMutableBytes(of: &tuple) { bytes in
            let numbers = bytes.assumingMemoryBound(to: Int.self)
            for axis in 0..<values.rank { numbers[axis] = values.sizes[axis] }
        }
    }
}
