// SPDX-License-Identifier: Apache-2.0
// The batches of an epoch in a `for` loop, where an error cannot be thrown and must not be lost.

import LockstepTensor

/// The batches of one epoch, and the error that ended them.
///
/// ```swift
/// let batches = dls.train.batchSequence()
/// var count = 0
/// for batch in batches { count += batch.size }
/// try batches.check()
/// ```
/// An error ends the loop. If nobody asks for it, with ``check()`` or ``error``, the program stops with its sentence where the
/// sequence is given up: half an epoch is never taken for a whole one. It can be gone through once.
public final class BatchSequence: Sequence, IteratorProtocol {
    private var batches: BatchIterator?
    private var failure: (any Error)?
    private var isTold = false

    init(_ start: () throws -> BatchIterator) {
        do { batches = try start() } catch { failure = error }
    }

    /// The next batch; nil after the last one, and after an error.
    public func next() -> Batch? {
        do { return try batches?.next() } catch {
            (failure, batches) = (error, nil)
            return nil
        }
    }

    /// The error that ended the batches; nil where there was none yet.
    public var error: (any Error)? {
        if failure != nil { isTold = true }
        return failure
    }

    /// Throws the error that ended the batches.
    public func check() throws { if let error { throw error } }

    deinit {
        if let failure, !isTold {
            stop(
                "BatchSequence: nobody asked for the error that ended the batches: \(failure)", file: #fileID,
                line: #line)
        }
    }
}

/// The batches of the next epoch in a loop over a loader itself; an error stops the program with its sentence.
///
/// For errors that can be caught use `makeIterator(epoch:)` or `batchSequence(epoch:)`.
public struct BatchLoop: IteratorProtocol {
    private let batches: BatchSequence
    private let source: String

    init(_ batches: BatchSequence, of source: String) { (self.batches, self.source) = (batches, source) }

    /// The next batch. An error of the data set stops the program with its sentence.
    public mutating func next() -> Batch? {
        if let batch = batches.next() { return batch }
        if let error = batches.error { stop("\(source): \(error)", file: #fileID, line: #line) }
        return nil
    }
}
