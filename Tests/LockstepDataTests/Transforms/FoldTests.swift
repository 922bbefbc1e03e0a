// SPDX-License-Identifier: Apache-2.0
// Folds of cross-validation against scikit-learn's, and what must hold of any folds.

import LockstepChecks
import LockstepData
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Folds") struct FoldTests {
    /// What scikit-learn gives without shuffling.
    private struct Expected: Decodable {
        let labels: [String]
        /// The items for validation of each fold, by the number of items and of folds: `7/3`.
        let plain: [String: [[Int]]]
        /// The same of the labels, by the number of folds.
        let stratified: [String: [[Int]]]
    }

    private static func expected() throws -> Expected {
        struct File: Decodable { let folds: Expected }
        return try Reference.decode(File.self, from: "data").folds
    }

    @Test("neighbours together, folds are scikit-learn's KFold and StratifiedKFold")
    func reference() throws {
        let expected = try Self.expected()
        for name in expected.plain.keys.sorted() {
            let numbers = name.split(separator: "/").compactMap { Int($0) }
            let folds = (0..<numbers[1]).map { Splitter.kFold(numbers[1], fold: $0, seed: nil)(numbers[0]).valid }
            #expect(folds == expected.plain[name], "\(name)")
        }
        for name in expected.stratified.keys.sorted() {
            let k = try #require(Int(name))
            let folds = (0..<k).map {
                Splitter.stratifiedKFold(k, fold: $0, labels: expected.labels, seed: nil)(expected.labels.count).valid
            }
            #expect(folds == expected.stratified[name], "\(name)")
        }
    }

    @Test(
        "every item is for validation once, the first folds have one more, and a seed decides which items",
        arguments: [(7, 3), (10, 5), (101, 10), (2, 2), (64, 7)])
    func partition(_ count: Int, _ k: Int) {
        let labels = (0..<count).map { [0, 1, 1, 2][$0 * 7 % 11 % 4] }
        for isStratified in [false, true] {
            func folds(_ seed: UInt64?) -> [Split] {
                (0..<k).map {
                    isStratified
                        ? Splitter.stratifiedKFold(k, fold: $0, labels: labels, seed: seed)(count)
                        : Splitter.kFold(k, fold: $0, seed: seed)(count)
                }
            }
            let some = folds(3)
            #expect(some.flatMap(\.valid).sorted() == Array(0..<count))
            #expect(some.map(\.valid.count) == (0..<k).map { count / k + ($0 < count % k ? 1 : 0) })
            for split in some {
                #expect((split.train + split.valid).sorted() == Array(0..<count))
                #expect(split.train == split.train.sorted() && split.valid == split.valid.sorted())
            }
            #expect(folds(3) == some)
            #expect(count < 10 || folds(4) != some && folds(nil) != some)
            guard isStratified else { continue }
            for label in 0..<3 {
                let shares = some.map { split in split.valid.count { labels[$0] == label } }
                #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 1, "\(shares)")
            }
        }
    }

    @Test("folds that cannot be are refused, with the numbers") func refusals() async {
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Splitter.kFold(3, fold: 3)
        }
        expectTrap(none, says: "Splitter.kFold: fold 3 of 3", "FoldTests.swift")
        let few = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Splitter.kFold(5, fold: 0)(4)
        }
        expectTrap(few, says: "Splitter.kFold: 5 folds of 4 items")
        let labels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Splitter.stratifiedKFold(2, fold: 0, labels: ["a"])(4)
        }
        expectTrap(labels, says: "Splitter.stratifiedKFold: 1 labels for 4 items")
    }
}
