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
    /// Compare the ranks' parameters every so many steps; nil never.
    public let checkInterval: Int?

    private var exchange: GradientExchange?
    private var coordinator: RankCoordinator?
    /// The coordinator to put back when this callback was added for one fit only.
    private var replaced: (any TrainingCoordinator)?
    private var itemsSinceMerge = 0.0
    private var synchronizer: BatchNormSynchronizer?
    /// How much this rank's gradient counts in the reduction to come.
    private var gradientWeight = 0.0

    /// - Parameters:
    ///   - communicator: The ranks; nil means the ones this program was started with (`World`).
    ///   - batch: Whether the loaders' batch size is that of all ranks together, as in one process, or of each.
    ///   - batchNorm: Whose statistics batch normalisation uses in training.
    ///   - checkInterval: Compare the ranks' parameters every so many steps, to find what makes them drift apart.
    public init(
        communicator: (any Communicator)? = nil, batch: BatchConvention = .global, batchNorm: BatchNormPolicy = .sync,
        checkInterval: Int? = nil
    ) {
        (self.communicator, self.batch) = (communicator, batch)
        (self.batchNorm, self.checkInterval) = (batchNorm, checkInterval)
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
        guard ranks.size > 1 else { return }
        if coordinator == nil {
            replaced = learner.coordinator
            attach(learner, to: ranks)
        }
        coordinator?.reset()
        itemsSinceMerge = 0
        guard !learner.isInferring, let optimizer = learner.optimizer else { return }
        try setup?.verify(learner)
        try setup?.broadcast(learner)
        if exchange?.arena !== optimizer.arena { exchange = try GradientExchange(optimizer.arena, over: ranks) }
        if batchNorm == .sync { synchronizer = BatchNormSynchronizer(learner.model, over: ranks) }
        coordinator?.runsEmptyParts = synchronizer != nil
    }

    /// Makes the learner agree with `ranks` until the callback is taken out.
    func attach(_ learner: Learner, to ranks: any Communicator) {
        if let threads = World.threadsPerRank { ProcessorReport.setThreadsPerRank(threads) }
        let own = RankCoordinator(ranks)
        coordinator = own
        learner.coordinator = own
    }

    public override func teardown(_ learner: Learner) {
        synchronizer?.release()
        synchronizer = nil
        guard let replaced else { return }
        learner.coordinator = replaced
        (self.replaced, coordinator) = (nil, nil)
    }

    // MARK: Data

    public override func beforeTrain(_ learner: Learner) {
        shard(learner)
        coordinator?.meetsBeforeUpdate = learner.orderedCallbacks(for: .beforeStep).last !== self
    }

    public override func beforeValidate(_ learner: Learner) throws {
        if learner.worksAlone { return }
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

    public override func beforeBackward(_ learner: Learner) throws {
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
        guard let coordinator, let exchange, let communicator else { return }
        communicator.note(step: learner.trainIter, event: "before_step")
        let loss = learner.loss?.mean().item() ?? 0
        if addsUp(learner) {
            let count = Double(communicator.size)
            learner.stepLoss = try coordinator.middle(loss: loss, weight: 1).map { $0 * count }
            try exchange.reduce(weight: 1)
            exchange.arena.scaleGradients(by: count)
        } else {
            learner.stepLoss = try coordinator.middle(loss: loss, weight: learner.batchWeight)
            try exchange.reduce(weight: gradientWeight)
        }
        itemsSinceMerge += learner.batchWeight
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
