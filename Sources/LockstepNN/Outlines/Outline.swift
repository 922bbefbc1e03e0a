// SPDX-License-Identifier: Apache-2.0
// What is known of a tensor before it is there.

package import LockstepTensor

/// The sizes of a tensor as far as they are known, and what its elements are.
///
/// A model that somebody else has described is tried on outlines first (``OutlineTrial``): layers that do not fit each other, or
/// the data, are an error then, where their operations would stop the program.
package struct Outline: CustomStringConvertible, Equatable {
    /// The sizes, nil where one is not known; nil when not even their number is.
    package var axes: [Int?]?
    /// The last size, where the number of axes is not known.
    private var last: Int?
    /// What the elements are; nil when that is not known.
    package var kind: Kind?
    /// What elements can be.
    package enum Kind { case real, integer, bool }

    /// Between which integers the elements lie, if that is known.
    package var values: ClosedRange<Int>?

    package init(_ axes: [Int?]?, kind: Kind? = nil, values: ClosedRange<Int>? = nil) {
        (self.axes, self.kind, self.values) = (axes, kind, values)
    }

    /// Nothing is known.
    package static let unknown = Outline(nil)

    /// All that is known of a tensor that is there; between which values its integers lie takes a pass over them.
    package init(_ tensor: Tensor) {
        let kind: Kind = tensor.dtype.isFloatingPoint ? .real : tensor.dtype.isInteger ? .integer : .bool
        self.init(tensor.shape.dimensions, kind: kind)
        guard tensor.dtype.isInteger, tensor.count > 0 else { return }
        values = withNoGrad { Int(tensor.detached.min().ints[0])...Int(tensor.detached.max().ints[0]) }
    }

    /// The number of axes.
    package var rank: Int? { axes?.count }

    /// The size of an axis, nil when it is not known; negative axes count from the back.
    package subscript(axis: Int) -> Int? {
        guard let axes else { return axis == -1 ? last : nil }
        let place = axis < 0 ? axis + axes.count : axis
        return axes.indices.contains(place) ? axes[place] : nil
    }

    /// The number of elements, as far as sizes are known; nil when it is beyond counting.
    package var leastCount: Int? {
        var count = 1
        for size in (axes ?? [last]).compactMap(\.self) {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            if overflow { return size == 0 ? 0 : nil }
            count = product
        }
        return count
    }

    /// The number of elements; nil when it is not known, or beyond counting.
    package var count: Int? {
        guard let axes, axes.allSatisfy({ $0 != nil }) else { return nil }
        return leastCount
    }

    /// Real numbers of the same sizes.
    package var real: Outline {
        var result = self
        (result.kind, result.values) = (.real, nil)
        return result
    }

    /// Real numbers of the same sizes but for the last axis, of which there is one at least.
    package func ending(in size: Int) -> Outline {
        var result = real
        if let axes { result.axes = axes.dropLast() + [size] } else { result.last = size }
        return result
    }

    /// Whether both can be of one shape.
    package func fits(_ other: Outline) -> Bool {
        guard let axes, let others = other.axes else {
            return self[-1] == nil || other[-1] == nil || self[-1] == other[-1]
        }
        return axes.count == others.count && zip(axes, others).allSatisfy { $0 == nil || $1 == nil || $0 == $1 }
    }

    /// Whether the axis exists, or may exist.
    package func has(axis: Int) -> Bool {
        let rank = rank ?? Shape.maxRank
        return axis >= -rank && axis < rank
    }

    package var description: String {
        func text(_ size: Int?) -> String { size.map(String.init) ?? "?" }
        return axes.map { "[\($0.map(text).joined(separator: ", "))]" } ?? "[…, \(text(last))]"
    }
}
