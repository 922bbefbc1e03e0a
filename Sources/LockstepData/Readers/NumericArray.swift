// SPDX-License-Identifier: Apache-2.0
// What the IDX and npy readers return: numbers of one element type in row-major order, with a shape.

/// A dense array of numbers in row-major (C) order, as a file holds it; the readers' plain counterpart of a tensor.
public struct NumericArray: Sendable, Equatable {
    /// The numbers, in the element type of the file.
    public enum Elements: Sendable, Equatable {
        case bool([Bool])
        case uint8([UInt8])
        case int8([Int8])
        case int16([Int16])
        case int32([Int32])
        case int64([Int64])
        case float32([Float])
        case float64([Double])
    }

    /// The length of every axis, slowest first; empty for a single number.
    public let shape: [Int]
    /// The values, row-major.
    public let elements: Elements

    /// Wraps `elements`, which must number the product of `shape`; `nil` when they do not.
    public init?(shape: [Int], elements: Elements) {
        guard shape.allSatisfy({ $0 >= 0 }), Self.product(shape) == elements.count else { return nil }
        self.shape = shape
        self.elements = elements
    }

    /// The number of elements.
    public var count: Int { elements.count }

    /// Every element as `Float`; integers beyond 2²⁴ are rounded, `true` is 1.
    public var floats: [Float] {
        switch elements {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .uint8(let values): values.map(Float.init)
        case .int8(let values): values.map(Float.init)
        case .int16(let values): values.map(Float.init)
        case .int32(let values): values.map(Float.init)
        case .int64(let values): values.map(Float.init)
        case .float32(let values): values
        case .float64(let values): values.map(Float.init)
        }
    }

    /// Every element as `Double`; integers beyond 2⁵³ are rounded, `true` is 1.
    public var doubles: [Double] {
        switch elements {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .uint8(let values): values.map(Double.init)
        case .int8(let values): values.map(Double.init)
        case .int16(let values): values.map(Double.init)
        case .int32(let values): values.map(Double.init)
        case .int64(let values): values.map(Double.init)
        case .float32(let values): values.map(Double.init)
        case .float64(let values): values
        }
    }

    /// Every element as `Int`, or `nil` when the file holds floating-point numbers.
    public var integers: [Int]? {
        switch elements {
        case .bool(let values): values.map { $0 ? 1 : 0 }
        case .uint8(let values): values.map(Int.init)
        case .int8(let values): values.map(Int.init)
        case .int16(let values): values.map(Int.init)
        case .int32(let values): values.map(Int.init)
        case .int64(let values): values.map(Int.init)
        case .float32, .float64: nil
        }
    }

    /// The product of the axis lengths, or `nil` when that of those that are not 0 does not fit an `Int`: an empty array has
    /// steps along its axes too, and NumPy refuses it as well.
    static func product(_ shape: [Int]) -> Int? {
        var result = 1
        for length in shape where length != 0 {
            let (product, overflow) = result.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            result = product
        }
        return shape.contains(0) ? 0 : result
    }
}

extension NumericArray.Elements {
    /// The number of elements.
    public var count: Int {
        switch self {
        case .bool(let values): values.count
        case .uint8(let values): values.count
        case .int8(let values): values.count
        case .int16(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .float32(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// Name as NumPy spells it, for messages.
    public var typeName: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float32: "float32"
        case .float64: "float64"
        }
    }
}
