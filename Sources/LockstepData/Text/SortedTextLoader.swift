// SPDX-License-Identifier: Apache-2.0
// Batches of texts of about one length.

import LockstepTensor
import Synchronization

/// Makes batches of ``TokenizedTexts`` whose texts are about equally long, and fills them up to the longest.
///
/// A shuffled epoch takes the texts in a random order, sorts each pool of 50 batches by length, the longest first, and shuffles
/// the batches; the first holds the longest text of all, so that a lack of memory shows at once. All of it follows from seed
/// and epoch. A text is filled up to the longest of its whole batch, also where ranks share it: they compute on the same shapes
/// as one process. fastai: `SortedDL` with `pad_input`.
public final class SortedTextLoader: DataLoader {
    /// Batches in a pool.
    public static let poolSize = 50
    /// Whether an epoch that is not shuffled takes the longest texts first, as validation may; otherwise in their order.
    public var sortsInOrder = false
    /// How long the texts of an epoch's batches are made, for the last epochs asked for.
    private let known = Mutex<[(epoch: Int, lengths: [Int])]>([])

    /// A loader over texts, with all options at once.
    public required init(_ dataset: any Dataset, options: Options, file: StaticString = #fileID, line: UInt = #line) {
        // Without their classes texts are texts still.
        let bare = ((dataset as? Unlabelled)?.base as? TokenizedTexts)?.unlabelled
        super.init(bare ?? dataset, options: options, file: file, line: line)
    }

    /// Texts have to be known before: a stream cannot be sorted.
    public required init(stream: any StreamDataset, options: Options, file: StaticString = #fileID, line: UInt = #line)
    {
        stop("SortedTextLoader: a stream of texts cannot be sorted", file: file, line: line)
    }

    private var texts: TokenizedTexts? { dataset as? TokenizedTexts }

    public override var ordersBySeed: Bool { true }
    public override var readsWholeBatches: Bool { false }
    // Texts are all there; only a hook may leave one out.
    override func maySkip(epoch: Int) -> Bool { texts == nil || hooks.afterItem != nil }

    public override func indices(epoch: Int) -> [Int] {
        let order = super.indices(epoch: epoch)
        guard let texts, !order.isEmpty, shuffle || sortsInOrder else { return order }
        func sorted(_ part: some Sequence<Int>) -> [Int] {
            part.enumerated().sorted {
                (texts.length($1.element), $0.offset) < (texts.length($0.element), $1.offset)
            }.map(\.element)
        }
        guard shuffle else { return sorted(order) }
        var pools = order
        let longest = pools.indices.max { texts.length(pools[$0]) < texts.length(pools[$1]) } ?? 0
        pools.swapAt(0, longest)
        let (size, pool) = (batchSize ?? 1, (batchSize ?? 1) * Self.poolSize)
        pools = stride(from: 0, to: pools.count, by: pool).flatMap {
            sorted(pools[$0..<Swift.min($0 + pool, pools.count)])
        }
        let batches = stride(from: 0, to: pools.count, by: size).map { pools[$0..<Swift.min($0 + size, pools.count)] }
        guard batches.count > 3 else { return pools }
        // The first stays, for its length, and the last, which may be short.
        let middle = permutation(batches.count - 2, seed: seed, epoch: epoch).map { batches[$0 + 1] }
        return Array(([batches[0]] + middle + [batches[batches.count - 1]]).joined())
    }

    /// The length of the batch that text `index` is in.
    private func length(of index: Int, epoch: Int, _ texts: TokenizedTexts) -> Int {
        known.withLock { known in
            if let found = known.first(where: { $0.epoch == epoch }) { return found.lengths[index] }
            let order = indices(epoch: epoch)
            var lengths = (0..<texts.count).map(texts.length)
            let size = batchSize ?? 1
            for start in stride(from: 0, to: order.count, by: size) {
                let batch = order[start..<Swift.min(start + size, order.count)]
                let longest = batch.map(texts.length).max() ?? 0
                for index in batch { lengths[index] = Swift.max(lengths[index], longest) }
            }
            known = Array(known.suffix(1)) + [(epoch, lengths)]
            return lengths[index]
        }
    }

    public override func createItem(_ context: ItemContext) throws -> Sample {
        guard let texts else { return try super.createItem(context) }
        return texts.item(
            at: context.index, filledTo: length(of: context.index, epoch: context.epoch, texts))
    }

    /// Batches that are not of the epoch's order are filled up here.
    public override func createBatch(_ samples: [Sample]) throws -> Batch {
        let lengths = samples.map { $0.inputs.first?.count ?? 0 }
        guard let texts, let longest = lengths.max(), lengths.contains(where: { $0 < longest }) else {
            return try super.createBatch(samples)
        }
        return try super.createBatch(
            samples.map { sample in
                guard let index = sample.index, texts.length(index) < longest else { return sample }
                var filled = texts.item(at: index, filledTo: longest)
                filled.index = index
                return filled
            })
    }

    public override func decodeBatch(_ batch: Batch, maxCount: Int = 9, full: Bool = true) throws -> [ItemTuple] {
        let rows = try super.decodeBatch(batch, maxCount: maxCount, full: full)
        guard let texts else { return rows }
        return try rows.map { try texts.decode($0, full: full) }
    }

    public override func complete(shuffle: Bool? = nil, seed: UInt64? = nil) -> any IndexedBatchSource {
        let loader = new(shuffle: shuffle, dropLast: false, seed: seed)
        loader.sortsInOrder = shuffle == nil && sortsInOrder
        return loader
    }
}
