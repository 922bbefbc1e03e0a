// SPDX-License-Identifier: Apache-2.0
// Batches at hand as a loader.

/// A foreign loader: batches that exist already, the same in every epoch.
public final class BatchList: BatchSource {
    /// The batches, in order.
    public let batches: [Batch]
    /// The number of the epoch that the next iteration gets.
    public var epoch = 0

    /// A loader of these batches.
    public init(_ batches: some Sequence<Batch>) { self.batches = Array(batches) }

    /// The number of batches of one epoch.
    public var batchCount: Int? { batches.count }
    /// How many of an item's members are inputs.
    public var inputCount: Int { batches.first?.inputs.count ?? 1 }
    /// Starts an epoch.
    public func makeIterator(epoch: Int) -> BatchIterator { BatchIterator(batches) }
}
