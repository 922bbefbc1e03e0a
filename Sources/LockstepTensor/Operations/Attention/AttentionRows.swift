// SPDX-License-Identifier: Apache-2.0
// Describes strided batches of matrices to the attention kernels.

import CLockstepKernels

/// A tensor [..., rows, width] whose rows have adjacent elements, as the kernels read it: nothing is copied for heads cut
/// out of one larger product.
struct AttentionRows {
    let tensor: Tensor
    let offsets: [Int]

    /// `tensor` must have adjacent elements along its last axis.
    init(_ tensor: Tensor) {
        self.tensor = tensor
        offsets = AttentionRows.offsets(of: tensor, as: Shape(tensor.shape.dropLast(2)))
    }

    /// `tensor`, copied only when elements of a row are apart or rows overlap.
    static func readable(_ tensor: Tensor) -> Tensor {
        let (row, column) = (tensor.rank - 2, tensor.rank - 1)
        let (shape, strides) = (tensor.shape, tensor.body.strides)
        let isReadable =
            (shape[column] <= 1 || strides[column] == 1) && (shape[row] <= 1 || strides[row] >= shape[column])
        return isReadable ? tensor.detached : tensor.detached.contiguous()
    }

    /// A new tensor [..., rows, width]; with heads ([..., H, rows, width]) the heads of one row lie side by side, so that
    /// merging them is a view.
    static func new(_ shape: Shape, dtype: DType) -> Tensor {
        guard shape.rank >= 4 else { return .uninitialized(shape, dtype: dtype) }
        let (head, row) = (shape.rank - 3, shape.rank - 2)
        var swapped = shape
        swapped[head] = shape[row]
        swapped[row] = shape[head]
        var strides = swapped.contiguousStrides
        let step = strides[head]
        strides[head] = strides[row]
        strides[row] = step
        return .uninitialized(shape, strides: strides, dtype: dtype)
    }

    /// Where each matrix starts, for leading axes that broadcast to `leading`.
    static func offsets(of tensor: Tensor, as leading: Shape) -> [Int] {
        let own = Shape(tensor.shape.dropLast(2))
        let strides = own.broadcastStrides(Shape(rank: own.rank, of: tensor.body.strides), to: leading)
        var result = [0]
        for axis in 0..<leading.rank {
            result = result.flatMap { start in (0..<leading[axis]).map { start + $0 * strides[axis] } }
        }
        return result
    }

    func withRaw<Result>(_ body: (lsk_rows) -> Result) -> Result {
        offsets.withUnsafeBufferPointer {
            // One row may have any stride; BLAS wants one that a row fits into.
            let row = Swift.max(tensor.body.strides[tensor.rank - 2], tensor.shape[tensor.rank - 1], 1)
            return body(lsk_rows(data: tensor.unsafePointer, row: row, offsets: $0.baseAddress))
        }
    }
}

extension Shape {
    /// The first `rank` entries of other strides.
    init(rank: Int, of strides: Shape) {
        self.init(rank: rank, repeating: 0)
        for axis in 0..<rank { sizes[axis] = strides.sizes[axis] }
    }
}
