// SPDX-License-Identifier: Apache-2.0
// Rows by number, as they are and as floats: against one row at a time.
import CLockstepKernels
import Testing

@Suite("Rows") struct RowTests {
    /// Around what is copied without a call, a SIMD register, a cache line, and what is asked for ahead of the row at hand.
    static let widths = [0, 1, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 784, 4096, 4099]
    static let counts = [0, 1, 2, 7, 64, 67]
    private let places = 11

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 251) } }

    private func gathered(_ indices: [Int], _ source: [UInt8], _ width: Int) -> [UInt8] {
        var rows: [UInt8] = []
        for index in indices { rows += source[index * width..<index * width + width] }
        return rows
    }

    @Test("rows are copied in any order, again and again, and nothing beyond them", arguments: widths)
    func copies(width: Int) {
        let source = bytes(places * width + 1)
        for count in Self.counts {
            let indices = (0..<count).map { ($0 * 7 + 3) % places }
            var out = [UInt8](repeating: 99, count: count * width + 1)
            lsk_copy_rows(count, width, indices, source, &out)
            let expected: [UInt8] = gathered(indices, source, width)
            #expect(out.dropLast() == expected[...])
            #expect(out.last == 99)
        }
    }

    @Test("bytes become floats, rounded after the product and after the sum", arguments: widths)
    func floats(width: Int) {
        let source = bytes(places * width + 1)
        let (scale, offset) = (Float(1) / 255, Float(-0.4242))
        for count in Self.counts {
            let indices = (0..<count).map { ($0 * 5 + 2) % places }
            var out = [Float](repeating: 99, count: count * width + 1)
            lsk_gather_bytes(count, width, indices, source, scale, offset, &out)
            let expected: [Float] = gathered(indices, source, width).map { byte in
                let product = Float(byte) * scale
                return product + offset
            }
            #expect(out.dropLast() == expected[...])
            #expect(out.last == 99)
        }
    }
}
