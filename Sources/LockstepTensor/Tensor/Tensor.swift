// SPDX-License-Identifier: Apache-2.0
// The tensor: a view of storage plus, when a gradient is wanted, its place in the graph.

/// A multi-dimensional array of one element type.
///
/// A tensor is a value: no operation changes one that exists. Views (slices, transposes, reshapes) share memory with
/// what they were made from. Work is done at once, by the calling thread. Not `Sendable`: hand arrays between threads.
///
/// ```swift
/// let x = Tensor([[1, 2], [3, 4]])
/// print(x.matmul(x.transposed()))     // [[ 5, 11], [11, 25]]
/// ```
public struct Tensor {
    package internal(set) var body: TensorBody  // never replaced; `var` so that its uniqueness can be asked
    /// Where this value stands in the graph; nil when no gradient flows through it.
    package let node: GradientNode?

    @inline(__always)
    package init(_ body: TensorBody, node: GradientNode? = nil) {
        self.body = body
        self.node = node
    }

    /// Sizes of the axes.
    public var shape: Shape { body.shape }
    /// Number of axes.
    public var rank: Int { body.shape.rank }
    /// Number of elements.
    public var count: Int { body.count }
    /// Element type.
    public var dtype: DType { body.dtype }
    /// Distance in memory between neighbours along each axis, in elements.
    public var strides: [Int] { body.strides.dimensions }
    /// Whether the elements lie in memory in row-major order without gaps.
    public var isContiguous: Bool { body.isContiguous }
    /// Whether backward reaches this value.
    public var requiresGradient: Bool { node != nil }

    /// The size of one axis; negative axes count from the back.
    public func dim(_ axis: Int, file: StaticString = #fileID, line: UInt = #line) -> Int {
        shape[shape.axis(axis, of: "dim", file: file, line: line)]
    }

    /// The same values, cut from the graph.
    public var detached: Tensor { Tensor(body) }
}

/// Memory, element type and layout of a tensor; immutable.
package final class TensorBody {
    package internal(set) var storage: Storage  // never replaced, as `Tensor.body`
    package let pointer: UnsafeMutableRawPointer
    package let shape: Shape
    package let strides: Shape
    package let count: Int
    package let dtype: DType
    package let isContiguous: Bool

    /// A new row-major body with undefined contents.
    package init(shape: Shape, dtype: DType) {
        self.shape = shape
        self.dtype = dtype
        count = shape.elementCount
        strides = shape.contiguousStrides
        isContiguous = true
        storage = Storage(byteCount: count * dtype.byteCount)
        pointer = storage.pointer
    }

    /// A view: `offset` elements into `storage`.
    package init(storage: Storage, offset: Int, shape: Shape, strides: Shape, dtype: DType) {
        self.storage = storage
        self.shape = shape
        self.strides = strides
        self.dtype = dtype
        count = shape.elementCount
        pointer = storage.pointer + offset * dtype.byteCount
        isContiguous = TensorBody.isRowMajor(shape, strides)
        assert(
            count == 0 || extent.lowerBound >= 0 && extent.upperBound <= storage.byteCount, "view beyond its storage")
    }

    /// Elements between the start of the storage and the first element.
    package var offset: Int { (pointer - storage.pointer) / dtype.byteCount }

    /// The bytes of the storage that the view can touch.
    private var extent: Range<Int> {
        var low = offset, high = offset
        for axis in 0..<shape.rank {
            let reach = (shape[axis] - 1) * strides[axis]
            if reach < 0 { low += reach } else { high += reach }
        }
        return low * dtype.byteCount..<(high + 1) * dtype.byteCount
    }

    private static func isRowMajor(_ shape: Shape, _ strides: Shape) -> Bool {
        var step = 1
        for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape.sizes[axis] != 1 {
            if strides.sizes[axis] != step { return shape.elementCount == 0 }
            step *= shape.sizes[axis]
        }
        return true
    }

    /// Whether the elements fill a gapless stretch of memory in some order of the axes.
    package var isDense: Bool {
        if isContiguous { return true }
        var step = 1
        var left = 0
        for axis in 0..<shape.rank where shape.sizes[axis] != 1 { left += 1 }
        while left > 0 {
            var found = false
            for axis in 0..<shape.rank where shape.sizes[axis] != 1 && strides.sizes[axis] == step {
                step *= shape.sizes[axis]
                left -= 1
                found = true
                break
            }
            if !found { return false }
        }
        return true
    }
}

extension Tensor {
    /// A new row-major tensor with undefined contents, for a kernel to fill.
    package static func uninitialized(_ shape: Shape, dtype: DType = .float32) -> Tensor {
        Tensor(TensorBody(shape: shape, dtype: dtype))
    }

    /// A new tensor with undefined contents in the given dense memory order.
    package static func uninitialized(_ shape: Shape, strides: Shape, dtype: DType) -> Tensor {
        let storage = Storage(byteCount: shape.elementCount * dtype.byteCount)
        return Tensor(TensorBody(storage: storage, offset: 0, shape: shape, strides: strides, dtype: dtype))
    }

    /// A new tensor laid out in memory as `self` is when that is gapless (channels-last stays channels-last).
    package func uninitializedLike(dtype: DType? = nil) -> Tensor {
        let type = dtype ?? body.dtype
        if body.isContiguous || !body.isDense { return .uninitialized(shape, dtype: type) }
        return .uninitialized(shape, strides: body.strides, dtype: type)
    }

    /// A view of the same memory, not recorded.
    package func view(_ shape: Shape, strides: Shape, offset: Int = 0) -> Tensor {
        Tensor(
            TensorBody(
                storage: body.storage, offset: body.offset + offset, shape: shape, strides: strides, dtype: body.dtype))
    }

    /// The first element's address, for reading. Valid while this tensor lives.
    package var unsafePointer: UnsafeMutableRawPointer { body.pointer }
}
