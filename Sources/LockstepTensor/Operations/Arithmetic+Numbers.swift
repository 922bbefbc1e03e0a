// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparisons with Swift's other numbers: `x * k` for an Int or a Float.

/// A number that a tensor can be multiplied by: Swift's integers and floating-point numbers.
public typealias TensorNumber = TensorElement & Numeric

// Beside a literal these step back, so that `x * (1 / 2)` divides as it does in Python, not as integers: what is written out
// is a Double. Without that it would be 0, and `x * 2` would have two meanings to choose from.

extension Tensor {
    /// Adds a number to every element.
    @_disfavoredOverload public static func + (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a + $0 }, { a + $0 })
    }
    /// Adds a number to every element.
    @_disfavoredOverload public static func + (a: some TensorNumber, b: Tensor) -> Tensor {
        beside(b, a, { $0 + b }, { $0 + b })
    }
    /// Subtracts a number from every element.
    @_disfavoredOverload public static func - (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a - $0 }, { a - $0 })
    }
    /// Subtracts every element from a number.
    @_disfavoredOverload public static func - (a: some TensorNumber, b: Tensor) -> Tensor {
        beside(b, a, { $0 - b }, { $0 - b })
    }
    /// Multiplies every element by a number.
    @_disfavoredOverload public static func * (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a * $0 }, { a * $0 })
    }
    /// Multiplies every element by a number.
    @_disfavoredOverload public static func * (a: some TensorNumber, b: Tensor) -> Tensor {
        beside(b, a, { $0 * b }, { $0 * b })
    }
    /// Divides every element by a number.
    @_disfavoredOverload public static func / (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a / $0 }, { a / $0 })
    }
    /// Divides a number by every element.
    @_disfavoredOverload public static func / (a: some TensorNumber, b: Tensor) -> Tensor {
        beside(b, a, { $0 / b }, { $0 / b })
    }
    /// Where an element equals a number.
    @_disfavoredOverload public static func .== (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .== $0 }, { a .== $0 })
    }
    /// Where an element differs from a number.
    @_disfavoredOverload public static func .!= (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .!= $0 }, { a .!= $0 })
    }
    /// Where an element is less than a number.
    @_disfavoredOverload public static func .< (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .< $0 }, { a .< $0 })
    }
    /// Where an element is at most a number.
    @_disfavoredOverload public static func .<= (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .<= $0 }, { a .<= $0 })
    }
    /// Where an element is greater than a number.
    @_disfavoredOverload public static func .> (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .> $0 }, { a .> $0 })
    }
    /// Where an element is at least a number.
    @_disfavoredOverload public static func .>= (a: Tensor, b: some TensorNumber) -> Tensor {
        beside(a, b, { a .>= $0 }, { a .>= $0 })
    }

    /// Every element `value`, as a Double is: beyond 2⁵³ not every whole number is one.
    /// - Precondition: an integer type holds `value`.
    @_disfavoredOverload public static func full(
        _ shape: Shape, _ value: some TensorNumber, dtype: DType = .float32, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Tensor {
        full(shape, double(value), dtype: dtype, file: file, line: line)
    }

    /// Each element raised to `exponent`; see ``pow(_:file:line:)-(Double,_,_)``.
    @_disfavoredOverload public func pow(
        _ exponent: some TensorNumber, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        pow(Tensor.double(exponent), file: file, line: line)
    }

    /// The greatest whole number of times that `divisor` goes into each element.
    @_disfavoredOverload public func floorDivided(
        by divisor: some TensorNumber, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        Self.beside(
            self, divisor, { floorDivided(by: $0, file: file, line: line) },
            { floorDivided(by: $0, file: file, line: line) })
    }

    /// What is left of each element, of the divisor's sign.
    @_disfavoredOverload public func remainder(
        by divisor: some TensorNumber, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        Self.beside(
            self, divisor, { remainder(by: $0, file: file, line: line) },
            { remainder(by: $0, file: file, line: line) })
    }

    /// This tensor with `value`, as a Double is, where `mask` is true.
    @_disfavoredOverload public func filled(
        where mask: Tensor, with value: some TensorNumber, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        filled(where: mask, with: Tensor.double(value), file: file, line: line)
    }

    /// With a number as a Double, or as a tensor where an integer is too long for one: both are exact.
    private static func beside(
        _ tensor: Tensor, _ number: some TensorNumber, _ double: (Double) -> Tensor, _ whole: (Tensor) -> Tensor
    ) -> Tensor {
        let wide = number as? Int ?? (number as? Int64).map(Int.init)
        if let exact = wide, Double(exactly: exact) == nil, !tensor.dtype.isFloatingPoint {
            return whole(Tensor([exact], shape: []))
        }
        return double(Self.double(number))
    }

    private static func double(_ number: some TensorNumber) -> Double {
        switch number {
        case let number as Int: Double(number)
        case let number as Float: Double(number)
        case let number as Double: number
        case let number as Int32: Double(number)
        case let number as Int64: Double(number)
        case let number as UInt8: Double(number)
        default: Tensor([number], shape: []).item()
        }
    }
}
