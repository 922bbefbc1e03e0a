// SPDX-License-Identifier: Apache-2.0
// A vocabulary's tokens by their bytes: a hash table that is asked about memory, not strings.

/// Finds the number of a token from its bytes. Equal bytes, not equal-looking text: `é` in one scalar and in two differ.
struct TokenIndex: Sendable {
    /// FNV-1a, which can be extended byte by byte.
    struct Hash {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325

        @inline(__always)
        mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

        /// The high bits of a product are the well mixed ones.
        @inline(__always)
        var mixed: UInt64 { (value ^ value >> 32) &* 0x9E37_79B9_7F4A_7C15 }
    }

    private struct Slot { var tag: UInt32 = 0, start: UInt32 = 0, length: UInt32 = 0, number: Int32 = -1 }

    private var slots: [Slot]
    private let shift: UInt64
    private var bytes: [UInt8] = []
    /// The length of the longest token.
    private(set) var longest = 0
    /// How many different tokens there are.
    private(set) var count = 0

    /// - Parameter tokens: of equal ones the last number counts.
    init(_ tokens: some Collection<(bytes: [UInt8], number: Int)>) {
        var bits: UInt64 = 4
        while 1 << bits < tokens.count * 2 { bits += 1 }
        (slots, shift) = (Array(repeating: Slot(), count: 1 << bits), 64 - bits)
        for token in tokens { insert(token.bytes, token.number) }
    }

    private mutating func insert(_ token: [UInt8], _ number: Int) {
        var hash = Hash()
        for byte in token { hash.add(byte) }
        let mixed = hash.mixed
        var place = Int(mixed >> shift)
        while slots[place].number >= 0 {
            let slot = slots[place]
            if slot.tag == UInt32(truncatingIfNeeded: mixed), Int(slot.length) == token.count,
                bytes[Int(slot.start)..<Int(slot.start) + token.count].elementsEqual(token)
            {
                slots[place].number = Int32(number)
                return
            }
            place = (place + 1) & (slots.count - 1)
        }
        slots[place] = Slot(
            tag: UInt32(truncatingIfNeeded: mixed), start: UInt32(bytes.count), length: UInt32(token.count),
            number: Int32(number))
        bytes += token
        longest = max(longest, token.count)
        count += 1
    }

    /// The number of the token with these bytes, whose hash is known; −1 when there is none.
    @inline(__always)
    func find(_ token: UnsafePointer<UInt8>, _ length: Int, _ hash: Hash) -> Int32 {
        let mixed = hash.mixed
        return slots.withUnsafeBufferPointer { slots in
            var place = Int(mixed >> shift)
            while true {
                let slot = slots[place]
                if slot.number < 0 { return -1 }
                if slot.tag == UInt32(truncatingIfNeeded: mixed), Int(slot.length) == length,
                    isEqual(token, Int(slot.start), length)
                {
                    return slot.number
                }
                place = (place + 1) & (slots.count - 1)
            }
        }
    }

    @inline(__always)
    private func isEqual(_ token: UnsafePointer<UInt8>, _ start: Int, _ length: Int) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            for place in 0..<length where bytes[start + place] != token[place] { return false }
            return true
        }
    }

    /// The number of the token with these bytes; nil when there is none.
    func number(of token: some Sequence<UInt8>) -> Int? {
        var hash = Hash()
        let array = Array(token)
        for byte in array { hash.add(byte) }
        let found = array.withUnsafeBufferPointer { buffer in
            var nothing: UInt8 = 0
            return withUnsafePointer(to: &nothing) { find(buffer.baseAddress ?? $0, buffer.count, hash) }
        }
        return found < 0 ? nil : Int(found)
    }
}
