// SPDX-License-Identifier: Apache-2.0
// The learner: what is trained, with what, and where the loop stands.

public import LockstepData
public import LockstepNN
public import LockstepOptim
public import LockstepTensor

/// Binds data, a model, a loss and an optimizer, and trains.
///
/// ```swift
/// let learner = Learner(dls: dls, model: model, loss: .crossEntropy, metrics: [.accuracy])
/// try learner.fitOneCycle(5, lrMax: 1e-2)
/// try learner.save("digits")
/// ```
///
/// The loop is in `Learner+Loop.swift`; everything else happens in callbacks, which read and change the attributes below
/// at the events of ``Event``. A learner works on one thread. Not `Sendable`: at the top level of a program, where Swift gives
/// every variable to the main actor, a function takes it as an argument, or says that it is the main actor's, too:
///
/// ```swift
/// func train(_ learner: Learner) throws { try learner.fit(1) }
/// ```
/// ```swift
/// @MainActor func train() throws { try learner.fit(1) }
/// ```
/// Ranks that are threads (`InProcessWorld`) each make a learner of their own.
public final class Learner {
    // MARK: What is trained, and with what

    /// The loaders: training at index 0, validation at 1, more if you like.
    @exclusivity(unchecked) public var dls: DataLoaders
    /// What is trained. On several ranks each rank has its own copy, kept equal.
    @exclusivity(unchecked) public var model: Module
    /// What is minimised.
    @exclusivity(unchecked) public var lossFunction: any LossFunction
    /// Makes ``optimizer``.
    public var optimizerFactory: OptimizerFactory
    /// Made on first need: by `fit`, `load`, freezing, or ``createOptimizer()``.
    @exclusivity(unchecked) public internal(set) var optimizer: Optimizer?
    /// The default learning rate of `fit`.
    public var lr: LearningRate
    /// The default weight decay of `fit`; nil leaves the optimizer's own.
    public var wd: HyperValue?
    /// Momentum at start, middle and end of `fitOneCycle`.
    public var moms: (Double, Double, Double)
    /// Cuts the model into parameter groups.
    public var splitter: ParameterSplitter
    /// Whether normalisation parameters and biases decay too.
    public var wdBnBias: Bool
    /// Whether normalisation layers train even in frozen groups.
    public var trainBn: Bool
    /// Computed after each validation, and on the training batches if the recorder says so.
    public var metrics: [Metric]
    /// Where files go.
    public var path: String
    /// Folder for `save` and `load`, inside ``path`` unless absolute.
    public var modelDirectory: String
    /// What everything random that the learner itself starts is derived from.
    public let seed: UInt64
    /// In the order they were added; ``orderedCallbacks(for:)`` gives running order.
    @exclusivity(unchecked) public internal(set) var callbacks: [Callback] = []
    /// Gets one row per epoch.
    public var logger: any RowLogger = PrintLogger()
    /// The other ranks.
    @exclusivity(unchecked) public var coordinator: any TrainingCoordinator = SoloCoordinator()
    /// How gradients become whole, and who updates.
    @exclusivity(unchecked) public var stepStrategy: any StepStrategy = LocalStep()
    /// Who makes the passes of a batch, when it is not the learner.
    @exclusivity(unchecked) public var passes: (any BatchPasses)?

    // MARK: Where the loop stands
    // A step looks at these a hundred times: checks at run time that nobody changes what another is reading would be a fifth
    // of a small one. They are checked everywhere else, in release too.

