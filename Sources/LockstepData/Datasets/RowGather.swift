// SPDX-License-Identifier: Apache-2.0
// Rows of a tensor by index, at memory speed and without a graph: the heart of batching tensors.

import CLockstepKernels
import LockstepTensor

/// Gathering rows (slices along the first axis) of dense tensors.
enum RowGather {
    /// `tensor` such that every row is one gapless stretch of memory; a copy only when it is not so already.
    static func prepared(_ tensor: Tensor) -> Tensor {
        let tensor = tensor.detached
        return hasDenseRows(tensor) ? tensor : tensor.contiguous()
    }

    /// The rows at `indices` of a `prepared` tensor: shape [indices.count, …], the memory order of a row kept.
    /// Neighbouring rows in rising order are a view, nothing is copied. Indices must be in range.
    static func rows(_ tensor: Tensor, _ indices: [Int]) -> Tensor {
        var shape = tensor.shape
        shape[0] = indices.count
        let strides = tensor.body.strides
        if let first = indices.first, isRun(indices) {
            prefetch(tensor, CollectionOfOne(first), each: indices.count)
            return tensor.view(shape, strides: strides, offset: first * strides[0])
        }
        prefetch(tensor, indices, each: 1)
        let rowBytes = rowCount(tensor) * tensor.dtype.byteCount
        let result =
            tensor.isContiguous || indices.isEmpty
            ? Tensor.uninitialized(shape, dtype: tensor.dtype)
            : Tensor.uninitialized(shape, strides: strides, dtype: tensor.dtype)
        lsk_copy_rows(indices.count, rowBytes, indices, tensor.unsafePointer, result.unsafePointer)
        return result
    }

    /// Has the rows of what is larger than memory read all at once, instead of one after the other as they are copied: `count` from
    /// each of `starts` on.
    private static func prefetch(_ tensor: Tensor, _ starts: some Sequence<Int>, each count: Int) {
        guard let file = tensor.body.storage.owner as? any MappedPages, file.isBeyondMemory else { return }
        let (base, rowBytes) = (UnsafeRawPointer(tensor.unsafePointer), rowCount(tensor) * tensor.dtype.byteCount)
        for start in starts { Pages.willNeed(base + start * rowBytes, count * rowBytes) }
    }

    /// The first of `indices` that does not count one of `count` items.
    static func firstBad(_ indices: [Int], below count: Int) -> Int? {
        var largest: UInt = 0
        // A negative index is a very large one, and a loop without a way out compares several at a time.
        for index in indices { largest = max(largest, UInt(bitPattern: index)) }
        return indices.isEmpty || largest < UInt(count) ? nil : indices.first { $0 < 0 || $0 >= count }
    }

    /// Row `index` as a view without the first axis.
    static func row(_ tensor: Tensor, _ index: Int) -> Tensor {
        let strides = tensor.body.strides
        return tensor.view(
            Shape(tensor.shape.dropFirst()), strides: stridesWithoutFirst(strides), offset: index * strides[0])
    }

    private static func stridesWithoutFirst(_ strides: Shape) -> Shape {
        var result = Shape(rank: strides.rank - 1, repeating: 1)
        for axis in 0..<result.rank { result[axis] = strides[axis + 1] }
        return result
    }

    private static func rowCount(_ tensor: Tensor) -> Int {
        var product = 1
        for axis in 1..<tensor.shape.rank { product *= tensor.shape[axis] }
        return product
    }

    private static func isRun(_ indices: [Int]) -> Bool {
        for position in 1..<max(1, indices.count) where indices[position] != indices[position - 1] + 1 { return false }
        return true
    }

    private static func hasDenseRows(_ tensor: Tensor) -> Bool {
        if tensor.isContiguous { return true }
        // With a single row its stride is arbitrary, and gathering would trust it.
        return tensor.body.isDense && tensor.shape[0] > 1 && tensor.body.strides[0] == rowCount(tensor)
    }
}
