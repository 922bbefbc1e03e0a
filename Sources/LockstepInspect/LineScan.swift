// SPDX-License-Identifier: Apache-2.0
// The lines of a file, one at a time, whatever the file's size.

import LockstepData

/// Reads lines of at most a mebibyte.
struct LineScan {
    private static let longest = 1 << 20

    /// Calls `body` with each line, without its end, and its number from 1.
    ///
    /// - Returns: whether the last line has an end.
    /// - Throws: `DataError` for a longer line, and what `body` throws.
    static func forEach(
        in pieces: borrowing PieceReader, _ body: (ArraySlice<UInt8>, Int) throws(DataError) -> Void
    ) throws(DataError) -> Bool {
        var (place, number) = (0, 0)
        var rest: [UInt8] = []
        while place < pieces.size {
            let piece = try pieces.bytes(place..<min(pieces.size, place + 1 << 16), "its lines")
            place += piece.count
            rest += piece
            var start = 0
            while let end = rest[start...].firstIndex(of: 0x0A) {
                number += 1
                try body(rest[start..<end], number)
                start = end + 1
            }
            rest.removeFirst(start)
            guard rest.count <= longest else {
                throw DataError(
                    .malformed, file: pieces.path, at: .line(number + 1), "a line of more than \(longest) bytes")
            }
        }
        if !rest.isEmpty { try body(rest[...], number + 1) }
        return rest.isEmpty
    }
}