    /// The loader being iterated. Replace it in `beforeTrain` or `beforeValidate` to iterate another.
    @exclusivity(unchecked) public var dl: (any BatchSource)?
    /// The batch's inputs.
    @exclusivity(unchecked) public var xb: [Tensor] = []
    /// The batch's targets; empty when it has none.
    @exclusivity(unchecked) public var yb: [Tensor] = []
    /// The model's outputs. Empty before the model ran, and on a rank whose shard of the batch is empty; where layers
    /// communicate such a rank has outputs without rows from `afterPred` until the loss is computed.
    @exclusivity(unchecked) public var preds: [Tensor] = []
    /// What is differentiated; scale this to scale gradients.
    @exclusivity(unchecked) public var lossGrad: Tensor?
    /// The loss for logs and metrics: a detached copy of ``lossGrad`` taken before `afterLoss`.
    @exclusivity(unchecked) public var loss: Tensor?
    /// The training batch's loss over all ranks, the same on every rank: known after ``evenOutLoss()`` or the reduction of
    /// gradients, at the latest in `afterCancelBatch` and `afterBatch`. Nil where no rank came to a loss.
    @exclusivity(unchecked) public var stepLoss: Double?
    /// How much this rank's shard of the batch counts beside the others: its number of items before there is a loss, then what
    /// the loss says (`LossFunction.weight`).
    @exclusivity(unchecked) public var batchWeight = 0.0
    /// What is known of this rank's shard of the batch besides.
    @exclusivity(unchecked) package var part = BatchPart()
    /// Whether the loss of parts is still to be compared with that of their whole (``checkLossMerges()``).
    @exclusivity(unchecked) var checksLoss = false
    /// The place of the batch's first item in the global batch, when this is one rank's shard of it; otherwise 0.
    @exclusivity(unchecked) public internal(set) var batchFirstItem = 0
    /// Number of epochs of this fit.
    @exclusivity(unchecked) public var nEpoch = 1
    /// The epoch, from 0.
    @exclusivity(unchecked) public var epoch = 0
    /// Epochs of earlier fits. Loaders shuffle by this plus ``epoch``, so that no two epochs are alike.
    @exclusivity(unchecked) public internal(set) var epochsSeen = 0
    /// Number of batches in ``dl``; 0 when it does not know.
    @exclusivity(unchecked) public var nIter = 0
    /// The batch with which the training phase begins; set it in `beforeTrain` to leave out those before, as when resuming.
    public var firstBatch = 0
    /// Where the fit at hand is, in finished batches: where a run that is interrupted now goes on.
    @exclusivity(unchecked) public internal(set) var place = ResumePoint(epoch: 0)
    /// What the loop keeps for runs that are interrupted, or go on.
    @exclusivity(unchecked) package var resuming = Resuming()
    /// The batch in ``dl``, from 0.
    @exclusivity(unchecked) public var iter = 0
    /// Whether batches train. Set by ``TrainEvalCallback``, as the next two are.
    @exclusivity(unchecked) public var training = false
    /// Training batches since the start of the fit.
    @exclusivity(unchecked) public var trainIter = 0
    /// How much of the fit is done, 0 to 1; what schedules follow. Rises with every batch, or only with every epoch where
    /// the training loader does not know how many batches it has.
    @exclusivity(unchecked) public var pctTrain = 0.0
    /// The smoothed training loss. Set by the recorder, as the next is.
    @exclusivity(unchecked) public var smoothLoss: Double?
    /// The last row of a fit, without epoch and time.
    public var finalRecord: [Double?] = []
    /// The first loss of the latest fit that was no finite number; nil when all have been.
    @exclusivity(unchecked) public internal(set) var nonFiniteLoss: NonFiniteLoss?
    /// The first validation batch of the phase at hand whose loss is none, on this rank.
    @exclusivity(unchecked) var badValidationBatch: Int?
    /// Whether a loss that explodes is what the fit is for.
    @exclusivity(unchecked) var expectsNonFiniteLoss = false
    /// Whether a fit is running.
    @exclusivity(unchecked) public internal(set) var isFitting = false
    /// Whether a validation or a prediction run is going on, be it inside a fit.
    @exclusivity(unchecked) public internal(set) var isInferring = false
    /// Whether what runs is this rank's own business, such as predicting one item: nothing is shared out or agreed on.
    @exclusivity(unchecked) public internal(set) var worksAlone = false
    /// Whether the parameters have other values for a scope (``withWeights(_:_:)``).
    var hasLentWeights = false
    /// Whether progress callbacks show bars and a table.
    public var showsProgress = true

