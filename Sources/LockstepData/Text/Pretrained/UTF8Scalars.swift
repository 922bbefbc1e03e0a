// SPDX-License-Identifier: Apache-2.0
// Scalars out of valid UTF-8 and back, without a String.

/// A view of valid UTF-8 in memory.
typealias UTF8Bytes = UnsafeBufferPointer<UInt8>

extension UnsafeBufferPointer where Element == UInt8 {
    /// The scalar that begins at `place`, and how many bytes it takes.
    /// - Precondition: the bytes are valid UTF-8 and `place` is a scalar's first.
    @inline(__always)
    func scalar(at place: Int) -> (scalar: UInt32, width: Int) {
        let first = UInt32(self[place])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(self[place + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(self[place + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(self[place + 3] & 0x3F), 4)
    }

    /// The first byte of the scalar that ends before `end`.
    @inline(__always)
    func scalarStart(before end: Int) -> Int {
        var place = end - 1
        while self[place] & 0xC0 == 0x80 { place -= 1 }
        return place
    }

    /// The bytes in a range of it.
    @inline(__always)
    func part(_ range: Range<Int>) -> UTF8Bytes { UTF8Bytes(rebasing: self[range]) }
}

/// Calls `body` with each byte of a scalar's UTF-8.
@inline(__always)
func forEachByte(of scalar: UInt32, _ body: (UInt8) -> Void) {
    switch scalar {
    case ..<0x80: body(UInt8(truncatingIfNeeded: scalar))
    case ..<0x800:
        body(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    case ..<0x10000:
        body(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    default:
        body(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
        body(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    }
}

/// The scalars of a text.
func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }
