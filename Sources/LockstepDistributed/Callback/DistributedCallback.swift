// SPDX-License-Identifier: Apache-2.0
// Data-parallel training as a callback.

public import LockstepComm
public import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

/// Trains one model on all ranks of a communicator.
///
/// - At the start of a fit: checks that all ranks train the same thing, gives them rank 0's parameters, buffers and
///   optimizer state, and moves the gradients into memory that the ranks of a node share.
/// - Each rank gets its part of every global batch (``ShardedDataLoader``).
/// - Before each step gradients are averaged over the items of all ranks, in place. The reduced gradient is what clipping
///   and every later callback see.
/// - Inside a node each rank updates a slice of the parameters, which lie once in shared memory (``UpdatePolicy``). What is
///   saved are whole tensors, the same for any number of ranks. While the ranks train, assigning to a parameter, on one rank
///   or on all, gives each rank a copy of its own again.
/// - After each phase metric states are merged and rank 0's values told to all; the smoothed loss is that of the global
///   batch. So trackers and schedules decide the same everywhere.
/// - Only rank 0 logs, prints and writes.
/// - A cancel signal or an error of one rank becomes that of all.
///
/// With one rank it does nothing at all. `learner.distributed { … }` is the usual way to use it.
///
/// ```swift
/// let learner = Learner(dls: dls, model: model, loss: .crossEntropy, callbacks: [DistributedCallback()])
/// ```
public final class DistributedCallback: Callback, Configured {
    /// The ranks; nil until a fit begins with the ranks this program was started with.
    public private(set) var communicator: (any Communicator)?
    /// What the loaders' batch size counts.
    public let batch: BatchConvention
    /// Whose statistics batch normalisation uses.
    public let batchNorm: BatchNormPolicy
    /// Who updates which parameters.
    public let update: UpdatePolicy
    /// In which order gradients are added up.
    public let reduction: ReductionOrder
    /// How gradients travel between nodes.
    public let compression: GradientCompression
    /// Compare the ranks' parameters every so many steps; nil never.
    public let checkInterval: Int?
    /// Whether each rank updates a slice of the parameters at present.
    public var dividesUpdates: Bool { exchange?.dividesUpdates ?? false }

    private var exchange: GradientExchange?
    private var coordinator: RankCoordinator?
    /// Whether the batch at hand was given up.
    private var isGivenUp = false
    /// Whether gradients of earlier batches lie where this one's go.
    private var addsToKept = false
    var itemsSinceMerge = 0.0
    private var synchronizer: BatchNormSynchronizer?
    private var watch: BatchNormWatch?
    /// The passes of a batch in pieces, where bits matter.
    private var shards: MicroShards?
    private var arithmetic: FixedArithmetic?
    /// Whether a callback will ask for the norm of the reduced gradients.
    private var measuresNorm = false

    /// - Parameters:
    ///   - communicator: The ranks; nil means the ones this program was started with (`World`).
    ///   - batch: Whether the loaders' batch size is that of all ranks together, as in one process, or of each.
    ///   - batchNorm: Whose statistics batch normalisation uses in training.
    ///   - update: Who updates which parameters.
    ///   - reduction: In which order gradients are added up.
    ///   - compression: How gradients travel between nodes.
    ///   - checkInterval: Compare the ranks' parameters every so many steps, to find what makes them drift apart.
    public init(
        communicator: (any Communicator)? = nil, batch: BatchConvention = .global, batchNorm: BatchNormPolicy = .sync,
        update: UpdatePolicy = .automatic, reduction: ReductionOrder = .ranks,
        compression: GradientCompression = .none, checkInterval: Int? = nil
    ) {
        (self.communicator, self.batch, self.batchNorm) = (communicator, batch, batchNorm)
        (self.reduction, self.compression, self.checkInterval) = (reduction, compression, checkInterval)
        self.update = reduction == .bitwise ? .replicated : update
    }

