// SPDX-License-Identifier: Apache-2.0
// From a batch back to items, and to text.

import LockstepTensor

extension TransformedDataLoader {
    /// A batch as it was before the `afterBatch` transforms.
    ///
    /// Its targets may be decoded predictions. Members keep their number and order.
    public func decode(_ batch: Batch) throws -> Batch {
        let value = try options.transforms.afterBatch.decode(semantic(batch.members), splitIndex: splitIndex)
        return try Batch(value, inputCount: batch.inputs.count, size: batch.size)
    }

    /// The items of a batch before all transforms.
    func decodedItems(of batch: Batch, maxCount: Int, full: Bool) throws -> [ItemTuple] {
        let members = semantic(try decode(batch).members).members.compactMap { $0 as? any SemanticTensor }
        let dataset = dataset as? any TransformedDataset
        return try (0..<Swift.max(0, Swift.min(maxCount, batch.size))).map { row in
            let value = try options.transforms.afterItem.decode(
                Decollation.row(members, row), full: full, splitIndex: splitIndex)
            let item = ItemTuple(item: value)
            return try dataset?.decode(item, full: full) ?? item
        }
    }

    /// Items of a batch as text, one a line: inputs, then targets.
    ///
    /// - Parameters:
    ///   - batch: the first batch of the next epoch when nil.
    ///   - unique: whether to show one item again and again, to see what random transforms do to it.
    public func showBatch(_ batch: Batch? = nil, maxCount: Int = 9, unique: Bool = false) throws -> String {
        var lines: [ItemTuple] = []
        if unique {
            let order = indices(epoch: 0)
            guard let index = order.first else { throw DataError(.item, file: "data loader", "there are no items") }
            for epoch in 0..<maxCount {
                lines += try decodeBatch(self.batch(of: [index], epoch: epoch), maxCount: 1, full: false)
            }
        } else {
            lines = try decodeBatch(batch ?? oneBatch(), maxCount: maxCount, full: false)
        }
        return lines.map { $0.members.map(textShown).joined(separator: "  |  ") }.joined(separator: "\n")
    }
}
