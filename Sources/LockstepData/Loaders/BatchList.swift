// SPDX-License-Identifier: Apache-2.0
// Batches at hand as a loader.

/// A foreign loader: batches that exist already, the same in every epoch.
public final class BatchList: BatchSource {
    /// The batches, in order.
    public let batches: [Batch]
    public var epoch = 0

    /// A loader of these batches.
    public init(_ batches: some Sequence<Batch>) { self.batches = Array(batches) }

    public var batchCount: Int? { batches.count }
    public var inputCount: Int { batches.first?.inputs.count ?? 1 }
    public func makeIterator(epoch: Int) -> BatchIterator { BatchIterator(batches) }
}
