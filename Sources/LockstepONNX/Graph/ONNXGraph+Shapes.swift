// SPDX-License-Identifier: Apache-2.0
// Values in other shapes: reshaped, transposed, cut, joined; with sizes that are known only when the graph runs.

extension ONNXGraph {
    /// The size of an axis, an int64 of shape [1].
    func size(of x: ONNXValue, _ axis: Int) -> ONNXValue {
        let axis = x.axis(axis)
        if let size = x.shape[axis].size { return integers([size]) }
        return add("Shape", [x], ["start": .int(axis), "end": .int(axis + 1)], shape: [1], element: .int64)
    }

    /// The whole shape, an int64 of shape [rank].
    func shape(of x: ONNXValue) -> ONNXValue {
        x.sizes.map { integers($0) } ?? add("Shape", [x], shape: [.size(x.rank)], element: .int64)
    }

    /// The same elements in another shape, of whose sizes one may be unknown, beside those of the first axes, which are kept.
    func reshaped(_ x: ONNXValue, _ shape: [ONNXAxis], keeping kept: Int = 1) -> ONNXValue {
        let target = shape.enumerated().map { axis, size in
            // 0 keeps a size, and works for batches of nothing; what -1 stands for cannot be told then.
            size.size ?? (axis < kept ? 0 : -1)
        }
        return add("Reshape", [x, integers(target)], shape: shape)
    }

    /// Axes `from` to `to` made one.
    func flattened(_ x: ONNXValue, from: Int, to: Int = -1) -> ONNXValue {
        let (from, to) = (x.axis(from), x.axis(to))
        if from >= to { return x }
        let sizes = x.shape[from...to].compactMap(\.size)
        let merged: ONNXAxis = sizes.count == to - from + 1 ? .size(sizes.reduce(1, *)) : .unknown
        let (front, rest) = (x.shape[..<from], [merged] + x.shape[(to + 1)...])
        if rest.count(where: { $0.size == nil }) <= 1 { return reshaped(x, front + rest, keeping: from) }
        let product = reduced("ReduceProd", joined((from...to).map { size(of: x, $0) }, axis: 0), [0])
        let parts = (0..<from).map { size(of: x, $0) } + [product] + (to + 1..<x.rank).map { size(of: x, $0) }
        return add("Reshape", [x, joined(parts, axis: 0)], shape: front + rest)
    }

    func transposed(_ x: ONNXValue, _ order: [Int]) -> ONNXValue {
        add("Transpose", [x], ["perm": .ints(order)], shape: order.map { x.shape[$0] })
    }

    func joined(_ parts: [ONNXValue], axis: Int) -> ONNXValue {
        if parts.count == 1 { return parts[0] }
        let axis = parts[0].axis(axis)
        let sizes = parts.compactMap { $0.shape[axis].size }
        return add(
            "Concat", parts, ["axis": .int(axis)],
            shape: parts[0].shape((axis, sizes.count == parts.count ? .size(sizes.reduce(0, +)) : .unknown)))
    }

    /// Positions `from` to `to`, the latter not included, along an axis.
    func sliced(_ x: ONNXValue, axis: Int, from: Int, to: Int) -> ONNXValue {
        let axis = x.axis(axis)
        return add(
            "Slice", [x, integers([from]), integers([to]), integers([axis])],
            shape: x.shape((axis, to >= 0 && from >= 0 ? .size(to - from) : .unknown)))
    }

    /// The first positions along an axis, as many as the axis `like` of `other` has.
    func prefix(_ x: ONNXValue, axis: Int, asLongAs other: ONNXValue, _ like: Int) -> ONNXValue {
        add(
            "Slice", [x, integers([0]), size(of: other, like), integers([axis])],
            shape: x.shape((axis, other.shape[other.axis(like)])))
    }

    /// The part at one place along an axis, which is left out.
    func picked(_ x: ONNXValue, axis: Int, _ index: Int) -> ONNXValue {
        var shape = x.shape
        shape.remove(at: x.axis(axis))
        return add("Gather", [x, integers([index], shape: [])], ["axis": .int(x.axis(axis))], shape: shape)
    }

    /// Rows of a table by their numbers.
    func looked(up indices: ONNXValue, in table: ONNXValue) -> ONNXValue {
        add("Gather", [table, indices], ["axis": 0], shape: indices.shape + table.shape.dropFirst())
    }

    /// Equal parts along an axis.
    func split(_ x: ONNXValue, axis: Int, into count: Int) -> [ONNXValue] {
        let axis = x.axis(axis)
        let part: ONNXAxis = x.shape[axis].size.map { .size($0 / count) } ?? .unknown
        return add(
            "Split", [x], [("axis", .int(axis)), ("num_outputs", .int(count))],
            shapes: Array(repeating: x.shape((axis, part)), count: count))
    }

    func unsqueezed(_ x: ONNXValue, _ axis: Int) -> ONNXValue {
        var shape = x.shape
        shape.insert(1, at: axis)
        return add("Unsqueeze", [x, integers([axis])], shape: shape)
    }

    func squeezed(_ x: ONNXValue, _ axis: Int) -> ONNXValue {
        var shape = x.shape
        shape.remove(at: axis)
        return add("Squeeze", [x, integers([axis])], shape: shape)
    }

    /// Values added around the last axes: `before` and `behind` for each.
    func padded(_ x: ONNXValue, _ before: [Int], _ behind: [Int]) -> ONNXValue {
        if (before + behind).allSatisfy({ $0 == 0 }) { return x }
        let lead = x.rank - before.count
        var shape = x.shape
        for (place, axis) in (lead..<x.rank).enumerated() {
            shape[axis] = shape[axis].size.map { .size($0 + before[place] + behind[place]) } ?? .unknown
        }
        let none = Array(repeating: 0, count: lead)
        return add("Pad", [x, integers(none + before + none + behind), scalar(0, like: x)], shape: shape)
    }
}
