// SPDX-License-Identifier: Apache-2.0
// Which items an epoch takes: every one, some by weight, or a few at random.

import LockstepTensor

/// Which items of its dataset a loader takes in an epoch. Every choice is a function of (seed, epoch): the same on every rank.
public enum Sampling: Sendable, Equatable {
    /// Each item once.
    case every
    /// While shuffling, as many draws with replacement as there are items, each by weight; otherwise each item once.
    case weighted([Double])
    /// So many distinct items at random, whether shuffling or not.
    case partial(Int)

    /// The items of one epoch among `count`.
    func indices(_ count: Int, shuffle: Bool, seed: UInt64, epoch: Int) -> [Int] {
        let stream = RandomStream.order(epoch: epoch)
        switch self {
        case .partial(let wanted):
            return Array(RandomStream.permutation(count, seed: seed, stream: stream).prefix(wanted))
        case .weighted(let weights) where shuffle:
            var sums: [Double] = []
            var sum = 0.0
            for weight in weights.prefix(count) {
                sum += weight
                sums.append(sum)
            }
            guard sum > 0 else { return Array(0..<count) }
            var generator = PhiloxGenerator(seed: seed, stream: stream)
            return (0..<count).map { _ in
                Sampling.firstAbove(Double.random(in: 0..<sum, using: &generator), sums)
            }
        case _ where shuffle: return RandomStream.permutation(count, seed: seed, stream: stream)
        default: return Array(0..<count)
        }
    }

    /// The first of the rising `sums` that is greater than `value`; there is one.
    private static func firstAbove(_ value: Double, _ sums: [Double]) -> Int {
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// - Parameter count: asked only where weights have to be counted.
    func check(_ count: @autoclosure () -> Int, _ file: StaticString, _ line: UInt) {
        switch self {
        case .every: return
        case .partial(let wanted):
            require(wanted >= 0, "PartialDataLoader: count is \(wanted), it counts items", file: file, line: line)
        case .weighted(let weights):
            let count = count()
            require(
                weights.count == count, "WeightedDataLoader: \(weights.count) weights for \(count) items", file: file,
                line: line)
            require(
                weights.allSatisfy { $0 >= 0 && $0.isFinite } && (count == 0 || weights.contains { $0 > 0 }),
                "WeightedDataLoader: weights must be finite, not negative, and not all 0", file: file, line: line)
        }
    }
}

/// Draws items by weight while it shuffles: with replacement, as many as there are.
///
/// fastai's `WeightedDL`, but from the loader's seed.
open class WeightedDataLoader: TransformedDataLoader {
    /// - Parameter weights: one per item; only their proportions matter.
    /// - Throws: what a transform throws while it learns.
    /// - Precondition: one finite weight per item, none negative, not all 0.
    public convenience init(
        _ dataset: any Dataset, weights: [Double], batchSize: Int? = 64, shuffle: Bool = true, dropLast: Bool = false,
        numWorkers: Int = 0, seed: UInt64 = 42, afterItem: [any Transform] = [], beforeBatch: [any Transform] = [],
        afterBatch: [any Transform] = [], file: StaticString = #fileID, line: UInt = #line
    ) throws {
        var options = Options()
        (options.batchSize, options.shuffle, options.dropLast) = (batchSize, shuffle, dropLast)
        (options.numWorkers, options.seed, options.sampling) = (numWorkers, seed, .weighted(weights))
        self.init(dataset, options: options, file: file, line: line)
        try add(afterItem, at: .afterItem)
        try add(beforeBatch, at: .beforeBatch)
        try add(afterBatch, at: .afterBatch)
    }
}

/// Takes `count` distinct items at random in every epoch.
///
/// fastai's `PartialDL`, but from the loader's seed.
open class PartialDataLoader: TransformedDataLoader {
    /// - Parameter count: how many items an epoch has; all where there are fewer.
    /// - Throws: what a transform throws while it learns.
    public convenience init(
        _ dataset: any Dataset, count: Int, batchSize: Int? = 64, dropLast: Bool = false, numWorkers: Int = 0,
        seed: UInt64 = 42, afterItem: [any Transform] = [], beforeBatch: [any Transform] = [],
        afterBatch: [any Transform] = [], file: StaticString = #fileID, line: UInt = #line
    ) throws {
        var options = Options()
        (options.batchSize, options.dropLast, options.numWorkers) = (batchSize, dropLast, numWorkers)
        (options.seed, options.sampling) = (seed, .partial(count))
        self.init(dataset, options: options, file: file, line: line)
        try add(afterItem, at: .afterItem)
        try add(beforeBatch, at: .beforeBatch)
        try add(afterBatch, at: .afterBatch)
    }
}
