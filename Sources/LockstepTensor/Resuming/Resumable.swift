// SPDX-License-Identifier: Apache-2.0
// What a type says that remembers something from one batch to the next.

/// Something whose memory decides the steps to come: a callback, a module, a loss, a loader, an optimizer from elsewhere.
///
/// A run that was interrupted goes on as if it had not been only if all such memory comes back. One function names it, for
/// writing and for reading:
///
/// ```swift
/// final class Warmup: Callback, Resumable {
///     private var done = 0
///     private var isOver = false
///     func exchangeState(with archive: StateArchive) throws {
///         try archive.integer("done", &done, in: 0...1000)
///         try archive.flag("isOver", &isOver)
///     }
/// }
/// ```
/// A learner asks its callbacks, every module of its model, its loss, its loaders and its optimizer; they need not be
/// registered. A type that is a value keeps its memory in an object. What is parameter or buffer of a module, or state of one of our optimizers, is in every checkpoint anyway.
/// Name what cannot be worked out from epoch, batch and settings, and nothing that lasts only for a batch.
public protocol Resumable {
    /// Gives every remembered value to `archive` under a name of its own, which takes it or replaces it.
    ///
    /// Called with the values at hand to write them, and twice to read: the first time nothing is replaced, so that a damaged
    /// file is refused before anything has changed. Name the same values in every call.
    /// - Throws: ``StateError`` from the archive.
    func exchangeState(with archive: StateArchive) throws
}

/// A saved memory that does not fit who is to remember it.
public struct StateError: Error, CustomStringConvertible, Sendable {
    /// Whose memory, and the value's name.
    public let place: String
    /// What is wrong with it.
    public let reason: String
    public var description: String { "\(place): \(reason)" }

    /// A value that does not fit.
    public init(_ place: String, _ reason: String) { (self.place, self.reason) = (place, reason) }
}