    public var arguments: KeyValuePairs<String, ConfigValue> {
        [
            "batch": .string("\(batch)"), "reduction": .string("\(reduction)"), "batch_norm": .string("\(batchNorm)"),
            "update": .string("\(update)"), "compression": .string("\(compression)"),
            "check_interval": checkInterval.map { .int($0) } ?? .string("never"),
        ]
    }

    /// No: ranks belong to a run.
    public override var isExported: Bool { false }

    public override var order: Int { 11 }
    /// Gradients are checked for overflow and clipped as one process would: averaged first.
    public override var runsBefore: [Callback.Type] { [GradientClip.self, MixedPrecision.self] }

    private var isAlone: Bool { (communicator?.size ?? 1) == 1 }
    private var setup: ReplicaSetup? { communicator.map(ReplicaSetup.init) }

    // MARK: Start and end

    public override func beforeFit(_ learner: Learner) throws {
        if learner.worksAlone { return }
        let ranks = try communicator ?? World.current()
        communicator = ranks
        guard ranks.size > 1 || reduction == .bitwise else { return }
        if learner.callbacks.contains(where: { $0 !== self && $0 is DistributedCallback }) {
            throw LearnerError(
                .duplicate, "this learner has two DistributedCallbacks: gradients would be reduced twice")
        }
        if coordinator == nil { attach(learner, to: ranks) }
        coordinator?.reset()
        exchange?.dropAside()
        (itemsSinceMerge, isGivenUp, addsToKept) = (0, false, false)
        if reduction == .bitwise { try beginBitwise(learner, ranks) }
        guard !learner.isInferring, let optimizer = learner.optimizer else { return }
        try verify(learner)
        try prepare(learner, optimizer, ranks)
        if batchNorm == .sync, reduction == .ranks { synchronizer = BatchNormSynchronizer(learner.model, over: ranks) }
        if ranks.size > 1 { watch = BatchNormWatch(learner.model) }
        coordinator?.runsEmptyParts = synchronizer != nil
    }

    /// Checks that the ranks are about to do the same, and that what they will report can be merged.
    private func verify(_ learner: Learner) throws {
        if isAlone { return }
        // A callback of another rank may have ended the fit, or the run, before it began.
        _ = try coordinator?.average(0, weight: 0)
        try setup?.verify(learner)
        try coordinator?.verifyMergeable(learner.metrics)
    }

    private func beginBitwise(_ learner: Learner, _ ranks: any Communicator) throws {
        if compression != .none {
            throw BitwiseError(
                "gradients that are rounded between nodes depend on where the nodes are: leave compression out")
        }
        let shards = try MicroShards(over: ranks)
        (self.shards, learner.passes) = (shards, shards)
        // However many cores a rank has, products are cut alike.
        arithmetic?.end()
        arithmetic = FixedArithmetic()
    }

    /// Gives every rank the same parameters, in memory they share where that is possible.
    private func prepare(_ learner: Learner, _ optimizer: Optimizer, _ ranks: any Communicator) throws {
        if let exchange, exchange.arena === optimizer.arena, try exchange.isDividedEverywhere() {
            try setup?.broadcastBuffers(learner)
            return
        }
        exchange?.keepCopies()
        try setup?.broadcast(learner)
        let exchange: GradientExchange
        if let known = self.exchange, known.arena === optimizer.arena {
            exchange = known
        } else {
            exchange = try GradientExchange(optimizer.arena, over: ranks, compression: compression)
            self.exchange = exchange
        }
        let isSplit = !laterCallbacks(learner).isEmpty
        for note in try exchange.chooseUpdates(of: optimizer, update, isSplit: isSplit) { learner.warn(note) }
    }

    /// From here on only rank 0 writes, whatever the learner does: predictions are gathered after a run has ended.
    public override func added(to learner: Learner) {
        guard let ranks = try? communicator ?? World.current(), ranks.size > 1 || reduction == .bitwise else { return }
        communicator = ranks
        attach(learner, to: ranks)
    }

