// SPDX-License-Identifier: Apache-2.0
// Matrices as BLAS wants them described: as they lie in memory, or as the transpose of how they lie.

import CLockstepKernels

/// The last two axes of a tensor, read as a matrix or as its transpose. Making one allocates nothing.
struct BLASMatrix {
    let tensor: Tensor
    private(set) var rows: Int
    private(set) var columns: Int
    /// Whether memory holds the transpose.
    private(set) var isTransposed: Bool
    /// Elements between the stored rows.
    let leading: Int

    /// The last two axes of `source`; copies it only when neither of them is dense.
    init(_ source: Tensor) {
        let (shape, strides) = (source.shape, source.body.strides)
        rows = shape.sizes[shape.rank - 2]
        columns = shape.sizes[shape.rank - 1]
        let (rowStride, columnStride) = (strides.sizes[shape.rank - 2], strides.sizes[shape.rank - 1])
        if (columnStride == 1 || columns == 1) && (rowStride >= Swift.max(columns, 1) || rows == 1) {
            tensor = source.detached
            isTransposed = false
            leading = rows == 1 ? Swift.max(columns, 1) : rowStride
        } else if (rowStride == 1 || rows == 1) && (columnStride >= Swift.max(rows, 1) || columns == 1) {
            tensor = source.detached
            isTransposed = true
            leading = columns == 1 ? Swift.max(rows, 1) : columnStride
        } else {
            let copy = Tensor.uninitialized(shape, dtype: source.dtype)
            Tensor.copy(source, into: copy)
            tensor = copy
            isTransposed = false
            leading = Swift.max(columns, 1)
        }
    }

    /// The same memory read with rows and columns exchanged.
    var transposed: BLASMatrix {
        var result = self
        (result.rows, result.columns) = (columns, rows)
        result.isTransposed.toggle()
        return result
    }

    /// Strides of the leading axes, repeated where `batch` is larger.
    func batchStrides(_ batch: Shape) -> Shape {
        var (lead, steps) = (tensor.shape, tensor.body.strides)
        for _ in 0..<2 {
            lead.remove(at: lead.rank - 1)
            steps.remove(at: steps.rank - 1)
        }
        return lead.broadcastStrides(steps, to: batch)
    }

    /// The product with `other` into contiguous rows, as C describes it.
    func times(_ other: BLASMatrix, beta: Float = 0) -> lsk_gemm {
        lsk_gemm(
            dtype: tensor.dtype.kernelType, m: rows, n: other.columns, k: columns, transpose_a: isTransposed ? 1 : 0,
            transpose_b: other.isTransposed ? 1 : 0, lda: leading, ldb: other.leading, ldc: Swift.max(other.columns, 1),
            beta: Double(beta))
    }
}

extension Tensor {
    /// `destination = a · b + beta · destination` for two matrices of the destination's type; not recorded.
    ///
    /// `destination` is contiguous. Transposed views are read where they lie.
    package static func multiply(_ a: Tensor, _ b: Tensor, into destination: Tensor, beta: Float = 0) {
        multiply(BLASMatrix(a), BLASMatrix(b), into: destination, beta: beta)
    }

    static func multiply(_ a: BLASMatrix, _ b: BLASMatrix, into destination: Tensor, beta: Float = 0) {
        var product = a.times(b, beta: beta)
        lsk_matmul(&product, a.tensor.unsafePointer, b.tensor.unsafePointer, destination.unsafePointer)
    }

    /// `destination = a · b`, passed through `epilogue` on its way.
    static func multiply(
        _ a: BLASMatrix, _ b: BLASMatrix, into destination: Tensor, then epilogue: inout lsk_epilogue
    ) {
        var product = a.times(b)
        lsk_matmul_epilogue(
            &product, a.tensor.unsafePointer, b.tensor.unsafePointer, destination.unsafePointer, &epilogue)
    }
}
