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
/// let learner = Learner(…, callbacks: [DistributedCallback()])
/// ```
public final class DistributedCallback: Callback {
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
    /// The coordinator to put back when this callback was added for one fit only.
    private var replaced: (any TrainingCoordinator)?
    private var itemsSinceMerge = 0.0
    private var synchronizer: BatchNormSynchronizer?
    /// How much this rank's gradient counts in the reduction to come.
    private var gradientWeight = 0.0
    /// The passes of a batch in pieces, where bits matter.
    private var shards: MicroShards?
    private var hadFixedConvolutions = false
    private var threadsBefore = 1
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
        if coordinator == nil {
            replaced = learner.coordinator
            attach(learner, to: ranks)
        }
        coordinator?.reset()
        itemsSinceMerge = 0
        if reduction == .bitwise { try beginBitwise(learner, ranks) }
        guard !learner.isInferring, let optimizer = learner.optimizer else { return }
        try setup?.verify(learner)
        try prepare(learner, optimizer, ranks)
        if batchNorm == .sync, reduction == .ranks { synchronizer = BatchNormSynchronizer(learner.model, over: ranks) }
        coordinator?.runsEmptyParts = synchronizer != nil
    }

    private func beginBitwise(_ learner: Learner, _ ranks: any Communicator) throws {
        if compression != .none {
            throw BitwiseError(
                "gradients that are rounded between nodes depend on where the nodes are: leave compression out")
        }
        let shards = try MicroShards(over: ranks)
        (self.shards, learner.passes) = (shards, shards)
        (hadFixedConvolutions, threadsBefore) = (ConvolutionEngine.isFixed, ProcessorReport.current.threadsPerRank)
        ConvolutionEngine.isFixed = true
        // However many cores a rank has, products are cut alike.
        ProcessorReport.setThreadsPerRank(1)
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

    /// Makes the learner agree with `ranks` until the callback is taken out.
    func attach(_ learner: Learner, to ranks: any Communicator) {
        if let threads = World.threadsPerRank { ProcessorReport.setThreadsPerRank(threads) }
        let own = RankCoordinator(ranks)
        own.hasLeftSharing = { [weak self] in self?.exchange?.hasLeft ?? false }
        own.endSharing = { [weak self, weak learner] in
            self?.exchange?.keepCopies()
            learner?.warn(
                "every rank updates all parameters until the next fit: one was assigned to while the ranks shared them")
        }
        coordinator = own
        learner.coordinator = own
    }

    public override func teardown(_ learner: Learner) {
        synchronizer?.release()
        synchronizer = nil
        learner.optimizer?.nextStep = .everything
        if shards != nil {
            (shards, learner.passes) = (nil, nil)
            ConvolutionEngine.isFixed = hadFixedConvolutions
            ProcessorReport.setThreadsPerRank(threadsBefore)
        }
        guard let replaced else { return }
        learner.coordinator = replaced
        (self.replaced, coordinator) = (nil, nil)
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
        shard(learner)
        guard batchNorm == .averageStatistics, !isAlone, itemsSinceMerge > 0 else { return }
        try setup?.averageBuffers(learner, weight: itemsSinceMerge)
        itemsSinceMerge = 0
    }

    private func shard(_ learner: Learner) {
        guard let communicator, communicator.size > 1, let loader = learner.dl, !(loader is ShardedDataLoader) else {
            return
        }
        learner.dl = ShardedDataLoader(loader, over: communicator, batch: batch)
    }

    // MARK: Gradients

    public override func beforeBatch(_ learner: Learner) { note(learner, "before_batch") }
    /// From here to the next batch a rank that is late waits for its data.
    public override func afterBatch(_ learner: Learner) { note(learner, "after_batch") }

    /// Says where this rank is: the others read it when it is late.
    private func note(_ learner: Learner, _ event: String) {
        if !learner.worksAlone { communicator?.note(step: learner.trainIter, event: event) }
    }

    public override func beforeBackward(_ learner: Learner) throws {
        note(learner, "before_backward")
        gradientWeight = addsUp(learner) ? 1 : learner.batchWeight
        guard synchronizer != nil, !addsUp(learner), let coordinator, let communicator else { return }
        // Sums over ranks inside the backward pass need gradients of one and the same mean on all of them.
        let total = try coordinator.beforeBackward(weight: learner.batchWeight)
        if total > 0, learner.batchWeight > 0, let loss = learner.lossGrad {
            learner.lossGrad = loss * (learner.batchWeight * Double(communicator.size) / total)
        }
        gradientWeight = 1
    }

    public override func beforeStep(_ learner: Learner) throws {
        guard let coordinator, let communicator, let optimizer = learner.optimizer else { return }
        // A callback may have made another optimizer, on every rank.
        if let exchange, exchange.arena !== optimizer.arena { try prepare(learner, optimizer, communicator) }
        guard let exchange else { return }
        note(learner, "before_step")
        if let shards { return try sumPieces(shards, learner, coordinator, communicator, exchange) }
        let loss = learner.loss?.mean().item() ?? 0
        let scale = addsUp(learner) ? Double(communicator.size) : 1
        learner.stepLoss = try coordinator.middle(loss: loss, weight: addsUp(learner) ? 1 : learner.batchWeight)
            .map { $0 * scale }
        let weight = addsUp(learner) ? 1 : gradientWeight
        itemsSinceMerge += learner.batchWeight
        // Callbacks that come later may look at gradients, or cancel the step: they get whole ones first.
        if coordinator.meetsBeforeUpdate || !exchange.dividesUpdates {
            try exchange.reduce(weight: weight, scale: scale, measuresNorm: measuresNorm)
            coordinator.meetsAfterUpdate = exchange.dividesUpdates
            if exchange.dividesUpdates { optimizer.nextStep = .slice }
        } else {
            try exchange.reduceAndUpdate(optimizer, weight: weight, scale: scale)
        }
    }

    /// The step of a batch that was computed in pieces.
    private func sumPieces(
        _ shards: MicroShards, _ learner: Learner, _ coordinator: RankCoordinator, _ communicator: any Communicator,
        _ exchange: GradientExchange
    ) throws {
        _ = try coordinator.middle(loss: 0, weight: 0)
        let (loss, weight) = MicroShards.total(try communicator.allGather(shards.terms, name: "losses"))
        if weight > 0 { learner.stepLoss = addsUp(learner) ? loss : loss / weight }
        try exchange.sumAsTree(scale: addsUp(learner) ? 1 : weight > 0 ? 1 / weight : 0)
    }

    /// Whether the batch's loss is the sum over its items: gradients of ranks then add up instead of being averaged.
    private func addsUp(_ learner: Learner) -> Bool { learner.lossFunction.reduction == .sum }

    public override func afterStep(_ learner: Learner) throws {
        guard let checkInterval, checkInterval > 0, !isAlone, (learner.trainIter + 1) % checkInterval == 0 else {
            return
        }
        try setup?.verifyReplicas(learner)
    }
}