    /// Which epoch's order and random changes inference asks loaders for; test-time augmentation counts its passes here.
    var inferenceEpoch = 0
    @exclusivity(unchecked) var dispatchLists: DispatchLists? {
        didSet {
            handledEvents = dispatchLists?.handled ?? .all
            isSurrounded = dispatchLists?.isSurrounded ?? true
        }
    }
    /// Whether anybody surrounds levels of the loop.
    @exclusivity(unchecked) private(set) var isSurrounded = true
    /// The events anybody implements: most cost one test of a bit.
    @exclusivity(unchecked) private(set) var handledEvents = EventSet.all
    /// Arguments of the fit methods called so far; later calls replace earlier ones.
    var fitArguments: [String: ConfigValue] = [:]
    @exclusivity(unchecked) var cancelOrigin: (callback: String, event: Event)?
    /// Set where somebody else has described the learner.
    @exclusivity(unchecked) var bundleCheck: BundleCheck?
    /// Hears of data that operations cannot use.
    let mistakes = DataMistakes.Listener()
    /// What was warned of, once each.
    package var warned: Set<String> = []

    /// A learner. The optimizer is not created yet.
    ///
    /// - Parameters:
    ///   - loss: What is minimised.
    ///   - optimizer: Makes the optimizer when it is first needed.
    ///   - lr: The default learning rate.
    ///   - splitter: Cuts the model into parameter groups.
    ///   - callbacks: Added after the default ones.
    ///   - path: Where files go; nil means the loaders' path.
    ///   - wd: Default weight decay; nil leaves the optimizer's own (0.01 for Adam).
    ///   - wdBnBias: Whether normalisation parameters and biases decay too.
    ///   - trainBn: Whether normalisation layers train even in frozen groups.
    ///   - moms: Momenta of one-cycle training.
    ///   - defaultCallbacks: `.all`: training mode, recorder and progress; `.core`: training mode only; `.none`.
    ///   - seed: What everything random that the learner itself starts is derived from.
    /// - Precondition: no callback's name collides with a member of the learner.
    public init(
        dls: DataLoaders, model: Module, loss: some LossFunction, optimizer: OptimizerFactory = .adam(),
        lr: LearningRate = 1e-3, splitter: ParameterSplitter = .trainableParameters, callbacks: [Callback] = [],
        metrics: [Metric] = [], path: String? = nil, modelDirectory: String = "models", wd: HyperValue? = nil,
        wdBnBias: Bool = false, trainBn: Bool = true, moms: (Double, Double, Double) = (0.95, 0.85, 0.95),
        defaultCallbacks: DefaultCallbacks = .all, seed: UInt64 = 42, file: StaticString = #fileID, line: UInt = #line
    ) {
        (self.dls, self.model, lossFunction, optimizerFactory) = (dls, model, loss, optimizer)
        (self.lr, self.wd, self.moms, self.splitter) = (lr, wd, moms, splitter)
        (self.wdBnBias, self.trainBn, self.metrics, self.seed) = (wdBnBias, trainBn, metrics, seed)
        (self.path, self.modelDirectory) = (path ?? dls.path, modelDirectory)
        do {
            try addCallbacks(defaultCallbacks.make() + callbacks)
            try self(.afterCreate)
        } catch {
            stop("Learner: \(error)", file: file, line: line)
        }
    }
}

/// Which callbacks a learner starts with.
public enum DefaultCallbacks: Sendable {
    /// Nothing: not even training mode is set.
    case none
    /// ``TrainEvalCallback``.
    case core
    /// ``TrainEvalCallback``, ``Recorder`` and ``ProgressCallback``.
    case all

    func make() -> [Callback] {
        switch self {
        case .none: []
        case .core: [TrainEvalCallback()]
        case .all: [TrainEvalCallback(), Recorder(), ProgressCallback()]
        }
    }
}

// MARK: - Shorthands

extension Learner {
    /// The batch's first input; nil outside of batches.
    public var x: Tensor? { xb.first }
    /// The batch's first target; nil outside of batches and without targets.
    public var y: Tensor? { yb.first }
    /// The model's first output. Replace it in `afterPred`.
    public var pred: Tensor? {
        get { preds.first }
        set { preds = newValue.map { [$0] } ?? [] }
    }
    /// Number of items in the batch: the length of the first target's, or else the first input's, first axis.
    public var batchItemCount: Int { (yb.first ?? xb.first).map { $0.rank > 0 ? $0.shape[0] : 1 } ?? 0 }

    /// Prints `message` on standard error, once per learner and only on the writing rank.
    public func warn(_ message: String) {
        guard coordinator.isWriter, warned.insert(message).inserted else { return }
        Console.standardError.write("lockstep: \(message)\n")
    }
}
