// SPDX-License-Identifier: Apache-2.0
// Callbacks that are there, or not there, for the length of a closure.

extension Learner {
    /// Runs `body` with callbacks added, and removes them however it ends. On this rank only.
    @discardableResult
    public func withAddedCallbacks<Result>(_ new: [Callback], _ body: () throws -> Result) throws -> Result {
        try addCallbacks(new)
        defer { removeCallbacks(new) }
        return try body()
    }

    /// Runs `body`, which is given the learner, with callbacks added, and removes them however it ends. On this rank only.
    @discardableResult
    public func withAddedCallbacks<Result>(
        _ new: [Callback], _ body: (_ learner: Learner) throws -> Result
    ) throws -> Result {
        try withAddedCallbacks(new) { try body(self) }
    }

    /// Runs `body` without some callbacks, and puts the same instances back in their places however it ends. Those that
    /// are not here stay out. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        _ some: [Callback], _ body: () throws -> Result
    ) rethrows -> Result {
        let before = callbacks
        let removed = before.filter { callback in some.contains { $0 === callback } }
        removeCallbacks(removed)
        defer {
            for callback in removed where callback.learner == nil {
                // After the nearest of its former predecessors that is still here.
                let predecessors = before.prefix { $0 !== callback }
                let place = callbacks.lastIndex { present in predecessors.contains { $0 === present } }
                insert(callback, at: place.map { $0 + 1 } ?? 0)
            }
        }
        return try body()
    }

    /// Runs `body`, which is given the learner, without some callbacks, as the one above. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        _ some: [Callback], _ body: (_ learner: Learner) throws -> Result
    ) rethrows -> Result {
        try withRemovedCallbacks(some) { () throws in try body(self) }
    }

    /// Runs `body` without the callbacks of a type and its subclasses. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        ofType type: Callback.Type, _ body: () throws -> Result
    ) rethrows -> Result {
        try withRemovedCallbacks(instances(of: [type]), body)
    }

    /// Runs `body`, which is given the learner, without the callbacks of a type and its subclasses. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        ofType type: Callback.Type, _ body: (_ learner: Learner) throws -> Result
    ) rethrows -> Result {
        try withRemovedCallbacks(instances(of: [type]), body)
    }

    /// Runs `body` without the callbacks of some types and their subclasses. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        ofTypes types: [Callback.Type], _ body: () throws -> Result
    ) rethrows -> Result {
        try withRemovedCallbacks(instances(of: types), body)
    }

    /// Runs `body`, which is given the learner, without the callbacks of some types and their subclasses. On this rank only.
    @discardableResult
    public func withRemovedCallbacks<Result>(
        ofTypes types: [Callback.Type], _ body: (_ learner: Learner) throws -> Result
    ) rethrows -> Result {
        try withRemovedCallbacks(instances(of: types), body)
    }

    /// The callbacks that are of one of the types.
    func instances(of types: [Callback.Type]) -> [Callback] {
        callbacks.filter { callback in types.contains { Learner.isInstance(callback, of: $0) } }
    }
}
