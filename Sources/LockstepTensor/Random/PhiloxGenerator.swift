// SPDX-License-Identifier: Apache-2.0
// The counter-based random number generator behind everything random.

import CLockstepKernels

/// Philox4x32-10: each number is a pure function of (seed, stream, position).
///
/// Equal generators give equal numbers on every machine and rank, and any part of a sequence can be computed without the
/// part before it. Streams of one seed are independent of each other.
///
/// ```swift
/// var generator = PhiloxGenerator(seed: 1)
/// let x = Tensor.normal([2, 3], using: &generator)
/// let die = Int.random(in: 1...6, using: &generator)
/// ```
///
/// Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
public struct PhiloxGenerator: RandomNumberGenerator, Hashable, Sendable {
    /// The key.
    public let seed: UInt64
    /// The upper half of the counter.
    public let stream: UInt64
    /// The lower half of the counter: the next block of four 32-bit words.
    public private(set) var counter: UInt64
    /// The second half of a block of which ``next()`` has given out the first.
    private var spare: UInt64?

    /// The numbers of a seed and a stream from `counter` on.
    public init(seed: UInt64, stream: UInt64 = 0, counter: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
        self.counter = counter
    }

    /// 64 random bits: words 0 and 1 of a block, then words 2 and 3.
    public mutating func next() -> UInt64 {
        if let value = spare {
            spare = nil
            return value
        }
        let words = PhiloxGenerator.block(seed: seed, stream: stream, counter: counter)
        counter &+= 1
        spare = UInt64(words.3) << 32 | UInt64(words.2)
        return UInt64(words.1) << 32 | UInt64(words.0)
    }

    /// The four words of one block.
    public static func block(seed: UInt64, stream: UInt64, counter: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
        var words = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        withUnsafeMutablePointer(to: &words) { tuple in
            tuple.withMemoryRebound(to: UInt32.self, capacity: 4) {
                lsk_philox_block(lsk_philox(seed: seed, stream: stream, block: counter), $0)
            }
        }
        return words
    }

    /// The position from which a bulk operation reads `words` words. Blocks are taken whole.
    mutating func take(words: Int) -> lsk_philox {
        spare = nil
        defer { counter &+= UInt64((words + 3) / 4) }
        return lsk_philox(seed: seed, stream: stream, block: counter)
    }
}

/// What random numbers are for. Each purpose has numbers of its own, so adding one use of randomness moves no other.
public enum RandomPurpose: UInt32, Sendable, CaseIterable {
    case shuffling = 1
    case augmentation, dropout, initialization, mixing, splitting, user
}

extension PhiloxGenerator {
    /// The generator of one item (a sample, a step, a layer) in one epoch for one purpose.
    ///
    /// A pure function of its arguments: whichever rank or worker handles the item draws the same numbers.
    public init(seed: UInt64, epoch: Int, item: Int, purpose: RandomPurpose) {
        let words = PhiloxGenerator.block(
            seed: seed, stream: UInt64(purpose.rawValue) << 32 | UInt64(UInt32(truncatingIfNeeded: epoch)),
            counter: UInt64(bitPattern: Int64(item)))
        self.init(
            seed: UInt64(words.1) << 32 | UInt64(words.0), stream: UInt64(words.3) << 32 | UInt64(words.2))
    }
}

/// A random order of `0..<count` that depends on nothing but its arguments: the order of an epoch, on every rank.
public func permutation(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var generator = PhiloxGenerator(seed: seed, epoch: epoch, item: 0, purpose: .shuffling)
    return Tensor.randomOrder(count, using: &generator)
}

extension PhiloxGenerator {
    /// What a context keeps; nil when nothing was kept.
    init?(raw: lsk_generator) {
        guard raw.is_set != 0 else { return nil }
        self.init(seed: raw.seed, stream: raw.stream, counter: raw.counter)
        spare = raw.has_spare != 0 ? raw.spare : nil
    }

    var raw: lsk_generator {
        lsk_generator(
            seed: seed, stream: stream, counter: counter, spare: spare ?? 0, has_spare: spare == nil ? 0 : 1, is_set: 1)
    }
}
