// SPDX-License-Identifier: Apache-2.0
// Pages of results: HTML as Lockstep writes it.

import LockstepData

extension Inspection {
    mutating func lookAtResults(_ pieces: borrowing PieceReader) throws(DataError) {
        let end = Array("</body></html>\n".utf8)
        guard pieces.size >= end.count,
            try pieces.bytes(pieces.size - end.count..<pieces.size, "its end") == end
        else { throw DataError(.truncated, file: path, "does not end as a page does: the file was cut short") }
        let mark = Array("<div class=\"item".utf8)
        var (count, place, kept) = (0, 0, [UInt8]())
        var isPage = false
        while place < pieces.size {
            let piece = try pieces.bytes(place..<min(pieces.size, place + 1 << 20), "its text")
            let text = kept + piece
            if place == 0 { isPage = text.starts(with: Array("<!DOCTYPE html>".utf8)) }
            count += text.ranges(of: mark).count {
                $0.upperBound < text.endIndex && text[$0.upperBound] != UInt8(ascii: "s")
            }
            // A mark that ends here is counted with the next piece.
            kept = Array(text.suffix(mark.count))
            place += piece.count
        }
        guard isPage else { throw DataError(.malformed, file: path, at: .byte(0), "does not begin as a page does") }
        content = [.init("items", count)]
    }
}
