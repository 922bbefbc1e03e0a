// SPDX-License-Identifier: Apache-2.0
// Data-parallel training as a callback.

public import LockstepComm
public import LockstepLearner
import LockstepNN
import LockstepOptim
public import LockstepTensor

/// Trains one model on all ranks of a communicator.
///
/// - At the start of a fit: checks that all ranks train the same thing, gives them rank 0's parameters, buffers and
///   optimizer state, and moves the gradients into memory that the ranks of a node share.
/// - Each rank gets its shard of every global batch (``ShardedDataLoader``).
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
    public var dividesUpdates: Bool { session?.exchange?.dividesUpdates ?? false }

    /// How far this callback is tied to ranks.
    private enum State {
        case detached
        /// The learner agrees with the ranks.
        case attached(RankSession)
        /// It is in a fit, or in inference.
        case fitting(RankSession, RankFit)
    }
    private var state = State.detached

    private var session: RankSession? {
        switch state {
        case .detached: nil
        case .attached(let session), .fitting(let session, _): session
        }
    }
    var fit: RankFit? { if case .fitting(_, let fit) = state { fit } else { nil } }

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

    // MARK: Start and end

    /// From here on only rank 0 writes, whatever the learner does: predictions are gathered after a run has ended.
    public override func added(to learner: Learner) {
        guard let ranks = try? communicator ?? World.current() else { return }
        attach(learner, to: ranks)
    }

    /// Each rank then works alone on its copy of the model; rank 0 still is the only one that logs and writes.
    public override func removed(from learner: Learner) {
        session?.end(learner)
        state = .detached
    }

    /// Makes the learner agree with `ranks`, if there is anything to agree on.
    private func attach(_ learner: Learner, to ranks: any Communicator) {
        guard ranks.size > 1 || reduction == .bitwise else { return }
        communicator = ranks
        if session == nil { state = .attached(RankSession(learner, over: ranks)) }
    }

    public override func beforeFit(_ learner: Learner) throws {
        if learner.worksAlone { return }
        let ranks = try communicator ?? World.current()
        communicator = ranks
        guard ranks.size > 1 || reduction == .bitwise else { return }
        if learner.callbacks.contains(where: { $0 !== self && $0 is DistributedCallback }) {
            throw LearnerError(
                .duplicate, "this learner has two DistributedCallbacks: gradients would be reduced twice")
        }
        attach(learner, to: ranks)
        guard let session else { return }
        state = .fitting(session, try RankFit(learner, session, self))
    }

    public override func teardown(_ learner: Learner) {
        guard case .fitting(let session, let fit) = state else { return }
        fit.end(learner)
        state = .attached(session)
        // What fails from here on does not fail in the fit's last event; what has failed did.
        if !session.coordinator.isAbandoned { beat(learner, "") }
    }

    // MARK: Phases

    public override func beforeTrain(_ learner: Learner) {
        beat(learner, "before_train")
        shard(learner)
        fit?.beforeTrain(learner)
    }

    public override func beforeValidate(_ learner: Learner) throws {
        if learner.worksAlone { return }
        beat(learner, "before_validate")
        if learner.isInferring { try session?.verify(learner) }
        shard(learner)
        try fit?.beforeValidate(learner)
    }

    public override func afterFit(_ learner: Learner) throws {
        if !learner.worksAlone { try fit?.afterFit(learner) }
    }

    /// Replaces the loader of the phase by this rank's shard of it.
    private func shard(_ learner: Learner) {
        guard let session, !session.isAlone, let loader = learner.dl, !(loader is ShardedDataLoader) else { return }
        let sharded = ShardedDataLoader(loader, over: session.ranks, batch: batch)
        // A rank may be leaving the loop instead: it agrees with the others here.
        sharded.anyRank = { [weak coordinator = session.coordinator] in try coordinator?.anyRankContinues($0) ?? $0 }
        learner.dl = sharded
    }

    // MARK: Batches

    public override func beforeBatch(_ learner: Learner) {
        beat(learner, "before_batch")
        fit?.beforeBatch(learner)
    }
    public override func afterPred(_ learner: Learner) throws { try fit?.afterPred(learner) }
    public override func beforeBackward(_ learner: Learner) throws {
        beat(learner, "before_backward")
        try fit?.beforeBackward(learner)
    }
    public override func beforeStep(_ learner: Learner) throws {
        guard let fit, let optimizer = learner.optimizer else { return }
        beat(learner, "before_step")
        try fit.beforeStep(learner, optimizer)
    }
    public override func afterCancelStep(_ learner: Learner) { fit?.afterCancelStep(learner) }
    public override func afterCancelBatch(_ learner: Learner) { fit?.afterCancelBatch(learner) }
    /// From here to the next batch a rank that is late waits for its data.
    public override func afterBatch(_ learner: Learner) {
        beat(learner, "after_batch")
        fit?.afterBatch(learner)
    }

    /// A heartbeat: says where this rank is, which the others read when it is late.
    private func beat(_ learner: Learner, _ event: String) {
        if !learner.worksAlone { communicator?.note(step: learner.trainIter, event: event) }
    }
}

extension DistributedCallback: Configurable {
    public static let configuration = Configuration(DistributedCallback.self) {
        Field(told: "batch") { .string("\($0.batch)") }
        Field(told: "reduction") { .string("\($0.reduction)") }
        Field(told: "batch_norm") { .string("\($0.batchNorm)") }
        Field(told: "update") { .string("\($0.update)") }
        Field(told: "compression") { .string("\($0.compression)") }
        Field(told: "check_interval") { $0.checkInterval.map { .int($0) } ?? .string("never") }
    }
}