    /// Each rank then works alone on its copy of the model; rank 0 still is the only one that logs and writes.
    public override func removed(from learner: Learner) {
        guard let coordinator else { return }
        if learner.coordinator === coordinator {
            let ranks = coordinator.communicator
            learner.coordinator = ranks.size > 1 ? WriterCoordinator(ranks) : SoloCoordinator()
        }
        self.coordinator = nil
    }

    /// Makes the learner agree with `ranks` until the callback is taken out.
    private func attach(_ learner: Learner, to ranks: any Communicator) {
        if let threads = World.threadsPerRank { ProcessorReport.setThreadsPerRank(threads) }
        let own = RankCoordinator(ranks)
        own.hasLeftSharing = { [weak self] in self?.exchange?.hasLeft ?? false }
        own.endSharing = { [weak self, weak learner] in
            self?.exchange?.keepCopies()
            learner?.warn(
                "every rank updates all parameters until the next fit: one was assigned to while the ranks shared them")
        }
        own.settleKept = { [weak self, weak learner] byAll in
            if let learner { try self?.settleKept(learner, byAll: byAll) }
        }
        coordinator = own
        learner.coordinator = own
    }

    public override func teardown(_ learner: Learner) {
        synchronizer?.release()
        watch?.release()
        (synchronizer, watch) = (nil, nil)
        learner.optimizer?.nextStep = .everything
        if shards != nil {
            (shards, learner.passes) = (nil, nil)
            arithmetic?.end()
            arithmetic = nil
        }
    }

    // MARK: Data

    public override func beforeTrain(_ learner: Learner) {
        note(learner, "before_train")
        shard(learner)
        let later = laterCallbacks(learner)
        coordinator?.meetsBeforeUpdate = !later.isEmpty
        measuresNorm = later.contains { ($0 as? GradientClip)?.normType == 2 }
    }

    /// The callbacks between the reduction and the step.
    private func laterCallbacks(_ learner: Learner) -> [Callback] {
        learner.orderedCallbacks(for: .beforeStep).drop { $0 !== self }.dropFirst().filter { !($0 is TimingCallback) }
    }

    public override func beforeValidate(_ learner: Learner) throws {
        if learner.worksAlone { return }
        note(learner, "before_validate")
        if learner.isInferring { try verify(learner) }
        shard(learner)
        if checkInterval != nil, !learner.isInferring {
            _ = try coordinator?.average(0, weight: 0)
            try checkReplicas(learner)
        }
        // Asked of no rank alone: one that has seen no items takes part with weight 0.
        guard batchNorm == .averageStatistics, !isAlone else { return }
        try setup?.averageBuffers(learner, weight: itemsSinceMerge)
        itemsSinceMerge = 0
    }

    /// A fit that ends without a validation leaves the same statistics on all ranks, too.
    public override func afterFit(_ learner: Learner) throws {
        guard batchNorm == .averageStatistics, !isAlone, !learner.worksAlone, !learner.isInferring else { return }
        _ = try coordinator?.average(0, weight: 0)
        try setup?.averageBuffers(learner, weight: itemsSinceMerge)
        itemsSinceMerge = 0
    }

    private func shard(_ learner: Learner) {
        guard let communicator, communicator.size > 1, let loader = learner.dl, !(loader is ShardedDataLoader) else {
            return
        }
        let sharded = ShardedDataLoader(loader, over: communicator, batch: batch)
        // A rank may be leaving the loop instead: it meets the others here.
        sharded.anyRank = { [weak coordinator] in try coordinator?.anyRankContinues($0) ?? $0 }
        learner.dl = sharded
    }

    // MARK: Gradients

    public override func beforeBatch(_ learner: Learner) {
        note(learner, "before_batch")
        isGivenUp = false
        coordinator?.trains = learner.training
    }
    public override func afterCancelBatch(_ learner: Learner) { isGivenUp = true }
    /// From here to the next batch a rank that is late waits for its data.
    public override func afterBatch(_ learner: Learner) {
        note(learner, "after_batch")
        if learner.training, !isGivenUp { coordinator?.kept = .nothing }
    }

