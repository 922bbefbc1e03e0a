// SPDX-License-Identifier: Apache-2.0
// Splits for cross-validation: every item is for validation in one fold, and for training in all others.

import LockstepTensor

extension Splitter {
    /// Fold number `fold` of `k`: a k-th of the items is for validation, the others are for training, both in their own order.
    ///
    /// ```swift
    /// Splitter.kFold(3, fold: 0, seed: nil)(7)      // train [3, 4, 5, 6], valid [0, 1, 2]
    /// ```
    /// The first `count % k` folds have one item more than the rest.
    ///
    /// - Parameter seed: Decides which items are together; nil keeps neighbours together.
    /// - Precondition: there are two folds or more, `fold` is one of them, and no more folds than items.
    /// - Note: scikit-learn: `KFold(k, shuffle=True)`, with its sizes.
    public static func kFold(
        _ k: Int, fold: Int, seed: UInt64? = 42, file: StaticString = #fileID, line: UInt = #line
    ) -> Splitter {
        requireFold(fold, of: k, "kFold", file, line)
        return Splitter { count in
            requireItems(count, for: k, "kFold", file, line)
            let order = shuffled(count, seed)
            let first = (0..<fold).reduce(0) { $0 + cards(upTo: count, $1, k) }
            return .validating(order[first..<first + cards(upTo: count, fold, k)], of: count)
        }
    }

    /// Fold number `fold` of `k`, each with the same share of every class, as near as whole items allow.
    ///
    /// - Parameters:
    ///   - labels: The class of every item.
    ///   - seed: Decides which items of a class are together; nil keeps neighbours together.
    /// - Precondition: there are two folds or more, `fold` is one of them, no more folds than items, and as many labels.
    /// - Note: scikit-learn: `StratifiedKFold(k, shuffle=True)`, with its sizes. A class of fewer items than folds is in some of them only.
    public static func stratifiedKFold<Label: Hashable & Sendable>(
        _ k: Int, fold: Int, labels: [Label], seed: UInt64? = 42, file: StaticString = #fileID, line: UInt = #line
    ) -> Splitter {
        requireFold(fold, of: k, "stratifiedKFold", file, line)
        return Splitter { count in
            requireItems(count, for: k, "stratifiedKFold", file, line)
            require(
                labels.count == count, "Splitter.stratifiedKFold: \(labels.count) labels for \(count) items",
                file: file, line: line)
            // Classes are numbered as they first appear, and their items dealt out one after another, as cards are.
            var (numbers, groups): ([Label: Int], [[Int]]) = ([:], [])
            for item in 0..<count {
                let number = numbers[labels[item]] ?? groups.count
                if number == groups.count {
                    numbers[labels[item]] = number
                    groups.append([])
                }
                groups[number].append(item)
            }
            var (valid, dealt): ([Int], Int) = ([], 0)
            for (number, group) in groups.enumerated() {
                // Card i of all goes to fold i % k; a class is cut where its cards went.
                func share(of fold: Int) -> Int {
                    cards(upTo: dealt + group.count, fold, k) - cards(upTo: dealt, fold, k)
                }
                let start = (0..<fold).reduce(0) { $0 + share(of: $1) }
                let order = shuffled(group.count, seed, number + 1)
                valid += order[start..<start + share(of: fold)].map { group[$0] }
                dealt += group.count
            }
            return .validating(valid[...], of: count)
        }
    }

    private static func shuffled(_ count: Int, _ seed: UInt64?, _ part: Int = 0) -> [Int] {
        seed.map { RandomStream.permutation(count, seed: $0, stream: RandomStream.split + UInt64(part)) }
            ?? Array(0..<count)
    }

    /// How many of the first `count` cards go to `fold`, when card i goes to fold i % k.
    private static func cards(upTo count: Int, _ fold: Int, _ k: Int) -> Int {
        count / k + (fold < count % k ? 1 : 0)
    }

    private static func requireFold(
        _ fold: Int, of k: Int, _ name: String, _ file: StaticString, _ line: UInt
    ) {
        require(
            k > 1 && (0..<k).contains(fold),
            "Splitter.\(name): fold \(fold) of \(k); folds are numbered from 0, and two at least",
            file: file, line: line)
    }

    private static func requireItems(
        _ count: Int, for k: Int, _ name: String, _ file: StaticString, _ line: UInt
    ) {
        require(count >= k, "Splitter.\(name): \(k) folds of \(count) items", file: file, line: line)
    }
}

extension Split {
    /// These items are for validation and the others for training, both in their own order.
    fileprivate static func validating(_ valid: ArraySlice<Int>, of count: Int) -> Split {
        var isValid = [Bool](repeating: false, count: count)
        for item in valid { isValid[item] = true }
        return Split(train: (0..<count).filter { !isValid[$0] }, valid: (0..<count).filter { isValid[$0] })
    }
}
