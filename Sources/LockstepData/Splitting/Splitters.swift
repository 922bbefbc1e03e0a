// SPDX-License-Identifier: Apache-2.0
// Splitting items into a training and a validation part.

import LockstepTensor

/// Which items are for training and which for validation.
public struct Split: Sendable, Equatable {
    public var train: [Int]
    public var valid: [Int]

    public init(train: [Int], valid: [Int]) {
        self.train = train
        self.valid = valid
    }
}

/// A rule that splits items, given how many there are.
public struct Splitter: Sendable {
    private let split: @Sendable (Int) -> Split

    public init(_ split: @escaping @Sendable (Int) -> Split) { self.split = split }

    public func callAsFunction(_ count: Int) -> Split { split(count) }

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
