// SPDX-License-Identifier: Apache-2.0
// Blocks that only rank 0 runs, or runs first: a collective inside the former is an error at once, not a hang.

enum RankZeroScope {
    /// Name of the innermost scope this thread is in.
    @TaskLocal static var current: String?
}

extension Communicator {
    /// Runs `body` on rank 0 alone; the others go on without waiting.
    ///
    /// A collective inside throws at once: the other ranks would never arrive. Makes no communication itself: an error
    /// thrown by `body` is rank 0's; where the others must know, use `onRankZero`.
    /// - Returns: what `body` returns; nil on the other ranks.
    @discardableResult
    public func withRankZeroOnly<T>(_ name: String = "", _ body: () throws -> T) rethrows -> T? {
        guard rank == 0 else { return nil }
        return try RankZeroScope.$current.withValue(name, operation: body)
    }

    /// Runs `body` on rank 0 while the others wait. Collective. If it throws, every rank throws: rank 0 its own error,
    /// the others one with its text, and the communicator stays usable.
    /// - Returns: what `body` returns; nil on the other ranks.
    @discardableResult
    public func onRankZero<T>(_ name: String, _ body: () throws -> T) throws -> T? {
        var failure: (any Error)?
        var value: T?
        do { value = try withRankZeroOnly(name, body) } catch { failure = error }
        let status = try agree(weight: 0, status: failure == nil ? [] : .failed, name: name).status
        guard status.contains(.failed) else { return value }
        let text = try broadcast(failure.map { String(describing: $0) } ?? "", from: 0, name: name)
        throw failure ?? CommunicatorError.peerFailed(rank: 0, event: name, text: text)
    }

    /// Runs `body` on rank 0 first, then, when it has succeeded there, on all others at once: downloads, caches,
    /// anything of which the first makes and the rest find. Collective; an error on rank 0 is an error everywhere.
    public func rankZeroFirst<T>(_ name: String, _ body: () throws -> T) throws -> T {
        if let first = try onRankZero(name, body) { return first }
        return try body()
    }
}
