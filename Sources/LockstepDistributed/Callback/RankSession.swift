// SPDX-License-Identifier: Apache-2.0
// A learner's tie to the ranks, from fit to fit.

import LockstepComm
import LockstepLearner
import LockstepOptim
import LockstepTensor

/// What lasts as long as a learner has a ``DistributedCallback``: how its ranks agree, and the memory they reduce in.
final class RankSession {
    let ranks: any Communicator
    let coordinator: RankCoordinator
    let setup: ReplicaSetup
    /// Where gradients are reduced; nil before the first fit.
    private(set) var exchange: GradientExchange?
    /// Whether the ranks have gone back to parameters of their own, and nobody was told yet.
    private var hasEndedSharing = false

    /// Makes `learner` agree with `ranks`, until ``end(_:)``.
    init(_ learner: Learner, over ranks: any Communicator) {
        if let threads = World.threadsPerRank { ComputeContext.defaultThreads = threads }
        (self.ranks, coordinator, setup) = (ranks, RankCoordinator(ranks), ReplicaSetup(communicator: ranks))
        coordinator.hasLeftSharing = { [weak self] in self?.exchange?.sharing == .leaving }
        coordinator.endSharing = { [weak self, weak learner] in
            if let self, let learner { endSharing(learner) }
        }
        learner.coordinator = coordinator
    }

    var isAlone: Bool { ranks.size == 1 }

    /// Each rank then works alone on its copy of the model; rank 0 still is the only one that logs and writes.
    func end(_ learner: Learner) {
        guard learner.coordinator === coordinator else { return }
        learner.coordinator = ranks.size > 1 ? WriterCoordinator(ranks) : SoloCoordinator()
    }

    /// Checks that the ranks are about to do the same, and that what they will report can be merged. Collective.
    func verify(_ learner: Learner) throws {
        if isAlone { return }
        // A callback of another rank may have ended the fit, or the run, before it began.
        try agree()
        try setup.verify(learner)
        try coordinator.verifyMergeable(learner.metrics)
    }

    /// Gives every rank the same parameters, in memory they share where that is possible, and `learner` its step. Collective.
    func prepare(_ learner: Learner, _ optimizer: Optimizer, _ options: DistributedCallback, isSplit: Bool) throws {
        hasEndedSharing = false
        let known = exchange?.arena === optimizer.arena ? exchange : nil
        if let known, try known.isDividedEverywhere() {
            try setup.broadcastBuffers(learner)
        } else {
            exchange?.keepCopies()
            try setup.broadcast(learner)
            let exchange = try known ?? GradientExchange(optimizer.arena, over: ranks, compression: options.compression)
            self.exchange = exchange
            for sentence in try exchange.chooseUpdates(of: optimizer, options.update, isSplit: isSplit) {
                learner.warn(sentence)
            }
        }
        guard let exchange else { return }
        learner.stepStrategy = step(exchange, options)
    }

    private func step(_ exchange: GradientExchange, _ options: DistributedCallback) -> any RankStep {
        if options.reduction == .bitwise { return BitwiseStep(exchange) }
        return exchange.dividesUpdates ? ShardedStep(exchange) : ReplicatedStep(exchange)
    }

    /// A rank has assigned to a parameter that all shared, as all have learnt in the same agreement.
    private func endSharing(_ learner: Learner) {
        guard let exchange else { return }
        exchange.keepCopies()
        if learner.stepStrategy is ShardedStep { learner.stepStrategy = ReplicatedStep(exchange) }
        hasEndedSharing = true
    }

    /// Says so where it matters: a fit that trains on is slower. One that has ended shares anew when the next begins.
    func tellOfEndedSharing(_ learner: Learner) {
        guard hasEndedSharing else { return }
        hasEndedSharing = false
        learner.warn(
            "every rank updates all parameters until the next fit: one was assigned to while the ranks shared them")
    }

    /// Throws the signal of a rank that is leaving: agrees with the others here.
    func agree() throws { _ = try coordinator.average(0, weight: 0) }
}
