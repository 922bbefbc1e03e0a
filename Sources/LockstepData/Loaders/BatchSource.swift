// SPDX-License-Identifier: Apache-2.0
// What a training loop iterates: anything that gives batches, epoch by epoch.

/// A source of batches: our loaders, or anyone's.
///
/// Conform a class of your own to feed a learner from elsewhere, or wrap batches you have in `BatchList`.
public protocol BatchSource: AnyObject {
    /// The number of batches of one epoch, or nil when it is not known beforehand.
    var batchCount: Int? { get }
    /// Whether an unknown `batchCount` is meant so: a stream, which is read to its end.
    var isStream: Bool { get }
    /// How many of a batch's members are inputs.
    var inputCount: Int { get }
    /// Starts epoch number `epoch`. The iterator is a value: epochs can be repeated, and several can run side by side.
    func makeIterator(epoch: Int) throws -> BatchIterator
    /// Starts epoch number `epoch` at batch number `first`, as when resuming.
    func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator
    /// The same, told where in the epoch's order that batch begins: a source that skips items need not look for it.
    func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator
}

extension BatchSource {
    /// The default: a source that does not know its length has forgotten to say it.
    public var isStream: Bool { false }
    /// The default: the position is not needed.
    public func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        try makeIterator(epoch: epoch, from: first)
    }
    /// The default: the batches before are read and dropped.
    public func makeIterator(epoch: Int, from first: Int) throws -> BatchIterator {
        var batches = try makeIterator(epoch: epoch)
        for _ in 0..<first where try batches.next() == nil { break }
        return batches
    }
}

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

/// A foreign loader: batches that exist already, the same in every epoch.
public final class BatchList: BatchSource {
    /// The batches, in order.
    public let batches: [Batch]

    /// A loader of these batches.
    public init(_ batches: some Sequence<Batch>) { self.batches = Array(batches) }

    public var batchCount: Int? { batches.count }
    public var inputCount: Int { batches.first?.inputs.count ?? 1 }
    public func makeIterator(epoch: Int) -> BatchIterator { BatchIterator(batches) }
}
