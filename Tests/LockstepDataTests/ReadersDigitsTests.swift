// SPDX-License-Identifier: Apache-2.0
// Tests of the embedded digits against the published facts about the data set.

import Testing

@testable import LockstepData

@Suite("Digits")
struct ReadersDigitsTests {
    @Test("1,797 digits of 64 pixels from 0 to 16, with the published class counts")
    func facts() throws {
        let digits = try Digits.load()
        #expect(digits.count == 1797)
        #expect(digits.pixels.count == 1797 * 64)
        #expect(digits.pixels.max() == 16)
        #expect(digits.pixels.min() == 0)
        var counts = [Int](repeating: 0, count: 10)
        for label in digits.labels { counts[Int(label)] += 1 }
        #expect(counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
        #expect(Array(digits.pixels[0..<8]) == [0, 0, 5, 13, 9, 1, 0, 0])
        #expect(Array(digits.labels.prefix(10)) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
        #expect(Digits.credit.contains("10.24432/C50P49"))
    }
}
