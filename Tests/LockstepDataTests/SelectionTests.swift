// SPDX-License-Identifier: Apache-2.0
// The k-th smallest of many, compared with sorting.

@testable import LockstepData
import LockstepTesting
import Testing

@Suite("Selection")
struct SelectionTests {
    @Test(
        "the element at a place is that of the sorted array, with no larger one before it",
        arguments: [1, 2, 3, 31, 1000])
    func sorted(_ count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let kinds: [[Int]] = [
            (0..<count).map { _ in Int.random(in: 0..<1_000_000, using: &random) },
            (0..<count).map { _ in Int.random(in: 0..<3, using: &random) },
            Array(0..<count), Array((0..<count).reversed()), [Int](repeating: 5, count: count),
        ]
        for values in kinds {
            for place in Set([0, count / 2, count - 1]) {
                var selected = values
                selected.select(place)
                #expect(selected[place] == values.sorted()[place])
                #expect(selected[..<place].allSatisfy { $0 <= selected[place] })
                #expect(selected[place...].allSatisfy { $0 >= selected[place] })
                #expect(selected.sorted() == values.sorted())
            }
        }
    }

    @Test("work grows with the count, whatever the order", arguments: [false, true])
    func linear(_ areEqual: Bool) {
        nonisolated(unsafe) var comparisons = 0
        struct Counted: Comparable {
            var value: Int
            var count: () -> Void
            static func < (a: Counted, b: Counted) -> Bool {
                a.count()
                return a.value < b.value
            }
            static func == (a: Counted, b: Counted) -> Bool { a.value == b.value }
        }
        var values = (0..<20_000).map { Counted(value: areEqual ? 0 : $0) { comparisons += 1 } }
        values.select(10_000)
        #expect(comparisons < 20 * 20_000)
    }
}
