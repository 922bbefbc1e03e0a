// SPDX-License-Identifier: Apache-2.0
// Shares of items: complete, disjoint, in order, and each within one item of what it should be.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Partition") struct PartitionTests {
    /// `floor(a · b / c)` by long division, bit by bit: another way than the one under test.
    private func floored(_ a: UInt, _ b: UInt, _ c: UInt) -> UInt {
        var (quotient, rest): (UInt, UInt) = (0, 0)
        let product = a.multipliedFullWidth(by: b)
        for word in [product.high, product.low] {
            for bit in stride(from: UInt.bitWidth - 1, through: 0, by: -1) {
                let carry = rest >> UInt(UInt.bitWidth - 1)
                rest = rest << 1 | word >> UInt(bit) & 1
                quotient <<= 1
                if carry == 1 || rest >= c { (rest, quotient) = (rest &- c, quotient | 1) }
            }
        }
        return quotient
    }

    private func expectWhole(_ partition: Partition, _ count: Int, _ what: String) {
        var next = 0
        for shard in partition {
            #expect(shard.lowerBound == next, "\(what): \(shard) does not follow \(next)")
            next = shard.upperBound
        }
        #expect(next == count, "\(what) ends at \(next)")
    }

    @Test("equal shares are complete, disjoint, in order, and differ by one item at most")
    func equalShares() {
        for count in 0...40 {
            for shards in 1...13 {
                let partition = Partition(count, into: shards)
                expectWhole(partition, count, "\(count) into \(shards)")
                #expect(partition.map(\.lowerBound) == (0..<shards).map { $0 * count / shards })
                let sizes = partition.map(\.count)
                #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            }
        }
    }

    @Test("shares of counts near the largest integer are exact", arguments: [Int.max, Int.max - 1, Int.max / 2 + 7])
    func hugeCounts(_ count: Int) {
        for shards in [1, 2, 3, 7, 8, 1000, 65_537, 1 << 40, Int.max] {
            let partition = Partition(count, into: shards)
            for index in [0, 1, 2, shards / 3, shards / 2, shards - 2, shards - 1] where index >= 0 && index < shards {
                let first = Int(floored(UInt(index), UInt(count), UInt(shards)))
                #expect(partition[index].lowerBound == first, "shard \(index) of \(shards)")
            }
            #expect(partition[shards - 1].upperBound == count)
        }
    }

    @Test("shares by weight are complete, in order, within one item of the exact share; no weight, no item")
    func weightedShares() {
        var random = PhiloxGenerator(seed: 5)
        for round in 0..<400 {
            let shards = Int.random(in: 1...9, using: &random)
            var weights = (0..<shards).map { _ in
                Int.random(in: 0..<4, using: &random) == 0 ? 0 : Double.random(in: 0..<1, using: &random)
            }
            if round % 5 == 0 { weights = weights.map { ($0 * 1e3).rounded() * 1e-300 } }
            if !weights.contains(where: { $0 > 0 }) { weights[shards - 1] = 3 }
            let count =
                round % 3 == 0 ? Int.random(in: 0..<9, using: &random) : Int.random(in: 0..<1 << 50, using: &random)
            let partition = Partition(count, weights: weights)
            expectWhole(partition, count, "\(count) by \(weights)")
            let whole = weights.reduce(0, +)
            for (index, weight) in weights.enumerated() {
                let share = Double(count) * (weight / whole)
                // At 2⁵⁰ items the share itself is rounded in the last digits of a double.
                #expect(abs(Double(partition[index].count) - share) < 1 + share * 1e-15 * 8, "\(index) of \(weights)")
                if weight == 0 { #expect(partition[index].isEmpty) }
            }
        }
    }

    @Test("equal weights, whatever they are, give exactly the shares without weights")
    func equalWeights() {
        for weight in [
            1, 0.1, 1e300, .pi, Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, Double.leastNormalMagnitude / 3,
        ] {
            for shards in [1, 2, 3, 5, 7, 8, 64, 1000] {
                for count in [0, 1, 7, 64, 1000, 999_983, Int.max] {
                    let weighted = Partition(count, weights: Array(repeating: weight, count: shards))
                    #expect(
                        weighted.elementsEqual(Partition(count, into: shards)), "\(count) into \(shards), \(weight)")
                }
            }
        }
    }

    @Test("only the proportions of weights matter")
    func proportions() {
        #expect(Array(Partition(10, weights: [1, 0, 3])) == [0..<2, 2..<2, 2..<10])
        #expect(Partition(1 << 40, weights: [1, 2, 5]).elementsEqual(Partition(1 << 40, weights: [0.25, 0.5, 1.25])))
        #expect(Array(Partition(7, weights: [0, 0, 2, 0])) == [0..<0, 0..<0, 0..<7, 7..<7])
    }

    @Test("shards that do not depend on ranks lie whole in those of ranks, in their order")
    func logicalShards() {
        for count in [0, 3, 8, 13, 100, Int.max] {
            for ranks in [1, 2, 3, 5, 8] {
                let (pieces, owners) = (Partition(count, into: 8), Partition(8, into: ranks))
                let items = owners.map { pieces.items(ofShards: $0) }
                var next = 0
                for own in items {
                    #expect(own.lowerBound == next)
                    next = own.upperBound
                }
                #expect(next == count)
                // Where the pieces divide among the ranks, the ranks' shards are what they would be without pieces.
                if 8 % ranks == 0 { #expect(items == Array(Partition(count, into: ranks))) }
            }
        }
    }

    @Test("items dealt out one by one: every n-th")
    func dealt() {
        for count in 0...30 {
            for shards in 1...7 {
                for index in 0..<shards {
                    let expected = stride(from: index, to: count, by: shards).reduce(0) { sum, _ in sum + 1 }
                    #expect(Partition.dealt(count, to: index, of: shards) == expected)
                }
            }
        }
        #expect(Partition.dealt(Int.max, to: 0, of: 2) == Int.max / 2 + 1)
    }

    @Test("impossible shares stop with the numbers")
    func mistakes() async {
        let results = [
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Partition(-1, into: 3)
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Partition(4, into: 0)
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Partition(4, weights: [0, 0])
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Partition(4, weights: [1, .nan])
            },
            await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
                _ = Partition(4, into: 2)[2]
            },
        ]
        let words = ["-1 items", "0 shards", "[0.0, 0.0]", "nan", "no shard 2 among 2"]
        for (result, word) in zip(results, words) {
            let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            #expect(text.contains("Partition: ") && text.contains(word), "\(text)")
        }
    }

    /// Products of a rank's number that are no share of items, by file: blocks of a collective's memory, values of a test.
    private static let others: Set = [
        "Partition.swift", "InProcessLink.swift", "CollectiveEngine+Reduce.swift", "CommChecks.swift",
        "WireChecks.swift",
        "NodePlane+Failures.swift",
    ]

    @Test("a rank's share is worked out nowhere else in the sources")
    func onePlace() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
        let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        let sources = names.filter { $0.hasSuffix(".swift") }
        #expect(sources.count > 300)
        let share = try Regex(#"\brank(\(\))? \* \w+(\.\w+)* / |\(rank \+ 1\) \* \w+(\.\w+)* / |\* rank / "#)
        for name in sources where !PartitionTests.others.contains(URL(filePath: name).lastPathComponent) {
            let text = try String(contentsOf: root.appending(path: name), encoding: .utf8)
            #expect(text.firstMatch(of: share) == nil, "Sources/\(name): use Partition")
        }
        let old = "let own = rank * total / size..<(rank + 1) * total / size"
        #expect(old.firstMatch(of: share) != nil)
    }
}
