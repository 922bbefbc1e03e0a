// SPDX-License-Identifier: Apache-2.0
// What a reduction reduces, and how: the element types and operations every communicator knows.

/// The element types a communicator can reduce. The raw values are those of the C kernels and of the wire.
public enum ElementType: UInt16, Sendable, CaseIterable, CustomStringConvertible {
    case float32, float64, int64, uint64
    /// Bytes can be moved, not reduced.
    case byte

    /// Size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .float32: 4
        case .float64, .int64, .uint64: 8
        case .byte: 1
        }
    }

    public var description: String {
        switch self {
        case .float32: "float32"
        case .float64: "float64"
        case .int64: "int64"
        case .uint64: "uint64"
        case .byte: "bytes"
        }
    }
}

/// How the contributions of the ranks become one value. A NaN on any rank wins every minimum and maximum.
public enum ReductionOperation: UInt16, Sendable, CaseIterable, CustomStringConvertible {
    case sum, min, max

    public var description: String {
        switch self {
        case .sum: "sum"
        case .min: "min"
        case .max: "max"
        }
    }
}
