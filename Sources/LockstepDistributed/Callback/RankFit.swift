// SPDX-License-Identifier: Apache-2.0
// One fit on several ranks: where its batches stand.

import LockstepComm
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// What lasts as long as a fit, or a run of inference: a ``DistributedCallback`` forwards its events to it.
final class RankFit {
    /// What lasts as long as a batch.
    private struct BatchState {
        var isGivenUp = false
        /// Whether gradients of earlier batches lie where this one's go.
        var addsToKept = false
    }
    private let session: RankSession
    private let options: DistributedCallback
    private let synchronizer: BatchNormSynchronizer?
    private let watch: BatchNormWatch?
    private let bitwise: BitwiseScope?
    /// The learner's own step, to be put back.
    private let replaced: any StepStrategy
    /// What callbacks of the phase at hand want of reduced gradients.
    private var needs = GradientNeeds()
    private var batch = BatchState()
    /// Whether the launcher knows that training goes on.
    private var hasBegun = false
    /// Items this rank has seen since running statistics were averaged.
    var itemsSinceMerge = 0.0

    private var coordinator: RankCoordinator { session.coordinator }

    /// Begins a fit, or an inference. Collective.
    init(_ learner: Learner, _ session: RankSession, _ options: DistributedCallback) throws {
        (self.session, self.options, replaced) = (session, options, learner.stepStrategy)
        session.coordinator.reset()
        session.exchange?.dropAside()
        bitwise = options.reduction == .bitwise ? try BitwiseScope(learner, session.ranks, options.compression) : nil
        let trains = !learner.isInferring && learner.optimizer != nil
        let synchronizes = trains && options.batchNorm == .sync && bitwise == nil
        do {
            if trains, let optimizer = learner.optimizer {
                try session.verify(learner)
                try session.prepare(
                    learner, optimizer, options, isSplit: !learner.gradientNeeds(after: options).isEmpty)
            }
        } catch {
            bitwise?.end(learner)
            throw error
        }
        synchronizer = synchronizes ? BatchNormSynchronizer(learner.model, over: session.ranks) : nil
        watch = trains && !session.isAlone ? BatchNormWatch(learner.model) : nil
        session.coordinator.runsEmptyParts = synchronizer != nil
        session.coordinator.prepareKept = { [weak self, weak learner] byAll in
            if let self, let learner { try prepareKept(learner, byAll: byAll) }
        }
    }

    /// Puts back what the fit has replaced on `learner`.
    func end(_ learner: Learner) {
        synchronizer?.release()
        watch?.release()
        bitwise?.end(learner)
        learner.stepStrategy = replaced
    }

    // MARK: Phases

    func beforeTrain(_ learner: Learner) {
        if !hasBegun, session.ranks.isRankZero { LauncherRecord.training(step: learner.trainIter).tell() }
        hasBegun = true
        needs = learner.gradientNeeds(after: options)
        coordinator.agreesBeforeUpdate = !needs.isEmpty
    }

    func beforeValidate(_ learner: Learner) throws {
        if options.checkInterval != nil, !learner.isInferring {
            try session.agree()
            try checkReplicas(learner)
        }
        if averagesStatistics { try averageStatistics(learner) }
    }

    /// A fit that ends without a validation leaves the same statistics on all ranks, too.
    func afterFit(_ learner: Learner) throws {
        guard averagesStatistics, !learner.isInferring else { return }
        try session.agree()
        try averageStatistics(learner)
    }

    /// Whether each rank keeps running statistics of its own.
    private var averagesStatistics: Bool { options.batchNorm == .averageStatistics && !session.isAlone }

    /// Asked of no rank alone: one that has seen no items takes part with weight 0.
    private func averageStatistics(_ learner: Learner) throws {
        try session.setup.averageBuffers(learner, weight: itemsSinceMerge)
        itemsSinceMerge = 0
    }

    // MARK: Batches

    func beforeBatch(_ learner: Learner) {
        batch = BatchState()
        coordinator.trains = learner.training
        // Here, not at the step: statistics follow batches whose step an accumulation puts off, or a signal gives up.
        guard learner.training else { return }
        itemsSinceMerge += Double(learner.batchItemCount)
        session.tellOfEndedSharing(learner)
    }

    func afterCancelStep(_ learner: Learner) {
        if learner.stepStrategy.abandon() { keepParts(learner) }
    }

