// SPDX-License-Identifier: Apache-2.0
// Where items come from: datasets that can be indexed, streams that cannot.

public import LockstepTensor

/// A finite collection of items that can be asked for in any order.
///
/// With worker threads a loader asks from several threads at once: `item` and `batch` must not change anything that
/// another call reads. Reading tensors, arrays and files is fine.
public protocol Dataset {
    /// The number of items.
    var count: Int { get }
    /// How many members of an item are inputs.
    var inputCount: Int { get }
    /// Item `index`, 0 ..< `count`. Throw `SkipItem()` to leave it out of this epoch.
    func item(at index: Int) throws -> Sample
    /// Item `index` with what random changes may depend on: seed, epoch and index, never the rank or the thread. Implement
    /// this one for augmentation; by default it forgets the context.
    func item(at index: Int, context: ItemContext) throws -> Sample
    /// The items at `indices` as one batch, faster than one by one; nil (the default) when there is no such way.
    func batch(at indices: [Int], epoch: Int) throws -> Batch?
    /// What the members of an item hold, inputs first; as long as it is known. Empty (the default) for plain tensors.
    var memberTypes: [any SemanticTensor.Type] { get }
    /// What the targets mean; nil (the default) when the dataset does not know.
    var targetKind: TargetKind? { get }
    /// The classes that targets stand for; nil by default.
    var vocabulary: [String]? { get }
    /// The same without items: what a model that is given away keeps of its data. By default only the number of inputs.
    func newEmpty() -> any Dataset
}

extension Dataset {
    /// Counted on the first item; 1 when there is none.
    public var inputCount: Int { count > 0 ? (try? item(at: 0).inputs.count) ?? 1 : 1 }
    /// The item at `index`; what is random about it follows from `context`.
    public func item(at index: Int, context: ItemContext) throws -> Sample { try item(at: index) }
    /// The default: items are made one by one.
    public func batch(at indices: [Int], epoch: Int) throws -> Batch? { nil }
    /// The default: plain tensors.
    public var memberTypes: [any SemanticTensor.Type] { [] }
    /// The default: nobody knows.
    public var targetKind: TargetKind? { nil }
    /// The default: numbers stand for no classes.
    public var vocabulary: [String]? { nil }
    /// The same without items.
    public func newEmpty() -> any Dataset { EmptyDataset(self) }
}

/// Items that come one after another, from a file or a generator, and cannot be asked for by number.
public protocol StreamDataset {
    /// The number of items when it is known.
    var count: Int? { get }
    /// How many members of an item are inputs.
    var inputCount: Int { get }
    /// Starts the stream of one epoch: a function that returns the next item, and nil after the last. The function
    /// is called by one thread at a time.
    func samples(epoch: Int) throws -> () throws -> Sample?
}

extension StreamDataset {
    /// The default: not known.
    public var count: Int? { nil }
    /// How many of an item's members are inputs.
    public var inputCount: Int { 1 }
}

/// A stream of which each rank can read a part of its own, every n-th file or line, say.
///
/// With any other stream every rank reads all items and keeps its own, so that batches are those of one process. With this
/// one nobody reads in vain, and batches depend on the number of ranks. Parts need not be equally long: ranks whose part has
/// ended take part in the steps of the others without items. A loader that drops incomplete batches drops the last one of all ranks
/// together, and takes its first `n` items in equal numbers from the parts. Each rank reads an item at least for a batch.
public protocol PartitionedStream: StreamDataset {
    /// Starts part number `part` of `count`, as `samples(epoch:)` does the whole stream.
    func samples(epoch: Int, part: Int, of count: Int) throws -> () throws -> Sample?
}

extension PartitionedStream {
    /// The samples of an epoch, all of them.
    public func samples(epoch: Int) throws -> () throws -> Sample? { try samples(epoch: epoch, part: 0, of: 1) }
}

/// Thrown by `item(at:)` or `afterItem` to leave an item out; the following items fill its place in the batch.
public struct SkipItem: Error, Sendable {
    /// Thrown by an item that is to be left out.
    public init() {}
}

/// What a random change of an item may depend on. The same on every rank, thread and run.
public struct ItemContext: Sendable {
    /// The loader's seed.
    public let seed: UInt64
    /// The epoch the item is made for.
    public let epoch: Int
    /// The item's index in the dataset.
    public let index: Int

    /// The context of item `index` in an epoch.
    public init(seed: UInt64, epoch: Int, index: Int) {
        self.seed = seed
        self.epoch = epoch
        self.index = index
    }

    /// Random numbers that are a function of seed, epoch and item.
    public func generator() -> PhiloxGenerator {
        PhiloxGenerator(seed: seed, stream: RandomStream.item(epoch: epoch, index: index))
    }
}

/// What a random change of a whole batch may depend on.
public struct BatchContext: Sendable {
    /// The loader's seed.
    public let seed: UInt64
    /// The epoch the batch is made for.
    public let epoch: Int
    /// The indices of the batch's items in the dataset, in order (in a stream, their places). Empty when a hook
    /// has made other items of them.
    public let indices: [Int]
}

/// Numbers the independent random streams of one seed, so that no two uses share random numbers.
enum RandomStream {
    /// The order of the items in one epoch.
    static func order(epoch: Int) -> UInt64 { 1 << 60 | UInt64(truncatingIfNeeded: epoch) }
    /// A split into training and validation part.
    static let split: UInt64 = 2 << 60
    /// The random changes of one item in one epoch: 2²⁰ epochs, 2⁴⁰ items.
    static func item(epoch: Int, index: Int) -> UInt64 {
        3 << 60 | UInt64(truncatingIfNeeded: epoch & 0xF_FFFF) << 40 | UInt64(truncatingIfNeeded: index)
            & 0xFF_FFFF_FFFF
    }

    /// A permutation of `0 ..< count` that is a function of seed and stream.
    static func permutation(_ count: Int, seed: UInt64, stream: UInt64) -> [Int] {
        var generator = PhiloxGenerator(seed: seed, stream: stream)
        return Tensor.randomOrder(count, using: &generator)
    }
}
