// SPDX-License-Identifier: Apache-2.0
// What may stand in a tensor's subscript.

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
    public var slice: TensorSlice { TensorSlice(kind: .index(self)) }
}
extension Range<Int>: TensorIndex {
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: upperBound, by: 1)) }
}
extension ClosedRange<Int>: TensorIndex {
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: .beyond(upperBound), by: 1)) }
}
extension PartialRangeFrom<Int>: TensorIndex {
    public var slice: TensorSlice { TensorSlice(kind: .range(from: lowerBound, to: nil, by: 1)) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
    public var slice: TensorSlice { TensorSlice(kind: .range(from: nil, to: upperBound, by: 1)) }
}
extension PartialRangeThrough<Int>: TensorIndex {
    public var slice: TensorSlice { TensorSlice(kind: .range(from: nil, to: .beyond(upperBound), by: 1)) }
}

extension Int? {
    /// The exclusive bound that includes `last`: nothing comes after −1, the last element.
    fileprivate static func beyond(_ last: Int) -> Int? { last == -1 ? nil : last + 1 }
}
