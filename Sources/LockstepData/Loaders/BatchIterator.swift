// SPDX-License-Identifier: Apache-2.0
// The batches of one epoch, one after another, and the error where one cannot be made.

/// The batches of one epoch.
///
/// ```swift
/// var batches = try loader.makeIterator(epoch: 0)
/// while let batch = try batches.next() { print(batch.size) }
/// ```
public struct BatchIterator {
    private var advance: (() throws -> Batch?)?

    /// An iterator that calls `advance` until it returns nil or throws.
    public init(_ advance: @escaping () throws -> Batch?) { self.advance = advance }

    /// An iterator over batches that exist.
    public init(_ batches: some Sequence<Batch>) {
        var iterator = batches.makeIterator()
        advance = { iterator.next() }
    }

    /// The next batch, nil after the last one.
    public mutating func next() throws -> Batch? {
        do {
            if let batch = try advance?() { return batch }
            cancel()
            return nil
        } catch {
            cancel()
            throw error
        }
    }

    /// Ends the iteration: worker threads finish the item at hand and are joined. Dropping the iterator does the same.
    public mutating func cancel() { advance = nil }
}
