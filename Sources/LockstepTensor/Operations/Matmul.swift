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
            rank > 0 && other.rank > 0, "matmul: a scalar is not a matrix: \(shape) · \(other.shape)", file: file, line: line)
        let type = Tensor.arithmeticType(dtype, other.dtype)
        let (a, b) = (to(type), other.to(type))
        require(
            a.shape[a.rank - 1] == b.shape[Swift.max(0, b.rank - 2)],
            "matmul: inner sizes differ: \(shape) · \(other.shape)", file: file, line: line)
        if a.rank == 2 && b.rank == 2 { return Tensor.matrixProduct(a, b) }
        if a.rank == 1 || b.rank == 1 {
            var product = (a.rank == 1 ? a.unsqueezed(axis: 0) : a).matmul(b.rank == 1 ? b.unsqueezed(axis: 1) : b)
            if b.rank == 1 { product = product.squeezed(axis: -1) }
            return a.rank == 1 ? product.squeezed(axis: b.rank == 1 ? -1 : -2) : product
        }
        if b.rank == 2 {
            // One product for the whole batch; its gradient for b is one product too.
            var target = a.shape
            target[a.rank - 1] = b.shape[1]
            return Tensor.matrixProduct(a.flattened(to: -2), b).reshaped(target)
        }
        guard let batch = Shape.broadcast(Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2))) else {
            stop("matmul: leading axes do not broadcast: \(shape) · \(other.shape)", file: file, line: line)
        }
        return Tensor.batchedProduct(a, b, batch)
    }

    /// Two matrices of one type.
    private static func matrixProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
        let result = uninitialized([a.shape.sizes[0], b.shape.sizes[1]], dtype: a.dtype)
        multiply(a, b, into: result)
        guard a.node != nil || b.node != nil, isRecordingGradients else { return result }
        let (x, y) = (a.detached, b.detached)
        return result.recording("matmul", from: [a, b]) { dy, flow in
            if flow.needs(0) { flow.sendProduct(0, dy, y.swapped) }
            if flow.needs(1) { flow.sendProduct(1, x.swapped, dy) }
        }
    }

    private static func batchedProduct(_ a: Tensor, _ b: Tensor, _ batch: Shape) -> Tensor {
        let result = batchedValues(a.detached, b.detached, batch)
        guard a.node != nil || b.node != nil, isRecordingGradients else { return result }
        let (x, y) = (a.detached, b.detached)
        return result.recording("matmul", from: a, b) { dy, needs in
            (
                needs.0 ? batchedValues(dy, y.swapped, batch).summed(to: x.shape) : nil,
                needs.1 ? batchedValues(x.swapped, dy, batch).summed(to: y.shape) : nil
            )
        }
    }

    private static func batchedValues(_ a: Tensor, _ b: Tensor, _ batch: Shape) -> Tensor {
        var shape = batch
        shape.append(a.shape.sizes[a.rank - 2])
        shape.append(b.shape.sizes[b.rank - 1])
        let result = uninitialized(shape, dtype: a.dtype)
        if result.count == 0 { return result }
        let (x, left) = a.matrix()
        let (y, right) = b.matrix()
        var product = description(x, left, y, right, dtype: a.dtype)
        var walk = lsk_batch()
        walk.rank = batch.rank
        fill(&walk.shape, batch)
        fill(&walk.a, x.batchStrides(batch))
        fill(&walk.b, y.batchStrides(batch))
        fill(&walk.c, result.batchStrides(batch))
        withExtendedLifetime((x, y)) {
            lsk_matmul_batch(&product, &walk, x.unsafePointer, y.unsafePointer, result.unsafePointer)
        }
        return result
    }

    private func batchStrides(_ batch: Shape) -> Shape {
        var (lead, steps) = (shape, body.strides)
        for _ in 0..<2 {
            lead.remove(at: lead.rank - 1)
            steps.remove(at: steps.rank - 1)
        }
        return lead.broadcastStrides(steps, to: batch)
    }

    private static func fill<Tuple>(_ tuple: inout Tuple, _ values: Shape) {
        withUnsafeMutableBytes(of: &tuple) { bytes in
            let numbers = bytes.assumingMemoryBound(to: Int.self)
            for axis in 0..<values.rank { numbers[axis] = values.sizes[axis] }
        }
    }

    /// The last two axes exchanged, not recorded.
    var swapped: Tensor {
        var (sizes, steps) = (shape, body.strides)
        sizes.sizes.swapAt(rank - 2, rank - 1)
        steps.sizes.swapAt(rank - 2, rank - 1)
        return view(sizes, strides: steps)
    }
}

extension GradientFlow {
    /// Sends `a · b` to input `index`, multiplying straight into its gradient's own memory when it has some.
    func sendProduct(_ index: Int, _ a: Tensor, _ b: Tensor) {
        if accumulate(into: index, { Tensor.multiply(a, b, into: $0, beta: $1) }) { return }
        let product = Tensor.uninitialized([a.shape.sizes[0], b.shape.sizes[1]], dtype: a.dtype)
        Tensor.multiply(a, b, into: product)
        send(index, product)
    }
}
