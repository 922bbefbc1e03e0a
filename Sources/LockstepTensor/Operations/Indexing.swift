// SPDX-License-Identifier: Apache-2.0
// Reading parts of a tensor by position, as views that share its memory, and what may stand in the subscript.

import CLockstepKernels

extension Tensor {
    /// The part named by one entry per axis; axes not named are kept whole. A view.
    ///
    /// An integer drops its axis. See ``TensorSlice`` for what may stand here.
    /// - Gradient: `ȳ` in its place among zeros.
    public subscript(
        _ entries: any TensorIndex..., file file: StaticString = #fileID, line line: UInt = #line
    ) -> Tensor {
        let window = Window(entries.map(\.slice), of: shape, file: file, line: line)
        return reading(window)
    }

    /// The sub-tensor at position `index` of the first axis, which is dropped; −1 is the last. A view.
    public subscript(_ index: Int, file file: StaticString = #fileID, line line: UInt = #line) -> Tensor {
        reading(Window([index.slice], of: shape, file: file, line: line))
    }

    /// `count` positions of one axis from `start` on; a view.
    package func narrowed(
        axis: Int, from start: Int, count: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let axis = shape.axis(axis, of: "narrowed", file: file, line: line)
        require(
            start >= 0 && count >= 0 && start + count <= shape[axis],
            "narrowed: \(start)..<\(start + count) is outside axis \(axis) of shape \(shape)", file: file, line: line)
        if count == shape[axis] { return self }
        return reading(Window(whole: shape, axis: axis, from: start, count: count))
    }

    private func reading(_ window: Window) -> Tensor {
        let result = window.view(of: self)
        guard node != nil, isRecordingGradients else { return result }
        let (shape, order, dtype) = (shape, memoryOrder, dtype)  // not the tensor: its memory may go
        return result.recording("subscript", from: [self]) { dy, flow in
            let done = flow.accumulate(into: 0) { destination, beta in
                if beta == 0 { destination.fillMemory(0) }
                Tensor.add(dy, into: window.view(of: destination))
            }
            if done { return }
            let gradient = Tensor.zeros(shape, inOrderOf: order, dtype: dtype)
            Tensor.copy(dy, into: window.view(of: gradient))
            flow.send(0, gradient)
        }
    }

    /// Fills the gapless memory of this tensor, whatever the order of its axes.
    package func fillMemory(_ value: Double) {
        lsk_fill(count, unsafePointer, dtype.kernelType, value)
    }
}

/// A rectangular, possibly strided part of any tensor of one shape.
struct Window {
    private var starts: Shape
    private var steps: Shape
    /// For each axis of the result, the source's axis it reads; −1 for a new one.
    private var axes: [Int] = []
    private var sizes = Shape([])

    /// `count` positions of `axis`; every other axis whole.
    init(whole shape: Shape, axis: Int, from start: Int, count: Int) {
        starts = Shape(rank: shape.rank, repeating: 0)
        steps = Shape(rank: shape.rank, repeating: 1)
        starts.sizes[axis] = start
        sizes = shape
        sizes.sizes[axis] = count
        axes = Array(0..<shape.rank)
    }

    init(_ entries: [TensorSlice], of shape: Shape, file: StaticString, line: UInt) {
        starts = Shape(rank: shape.rank, repeating: 0)
        steps = Shape(rank: shape.rank, repeating: 1)
        let named = entries.reduce(0) { $0 + ($1.axisCount ?? 0) }
        let gaps = entries.count { $0.axisCount == nil }
        require(
            named <= shape.rank && gaps <= 1,
            "subscript: \(named) axes and \(gaps) ellipses are named, shape \(shape) has \(shape.rank) axes",
            file: file,
            line: line)
        var axis = 0
        for entry in entries {
            switch entry.kind {
            case .newAxis: append(-1, 1, file, line)
            case .ellipsis:
                for _ in named..<shape.rank {
                    append(axis, shape[axis], file, line)
                    axis += 1
                }
            case .index(let index):
                starts.sizes[axis] = Window.position(index, shape, axis, file, line)
                axis += 1
            case .range(let from, let to, let by):
                append(axis, select(from, to, by, shape, axis, file, line), file, line)
                axis += 1
            }
        }
        while axis < shape.rank {
            append(axis, shape[axis], file, line)
            axis += 1
        }
    }

    private mutating func append(_ axis: Int, _ size: Int, _ file: StaticString, _ line: UInt) {
        require(sizes.rank < Shape.maxRank, "subscript: more than \(Shape.maxRank) axes", file: file, line: line)
        axes.append(axis)
        sizes.append(size)
    }