    func afterCancelBatch(_ learner: Learner) {
        batch.isGivenUp = true
        if learner.stepStrategy.abandon() { keepParts(learner) }
    }

    func afterBatch(_ learner: Learner) {
        if learner.training, !batch.isGivenUp { coordinator.kept = .nothing }
    }

    func afterPred(_ learner: Learner) throws { try watch?.check(options.batchNorm, on: session.ranks, learner) }

    func beforeBackward(_ learner: Learner) throws {
        // Sums over ranks inside the backward pass need gradients of one and the same mean on all of them.
        if synchronizer != nil, learner.part.isEven {
            // Evened out before: a rank may have left the batch since.
            try session.agree()
        } else if synchronizer != nil || batch.addsToKept {
            try learner.evenOutLoss()
        }
        batch.addsToKept = false
        keepParts(learner)
    }

    /// What lies in the gradients from here on are those of this rank's shard.
    private func keepParts(_ learner: Learner) {
        coordinator.kept = .parts(
            weight: contribution(learner).weight,
            areEven: bitwise == nil && (learner.part.isEven || addsUp(learner)))
    }

    /// The middle of a batch: all agree, gradients become those of all.
    func beforeStep(_ learner: Learner, _ optimizer: Optimizer) throws {
        // A callback may have made another optimizer, on every rank.
        if let exchange = session.exchange, exchange.arena !== optimizer.arena {
            try session.prepare(learner, optimizer, options, isSplit: !needs.isEmpty)
        }
        guard session.exchange != nil else { return }
        let contribution = contribution(learner)
        if let bitwise {
            _ = try coordinator.middle(loss: nil, weight: 0, hasGradient: bitwise.shards.hasGradient)
        } else {
            let agreed = try coordinator.middle(
                loss: learner.loss?.mean().item() ?? (addsUp(learner) ? 0 : nil), weight: contribution.weight,
                hasGradient: learner.lossGrad.map(\.requiresGradient))
            if learner.stepLoss == nil { learner.stepLoss = agreed.map { $0 * contribution.scale } }
            try checkReplicas(learner)
        }
        try learner.stepStrategy.reduce(optimizer, contribution, for: needs)
        coordinator.kept = .whole
    }

    /// Brings what an earlier batch has left into a form in which this one's gradients can be added.
    private func prepareKept(_ learner: Learner, byAll: Bool) throws {
        guard learner.training, let step = learner.stepStrategy as? any RankStep else { return }
        switch coordinator.kept {
        case _ where !byAll: learner.optimizer?.zeroGradients()
        case .nothing: break
        // As one process's: they stay, and this batch's parts are evened out as theirs were.
        case .parts(_, areEven: true): return batch.addsToKept = true
        case .parts(let weight, areEven: false):
            try step.makeWhole(weight: weight)
            try step.exchange.setAsideWhole()
        case .whole: try step.exchange.setAsideWhole()
        }
        coordinator.kept = .nothing
    }

    private func contribution(_ learner: Learner) -> Contribution {
        addsUp(learner)
            ? Contribution(weight: 1, scale: Double(session.ranks.size)) : Contribution(weight: learner.batchWeight)
    }

    /// Whether the batch's loss is the sum over its items: gradients of ranks then add up instead of being averaged.
    private func addsUp(_ learner: Learner) -> Bool { learner.lossFunction.reduction == .sum }

    /// Compares the ranks' parameters after so many steps: where all are, before the next step and where a phase ends.
    private func checkReplicas(_ learner: Learner) throws {
        guard let interval = options.checkInterval, interval > 0, !session.isAlone, learner.trainIter > 0 else {
            return
        }
        guard !learner.training || learner.trainIter % interval == 0 else { return }
        try session.setup.verifyReplicas(learner)
    }
}

/// A fit in which bits matter: its passes, and products that are cut alike however many cores a rank has.
private struct BitwiseScope {
    let shards: MicroShards
    private let arithmetic: ComputeContext.Scope

    init(_ learner: Learner, _ ranks: any Communicator, _ compression: GradientCompression) throws {
        if compression != .none {
            throw BitwiseError(
                "gradients that are rounded between nodes depend on where the nodes are: leave compression out")
        }
        shards = try MicroShards(over: ranks)
        arithmetic = ComputeContext.fixed()
        learner.passes = shards
    }

    func end(_ learner: Learner) {
        learner.passes = nil
        arithmetic.end()
    }
}
