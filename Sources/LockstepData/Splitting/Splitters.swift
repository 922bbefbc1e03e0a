// SPDX-License-Identifier: Apache-2.0
// Splitting items into a training and a validation part.

import LockstepTensor

/// Which items are for training and which for validation.
public struct Split: Sendable, Equatable {
    /// Indices of the training items.
    public var train: [Int]
    /// Indices of the validation items.
    public var valid: [Int]

    /// Two parts, as lists of indices.
    public init(train: [Int], valid: [Int]) {
        self.train = train
        self.valid = valid
    }
}

/// A rule that splits items: by their number only, or by what they are. The same on every rank.
public struct Splitter: Sendable {
    private enum Rule: Sendable {
        case byCount(@Sendable (Int) -> Split)
        case byItems(@Sendable (ItemList) throws -> Split)
    }
    private let rule: Rule

    /// Splits this many items as `split` says.
    public init(_ split: @escaping @Sendable (Int) -> Split) { rule = .byCount(split) }

    /// A rule that looks at the items.
    public init(items split: @escaping @Sendable (ItemList) throws -> Split) { rule = .byItems(split) }

    /// The split of `count` items, which a rule that looks at items knows as the numbers 0 ..< count.
    public func callAsFunction(_ count: Int, file: StaticString = #fileID, line: UInt = #line) -> Split {
        switch rule {
        case .byCount(let split): return split(count)
        case .byItems(let split):
            do {
                return try split(ItemList(0..<count))
            } catch {
                stop("Splitter: this rule needs the items, not only their number: \(error)", file: file, line: line)
            }
        }
    }

    /// The split of `items`.
    ///
    /// - Throws: what reading an item throws; `DataError` when the rule needs other items than these.
    public func callAsFunction(_ items: ItemList) throws -> Split {
        switch rule {
        case .byCount(let split): split(items.count)
        case .byItems(let split): try split(items)
        }
    }

    /// A random part is for validation: the first `Int(validFraction · count)` of a permutation that follows from `seed`.
    public static func random(_ validFraction: Double = 0.2, seed: UInt64 = 42) -> Splitter {
        Splitter { count in
            let order = RandomStream.permutation(count, seed: seed, stream: RandomStream.split)
            let cut = min(count, max(0, Int(validFraction * Double(count))))
            return Split(train: Array(order[cut...]), valid: Array(order[..<cut]))
        }
    }

    /// A random part of exactly `validCount` items (or all, if there are fewer) is for validation.
    public static func random(validCount: Int, seed: UInt64 = 42) -> Splitter {
        Splitter { count in
            let order = RandomStream.permutation(count, seed: seed, stream: RandomStream.split)
            let cut = min(count, max(0, validCount))
            return Split(train: Array(order[cut...]), valid: Array(order[..<cut]))
        }
    }

    /// A random part of the items only: the head of a permutation for training, what follows for validation.
    ///
    /// fastai's `RandomSubsetSplitter`.
    /// - Precondition: fractions in 0 … 1, together at most 1.
    public static func randomSubset(
        train: Double, valid: Double, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) -> Splitter {
        require(
            train > 0 && valid > 0 && train < 1 && valid < 1 && train + valid <= 1,
            "Splitter.randomSubset: \(train) for training and \(valid) for validation are not parts of a whole",
            file: file, line: line)
        return Splitter { count in
            let order = RandomStream.permutation(count, seed: seed, stream: RandomStream.split)
            let (first, second) = (Int(train * Double(count)), Int(valid * Double(count)))
            return Split(train: Array(order[..<first]), valid: Array(order[first..<first + second]))
        }
    }

    /// The listed items are for validation, all others, in their order, for training.
    public static func indices(_ valid: [Int]) -> Splitter {
        Splitter { count in
            let listed = Set(valid)
            return Split(train: (0..<count).filter { !listed.contains($0) }, valid: valid)
        }
    }

    /// The last `Int(validFraction · count)` items are for validation, or the first when `last` is false. When that is no
    /// item at all, everything is for training.
    public static func end(_ validFraction: Double = 0.2, last: Bool = true) -> Splitter {
        Splitter { count in
            let cut = min(count, max(0, Int(validFraction * Double(count))))
            return last
                ? Split(train: Array(0..<count - cut), valid: Array(count - cut..<count))
                : Split(train: Array(cut..<count), valid: Array(0..<cut))
        }
    }

    /// Everything is for training.
    public static let none = Splitter { Split(train: Array(0..<$0), valid: []) }
}
