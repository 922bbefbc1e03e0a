// SPDX-License-Identifier: Apache-2.0
// Which of some items are whose: the one place where shares are worked out.

/// Consecutive shards of `itemCount` items, in the order of the items: shard `k` is `partition[k]`.
///
/// ```
/// Partition(10, into: 4)                  0..<2   2..<5   5..<7   7..<10
/// Partition(10, weights: [1, 0, 3])       0..<2   2..<2   2..<10
/// ```
/// Every item is in one shard. A shard begins where the exact shares of those before it end, rounded down: at
/// `⌊k·n / shards⌋`, or by weight at `⌊n·Σw before k / Σw⌋`. So each shard is less than one item away from its exact share, which
/// need not hold of rounding each by itself, and a weight of 0 has none. Equal weights give what no weights give. All is
/// worked out in integers of 128 bits: no count is too large, and the result is the same everywhere.
///
/// Shards that do not depend on who takes them lie under those that do: `Partition(n, into: 8)` cuts a batch into eight pieces,
/// `Partition(8, into: ranks)` gives each rank some of them, and ``items(ofShards:)`` says which items these are.
public struct Partition: Sendable, Equatable {
    /// The number of items that are shared out.
    public let itemCount: Int
    /// Σ of the weights before each shard, and of all; nil where all weigh the same.
    private let sums: [Int]?
    /// The number of shards.
    public let endIndex: Int

    /// Shards that differ by at most one item.
    /// - Precondition: no negative number of items, at least one shard.
    public init(_ itemCount: Int, into shardCount: Int, file: StaticString = #fileID, line: UInt = #line) {
        require(
            itemCount >= 0 && shardCount > 0, "Partition: \(itemCount) items cannot be cut into \(shardCount) shards",
            file: file, line: line)
        (self.itemCount, endIndex, sums) = (itemCount, shardCount, nil)
    }

    /// Shards in proportion to `weights`, one each. Only proportions matter; a weight is taken to about 1/2⁵⁰ of the largest.
    /// - Precondition: no negative number of items; weights are finite, none is negative, at least one is not 0.
    public init(_ itemCount: Int, weights: [Double], file: StaticString = #fileID, line: UInt = #line) {
        let largest = weights.max() ?? 0
        require(
            itemCount >= 0 && largest > 0 && weights.allSatisfy { $0 >= 0 && $0.isFinite },
            "Partition: \(itemCount) items cannot be shared out by weights \(weights)", file: file, line: line)
        // Powers of two leave equal weights equal, and the sum within an integer.
        let bits = Int.bitWidth - 2 - (Int.bitWidth - weights.count.leadingZeroBitCount)
        let scale = Double(sign: .plus, exponent: bits, significand: 1)
        var sums = [0]
        for weight in weights { sums.append(sums[sums.count - 1] + Int((weight / largest * scale).rounded())) }
        (self.itemCount, endIndex, self.sums) = (itemCount, weights.count, sums)
    }

    /// Where shard `index` begins; with the number of shards, where the last one ends.
    private func start(_ index: Int) -> Int {
        let (share, whole) = sums.map { ($0[index], $0[endIndex]) } ?? (index, endIndex)
        // A share is at most the whole, so the quotient is at most the number of items.
        return whole.dividingFullWidth(share.multipliedFullWidth(by: itemCount)).quotient
    }

    /// The items of consecutive shards together.
    public func items(ofShards shards: Range<Int>) -> Range<Int> {
        require(
            shards.lowerBound >= 0 && shards.upperBound <= endIndex,
            "Partition: there are no shards \(shards) among \(endIndex)")
        return start(shards.lowerBound)..<start(shards.upperBound)
    }

    /// How many of `count` items shard `index` of `shardCount` gets when they are dealt out one by one, as cards are: every
    /// `shardCount`-th, beginning with item `index`.
    public static func dealt(_ count: Int, to index: Int, of shardCount: Int) -> Int {
        require(
            count >= 0 && index >= 0 && index < shardCount,
            "Partition: \(count) items cannot be dealt to shard \(index) of \(shardCount)")
        return count / shardCount + (index < count % shardCount ? 1 : 0)
    }
}

extension Partition: RandomAccessCollection {
    /// The first shard.
    public var startIndex: Int { 0 }

    /// The items of shard `index`.
    public subscript(index: Int) -> Range<Int> {
        require(index >= 0 && index < endIndex, "Partition: there is no shard \(index) among \(endIndex)")
        return start(index)..<start(index + 1)
    }
}
