// SPDX-License-Identifier: Apache-2.0
// How a program asks for all its ranks.

public import LockstepComm
public import LockstepLearner

extension Learner {
    /// Runs `body` with a ``DistributedCallback``: what it fits, validates and predicts is done by all ranks together.
    ///
    /// Without a launcher there is one rank, and nothing happens but `body`. Collective: call it on every rank.
    ///
    /// ```swift
    /// try learner.distributed {
    ///     try learner.fitOneCycle(5, lrMax: 1e-2)
    /// }
    /// ```
    /// - Parameters:
    ///   - communicator: The ranks; nil means those this program was started with.
    ///   - batch: What the loaders' batch size counts.
    ///   - update: Who updates which parameters.
    ///   - reduction: In which order gradients are added up.
    ///   - compression: How gradients travel between nodes.
    @discardableResult
    public func distributed<Result>(
        over communicator: (any Communicator)? = nil, batch: BatchConvention = .global,
        update: UpdatePolicy = .automatic, reduction: ReductionOrder = .ranks,
        compression: GradientCompression = .none, _ body: () throws -> Result
    ) throws -> Result {
        let ranks = try communicator ?? World.current()
        guard ranks.size > 1 || reduction == .bitwise else { return try body() }
        try toDistributed(
            over: ranks, batch: batch, update: update, reduction: reduction, compression: compression)
        defer { detachDistributed() }
        return try body()
    }

    /// Adds a ``DistributedCallback``. From here on only rank 0 logs and writes.
    ///
    /// - Throws: ``LearnerError`` when there is one already.
    @discardableResult
    public func toDistributed(
        over communicator: (any Communicator)? = nil, batch: BatchConvention = .global,
        update: UpdatePolicy = .automatic, reduction: ReductionOrder = .ranks,
        compression: GradientCompression = .none
    ) throws -> Learner {
        let ranks = try communicator ?? World.current()
        guard ranks.size > 1 || reduction == .bitwise else { return self }
        if callback(ofType: DistributedCallback.self) != nil {
            throw LearnerError(.duplicate, "distributed: this learner has a DistributedCallback already")
        }
        let callback = DistributedCallback(
            communicator: ranks, batch: batch, update: update, reduction: reduction, compression: compression)
        return try addCallback(callback)
    }

    /// Takes the ``DistributedCallback`` out. Each rank then works alone on its copy of the model; rank 0 still is the only
    /// one that logs and writes.
    public func detachDistributed() {
        guard let callback = callback(ofType: DistributedCallback.self) else { return }
        removeCallback(callback)
    }
}
