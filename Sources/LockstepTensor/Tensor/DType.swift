// SPDX-License-Identifier: Apache-2.0
// The element types a tensor can have.

package import CLockstepKernels

/// The type of a tensor's elements.
///
/// `float32` is what models train in; `float64` is for gradient checks; integers and booleans are labels, indices and
/// masks; `bfloat16` is a storage type: arithmetic on it is done in `float32` and gives `float32`; what only moves
/// elements (views, gathering, padding, sorting) gives `bfloat16`, and so is the gradient of a `bfloat16` leaf.
///
/// Integers meet a number as PyTorch's do: a whole one must be one of their type, any other makes `float32` of them;
/// comparisons are with the number itself. What an integer type cannot hold is refused, never cut off.
public enum DType: UInt32, Sendable, CaseIterable, CustomStringConvertible {
    case float32 = 0
    case float64, int32, int64, uint8, bool, bfloat16

    /// Size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .float32, .int32: 4
        case .float64, .int64: 8
        case .uint8, .bool: 1
        case .bfloat16: 2
        }
    }

    /// Whether the type holds real numbers, and so can carry a gradient.
    public var isFloatingPoint: Bool { self == .float32 || self == .float64 || self == .bfloat16 }

    /// Whether the type holds whole numbers (`bool` is not one).
    public var isInteger: Bool { self == .int32 || self == .int64 || self == .uint8 }

    public var description: String {
        switch self {
        case .float32: "float32"
        case .float64: "float64"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .bool: "bool"
        case .bfloat16: "bfloat16"
        }
    }

    package var kernelType: lsk_dtype { lsk_dtype(rawValue: rawValue) }

    /// The type in which two operands meet: bool < uint8 < int32 < int64 < bfloat16 < float32 < float64.
    package static func promoted(_ a: DType, _ b: DType) -> DType { a.width >= b.width ? a : b }

    private var width: Int {
        switch self {
        case .bool: 0
        case .uint8: 1
        case .int32: 2
        case .int64: 3
        case .bfloat16: 4
        case .float32: 5
        case .float64: 6
        }
    }
}

/// A Swift type that tensors can be made from.
public protocol TensorElement {
    /// The element type a tensor of these values has.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .float64 }
}
extension Int32: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .int32 }
}
extension Int64: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .int64 }
}
extension Int: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .int64 }
}
extension UInt8: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .uint8 }
}
extension Bool: TensorElement {
    /// The type of elements that such numbers become.
    public static var dtype: DType { .bool }
}
