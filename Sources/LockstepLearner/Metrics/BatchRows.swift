// SPDX-License-Identifier: Apache-2.0
// Tensors collected batch by batch: predictions, targets, losses.

public import LockstepTensor

/// Columns of tensors, one piece per batch, in the order of the batches.
///
/// A rank of a distributed run holds its shard of every batch, so that interleaving ranks batch by batch gives the order
/// of the data set.
public struct BatchRows {
    /// Per batch, one tensor per column, items along axis 0; no tensors for a batch without items.
    public private(set) var batches: [[Tensor]]

    /// Rows of batches; for each batch the columns, or nothing.
    public init(_ batches: [[Tensor]] = []) { self.batches = batches }

    /// Adds a batch; `columns` is empty for a batch without items.
    public mutating func append(_ columns: [Tensor]) { batches.append(columns.map(\.detached)) }

    /// Number of items.
    public var count: Int { batches.reduce(0) { $0 + ($1.first.map { $0.rank > 0 ? $0.shape[0] : 1 } ?? 0) } }

    /// One column over all batches, concatenated along `axis`; nil when there are no items.
    public func column(_ index: Int, axis: Int = 0) -> Tensor? {
        let pieces = batches.compactMap { $0.isEmpty ? nil : $0[index] }
        guard pieces.count > 1 else { return pieces.first }
        return .concatenated(pieces, axis: axis)
    }

    /// The rows of several ranks: batch 0 of rank 0, batch 0 of rank 1, …, batch 1 of rank 0, …
    public static func interleaved(_ parts: [BatchRows]) -> BatchRows {
        let longest = parts.map(\.batches.count).max() ?? 0
        var result = BatchRows()
        result.batches.reserveCapacity(longest * parts.count)
        for batch in 0..<longest {
            for part in parts where batch < part.batches.count && !part.batches[batch].isEmpty {
                result.batches.append(part.batches[batch])
            }
        }
        return result
    }
}