    /// Brings what an earlier batch has left into a form in which this one's gradients can be added.
    private func settleKept(_ learner: Learner, byAll: Bool) throws {
        guard learner.training, let coordinator, let exchange else { return }
        switch coordinator.kept {
        case _ where !byAll: learner.optimizer?.zeroGradients()
        case .nothing: break
        // As one process's: they stay, and this batch's parts are evened out as theirs were.
        case .parts(_, areEven: true): return addsToKept = true
        case .parts(let weight, areEven: false):
            if shards == nil { try exchange.reduce(weight: weight) } else { try exchange.sumAsTree() }
            try exchange.setAsideWhole()
        case .whole: try exchange.setAsideWhole()
        }
        coordinator.kept = .nothing
    }

    /// Says where this rank is: the others read it when it is late.
    private func note(_ learner: Learner, _ event: String) {
        if !learner.worksAlone { communicator?.note(step: learner.trainIter, event: event) }
    }

    public override func afterPred(_ learner: Learner) throws {
        if let watch, let communicator { try watch.check(batchNorm, on: communicator) }
    }

    public override func beforeBackward(_ learner: Learner) throws {
        note(learner, "before_backward")
        // Sums over ranks inside the backward pass need gradients of one and the same mean on all of them.
        if synchronizer != nil, learner.part.isEven {
            // Evened out before: a rank may have left the batch since.
            _ = try coordinator?.average(0, weight: 0)
        } else if synchronizer != nil || addsToKept {
            try learner.evenOutLoss()
        }
        addsToKept = false
        coordinator?.kept = .parts(
            weight: addsUp(learner) ? 1 : learner.batchWeight,
            areEven: shards == nil && (learner.part.isEven || addsUp(learner)))
    }

    public override func beforeStep(_ learner: Learner) throws {
        guard let coordinator, let communicator, let optimizer = learner.optimizer else { return }
        // A callback may have made another optimizer, on every rank.
        if let exchange, exchange.arena !== optimizer.arena { try prepare(learner, optimizer, communicator) }
        guard let exchange else { return }
        note(learner, "before_step")
        if let shards {
            // Computed in pieces, each in its share of the batch.
            _ = try coordinator.middle(loss: nil, weight: 0, hasGradient: shards.hasGradient)
            try exchange.sumAsTree()
            return coordinator.kept = .whole
        }
        let addsUp = addsUp(learner)
        let scale = addsUp ? Double(communicator.size) : 1
        let weight = addsUp ? 1 : learner.batchWeight
        let loss = learner.loss?.mean().item() ?? (addsUp ? 0 : nil)
        let met = try coordinator.middle(
            loss: loss, weight: weight, hasGradient: learner.lossGrad.map(\.requiresGradient))
        if learner.stepLoss == nil { learner.stepLoss = met.map { $0 * scale } }
        try checkReplicas(learner)
        itemsSinceMerge += Double(learner.batchItemCount)
        // Callbacks that come later may look at gradients, or cancel the step: they get whole ones first.
        if coordinator.meetsBeforeUpdate || !exchange.dividesUpdates || exchange.hasAside {
            try exchange.reduce(weight: weight, scale: scale, measuresNorm: measuresNorm)
            coordinator.meetsAfterUpdate = exchange.dividesUpdates
            if exchange.dividesUpdates { optimizer.nextStep = .slice }
        } else {
            try exchange.reduceAndUpdate(optimizer, weight: weight, scale: scale)
        }
        coordinator.kept = .whole
    }

    /// Whether the batch's loss is the sum over its items: gradients of ranks then add up instead of being averaged.
    private func addsUp(_ learner: Learner) -> Bool { learner.lossFunction.reduction == .sum }

    /// Compares the ranks' parameters after so many steps: where all are, before the next step and where a phase ends.
    private func checkReplicas(_ learner: Learner) throws {
        guard let checkInterval, checkInterval > 0, !isAlone, learner.trainIter > 0 else { return }
        guard !learner.training || learner.trainIter % checkInterval == 0 else { return }
        try setup?.verifyReplicas(learner)
    }
}