    private static func position(_ index: Int, _ shape: Shape, _ axis: Int, _ file: StaticString, _ line: UInt) -> Int {
        let size = shape[axis]
        let position = index < 0 ? index + size : index
        require(
            position >= 0 && position < size,
            "subscript: index \(index) is out of bounds for axis \(axis) with size \(size) of shape \(shape)",
            file: file, line: line)
        return position
    }

    /// Sets start and step of one axis and returns how many positions are read.
    private mutating func select(
        _ from: Int?, _ to: Int?, _ by: Int, _ shape: Shape, _ axis: Int, _ file: StaticString, _ line: UInt
    ) -> Int {
        let size = shape[axis]
        require(by != 0, "subscript: the stride of axis \(axis) is 0", file: file, line: line)
        let lowest = by > 0 ? 0 : -1
        func bound(_ value: Int?, _ missing: Int) -> Int {
            guard let value else { return missing }
            let position = value < 0 ? value + size : value
            require(
                position >= lowest && position <= size + lowest,
                "subscript: bound \(value) is outside axis \(axis) with size \(size) of shape \(shape)", file: file,
                line: line)
            return position
        }
        let first = bound(from, by > 0 ? 0 : size - 1)
        let end = bound(to, by > 0 ? size : -1)
        let count = Swift.max(0, by > 0 ? (end - first + by - 1) / by : (first - end - by - 1) / -by)
        starts.sizes[axis] = count == 0 ? 0 : first
        steps.sizes[axis] = by
        return count
    }

    /// The part of `tensor`, sharing its memory; not recorded.
    func view(of tensor: Tensor) -> Tensor {
        var offset = 0
        for axis in 0..<starts.rank { offset += starts.sizes[axis] * tensor.body.strides.sizes[axis] }
        var strides = Shape(rank: sizes.rank, repeating: 0)
        for (i, axis) in axes.enumerated() where axis >= 0 {
            strides.sizes[i] = tensor.body.strides.sizes[axis] * steps.sizes[axis]
        }
        return tensor.view(sizes, strides: strides, offset: sizes.elementCount == 0 ? 0 : offset)
    }
}

/// One entry of a tensor's subscript: an integer, a range, or one of ``TensorSlice``'s makers.
public protocol TensorIndex {
    /// The entry in its general form.
    var slice: TensorSlice { get }
}

/// The general form of a subscript's entry.
///
/// ```swift
/// x[0]                                   // an integer drops the axis; −1 is the last
/// x[1..., 2]                             // ranges; bounds may be negative where Swift allows it: x[(-3)...]
/// x[.all, .stride(from: 0, to: 3, by: 2)]
/// x[.ellipsis, .newAxis]                 // as many axes as are not named; a new axis of size 1
/// ```
public struct TensorSlice: TensorIndex, Sendable {
    enum Kind: Sendable {
        case index(Int)
        case range(from: Int?, to: Int?, by: Int)
        case newAxis
        case ellipsis
    }
    let kind: Kind
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { self }

    /// How many axes of the tensor the entry stands for; nil for an ellipsis.
    var axisCount: Int? {
        switch kind {
        case .index, .range: 1
        case .newAxis: 0
        case .ellipsis: nil
        }
    }
}

extension TensorIndex where Self == TensorSlice {
    /// The whole axis.
    public static var all: TensorSlice { TensorSlice(kind: .range(from: nil, to: nil, by: 1)) }
    /// A new axis of size 1.
    public static var newAxis: TensorSlice { TensorSlice(kind: .newAxis) }
    /// All axes that are not named.
    public static var ellipsis: TensorSlice { TensorSlice(kind: .ellipsis) }

    /// Every `step`-th index from `start` up to, not including, `end`. Negative bounds count from the back; a negative
    /// step walks backward; a missing bound is the end of the axis.
    public static func stride(from start: Int? = nil, to end: Int? = nil, by step: Int) -> TensorSlice {
        TensorSlice(kind: .range(from: start, to: end, by: step))
    }
}

extension Int: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .index(self)) }
}
extension Range<Int>: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: upperBound, by: 1)) }
}
extension ClosedRange<Int>: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: .beyond(upperBound), by: 1)) }
}
extension PartialRangeFrom<Int>: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: nil, by: 1)) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .range(from: nil, to: upperBound, by: 1)) }
}
extension PartialRangeThrough<Int>: TensorIndex {
    /// The places along an axis that it stands for.
    public var slice: TensorSlice { TensorSlice(kind: .range(from: nil, to: .beyond(upperBound), by: 1)) }
}

extension Int? {
    /// The exclusive bound that includes `last`: nothing comes after −1, the last element.
    fileprivate static func beyond(_ last: Int) -> Int? { last == -1 ? nil : last + 1 }
}
