// SPDX-License-Identifier: Apache-2.0
// How a strided matrix is described to BLAS: as it lies, or as the transpose of how it lies.

import CLockstepKernels

/// The last two axes of a tensor as BLAS sees them.
struct MatrixLayout {
    var isTransposed: Bool
    /// Elements between the stored rows.
    var leading: Int

    /// The layout of a `rows` × `columns` matrix with the given strides; nil when it must be copied first.
    init?(rows: Int, columns: Int, rowStride: Int, columnStride: Int) {
        if (columnStride == 1 || columns == 1) && (rowStride >= Swift.max(columns, 1) || rows == 1) {
            isTransposed = false
            leading = rows == 1 ? Swift.max(columns, 1) : rowStride
        } else if (rowStride == 1 || rows == 1) && (columnStride >= Swift.max(rows, 1) || columns == 1) {
            isTransposed = true
            leading = columns == 1 ? Swift.max(rows, 1) : columnStride
        } else {
            return nil
        }
    }
}

extension Tensor {
    /// The last two axes as a matrix BLAS can read; copies only when neither of them is dense.
    func matrix() -> (Tensor, MatrixLayout) {
        if let layout = matrixLayout { return (self, layout) }
        let copy = contiguous()
        return (copy, MatrixLayout(isTransposed: false, leading: Swift.max(1, shape.sizes[rank - 1])))
    }

    private var matrixLayout: MatrixLayout? {
        MatrixLayout(
            rows: shape.sizes[rank - 2], columns: shape.sizes[rank - 1], rowStride: body.strides.sizes[rank - 2],
            columnStride: body.strides.sizes[rank - 1])
    }

    /// `destination = a · b + beta · destination` for two matrices of the destination's type; not recorded.
    ///
    /// `destination` is contiguous. Transposed views are read where they lie.
    package static func multiply(_ a: Tensor, _ b: Tensor, into destination: Tensor, beta: Float = 0) {
        let (x, left) = a.detached.matrix()
        let (y, right) = b.detached.matrix()
        var product = Tensor.description(x, left, y, right, dtype: destination.dtype)
        product.beta = Double(beta)
        withExtendedLifetime((x, y)) {
            lsk_matmul(&product, x.unsafePointer, y.unsafePointer, destination.unsafePointer)
        }
    }

    static func description(_ x: Tensor, _ left: MatrixLayout, _ y: Tensor, _ right: MatrixLayout, dtype: DType)
        -> lsk_gemm
    {
        let n = y.shape.sizes[y.rank - 1]
        return lsk_gemm(
            dtype: dtype.kernelType, m: x.shape.sizes[x.rank - 2], n: n, k: x.shape.sizes[x.rank - 1],
            transpose_a: left.isTransposed ? 1 : 0, transpose_b: right.isTransposed ? 1 : 0, lda: left.leading,
            ldb: right.leading, ldc: Swift.max(n, 1), beta: 0)
    }
}

extension MatrixLayout {
    init(isTransposed: Bool, leading: Int) {
        self.isTransposed = isTransposed
        self.leading = leading
    }
}
