// SPDX-License-Identifier: Apache-2.0
// What flows between the nodes of a graph: a name, a shape as far as it is known, and an element type.

/// The size of one axis of a value in a graph.
public enum ONNXAxis: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// The same in every call.
    case size(Int)
    /// Differs from call to call, and is the same wherever the name stands: `"batch"`.
    case named(String)
    /// Follows from others when the graph runs.
    case unknown

    /// A size.
    public init(integerLiteral value: Int) { self = .size(value) }
    /// A name.
    public init(stringLiteral value: String) { self = .named(value) }

    /// The size, where it is known.
    var size: Int? { if case .size(let size) = self { size } else { nil } }
}

/// The element types of values in a graph, by ONNX's numbers for them.
public enum ONNXElement: Int32, Hashable, Sendable {
    /// 32-bit floating point: what models compute in.
    case float32 = 1
    /// Bytes: pixels.
    case uint8 = 2
    /// 64-bit integers: categories, tokens, sizes.
    case int64 = 7
    /// Text: words of categories.
    case string = 8
    /// Truths: masks.
    case bool = 9
    /// 64-bit floating point: numbers of tables.
    case float64 = 11
}

/// A tensor in a graph: an input, a weight, or what a node gives.
public struct ONNXValue: Hashable, Sendable {
    /// What nodes call it.
    public let name: String
    /// The sizes of its axes.
    public let shape: [ONNXAxis]
    /// The type of its elements.
    public let element: ONNXElement

    /// A value, for an input.
    public init(_ name: String, _ shape: [ONNXAxis], _ element: ONNXElement = .float32) {
        (self.name, self.shape, self.element) = (name, shape, element)
    }

    /// The number of axes.
    var rank: Int { shape.count }
    /// The sizes, if all are known.
    var sizes: [Int]? {
        let sizes = shape.compactMap(\.size)
        return sizes.count == shape.count ? sizes : nil
    }

    /// `axis` counted from the front.
    func axis(_ axis: Int) -> Int { axis < 0 ? axis + rank : axis }

    /// The shape with other sizes at some axes.
    func shape(_ changes: (axis: Int, size: ONNXAxis)...) -> [ONNXAxis] {
        var result = shape
        for (axis, size) in changes { result[self.axis(axis)] = size }
        return result
    }
}

extension ONNXAxis: CustomStringConvertible {
    public var description: String {
        switch self {
        case .size(let size): "\(size)"
        case .named(let name): name
        case .unknown: "?"
        }
    }
}

extension ONNXValue: CustomStringConvertible {
    public var description: String {
        "\(name): \(element) [\(shape.map(\.description).joined(separator: ", "))]"
    }
}
