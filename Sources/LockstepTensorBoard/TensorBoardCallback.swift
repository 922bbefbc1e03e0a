// SPDX-License-Identifier: Apache-2.0
// Training as TensorBoard shows it: scalars, histograms, and what the run was told.

import Foundation
public import LockstepData
public import LockstepLearner
import LockstepNN
import LockstepOptim
public import LockstepTensor

/// Writes event files for TensorBoard: `tensorboard --logdir runs`.
///
/// After each training batch the smoothed loss (`train_loss`) and, for each parameter group, the hyper-parameters (`lr_0`, `mom_0`,
/// …); after each epoch the recorder's other columns (`valid_loss`, metrics by name); on request, histograms of parameters
/// (`parameters/0.weight`) and of their gradients (`gradients/0.weight`); at the beginning the arguments as text. Steps are batches of
/// training over all fits, from 1.
///
/// ```swift
/// try learner.fit(5, callbacks: [TensorBoardCallback(folder: "logs/first", histogramsEvery: 100)])
/// ```
/// Records are written whole, on a thread of their own. Each program begins a file of its own with a word to TensorBoard from which step
/// on, which it says again where a checkpoint brings back an earlier step: what a run that was killed had written
/// beyond its checkpoint, and an earlier run in the folder, is not shown twice. When writing fails it is said once and
/// training goes on: see ``failure``. At most two copies of the model wait to be written as histograms: training waits
/// before it makes another. On several ranks only the writing rank writes; histograms of gradients are of those of the
/// whole batch.
/// - Note: fastai: `TensorBoardCallback`, which counts the batches of each fit from 0 and has no histograms.
public final class TensorBoardCallback: Callback {
    /// Relative to the learner's path unless absolute.
    public let folder: String
    /// Batches from one set of histograms to the next; 0 for none.
    public let histogramsEvery: Int
    private var step = 0
    private var hasBegun = false
    private var writer: EventWriter?
    /// Whether a checkpoint has brought back an earlier step than was written.
    private var hasGoneBack = false
    /// Whether the writer is of this rank.
    private var isWriting = false
    /// The hyper-parameters of each group and what they are called in events, of the epoch at hand.
    private var hypers: [(name: String, group: Int, tag: String)] = []

    /// Event files below a folder.
    ///
    /// - Parameters:
    ///   - folder: Relative to the learner's path unless absolute.
    ///   - histogramsEvery: Batches from one set of histograms of parameters and gradients to the next; 0 for none.
    /// - Precondition: `histogramsEvery` is not negative.
    public init(
        folder: String = "tensorboard", histogramsEvery: Int = 0, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            histogramsEvery >= 0, "TensorBoardCallback: histograms every \(histogramsEvery) batches", file: file,
            line: line)
        (self.folder, self.histogramsEvery) = (folder, histogramsEvery)
    }

    /// Behind the recorder, whose numbers it writes.
    public override var order: Int { 65 }
    public override var runsAfter: [Callback.Type] { [Recorder.self] }
    public override var takesPartInInference: Bool { false }
    public override var isExported: Bool { false }
    public override var gradientNeeds: GradientNeeds { histogramsEvery > 0 ? .values : [] }

    /// Why events are not written any more, on the writing rank; nil while they are.
    public var failure: DataError? { writer?.failure }

    public override func beforeFit(_ learner: Learner) {
        isWriting = learner.coordinator.isWriter
    }

    public override func beforeEpoch(_ learner: Learner) {
        // A run that goes on from a checkpoint without a memory of this callback has its batches behind it all the same.
        if !hasBegun { step = max(step, learner.trainIter) }
        hasBegun = true
        hypers = []
        guard isWriting else { return }
        if writer == nil {
            begin(learner)
        } else if hasGoneBack {
            addStart()
        }
        hasGoneBack = false
    }

    /// Opens the file when it is known at which step the run goes on.
    private func begin(_ learner: Learner) {
        writer = EventWriter(folder: joinedPath(learner.path, folder))
        addStart()
        let arguments = learner.gatherArguments().sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        add(step: step + 1) { event in
            event.summary.value = [.text("arguments", MarkdownTable.text(["argument", "value"], arguments))]
        }
    }

    /// Tells TensorBoard to forget what was written of the steps to come.
    private func addStart() { add(step: step + 1) { event in event.sessionLog.status = .start } }

    /// Gradients of the whole batch, before the step forgets them.
    public override func beforeStep(_ learner: Learner) {
        guard histogramsEvery > 0, isWriting, (step + 1) % histogramsEvery == 0, failure == nil else { return }
        addHistograms(step: step + 1) {
            learner.model.namedParameters().compactMap { name, parameter in
                parameter.gradient.map { (name: "gradients/" + name, values: HeldValues($0)) }
            }
        }
    }

    public override func afterBatch(_ learner: Learner) {
        guard learner.training else { return }
        step += 1
        guard isWriting, failure == nil else { return }
        var scalars: [(name: String, value: Double)] = []
        if let loss = learner.smoothLoss { scalars.append((name: "train_loss", value: loss)) }
        if let optimizer = learner.optimizer {
            nameHypers(of: optimizer)
            scalars.reserveCapacity(scalars.count + hypers.count)
            for hyper in hypers {
                guard let value = optimizer.hyper(hyper.name, group: hyper.group) else { continue }
                scalars.append((name: hyper.tag, value: value))
            }
        }
        addScalars(scalars)
        guard histogramsEvery > 0, step % histogramsEvery == 0 else { return }
        addHistograms(step: step) {
            learner.model.namedParameters().map {
                (name: "parameters/" + $0.name, values: HeldValues($0.parameter.value))
            }
        }
    }

    /// Once an epoch, and again when a callback has added some.
    private func nameHypers(of optimizer: Optimizer) {
        let (names, groups) = (optimizer.hyperNames, optimizer.groups.indices)
        guard hypers.count != names.count * groups.count else { return }
        hypers = groups.flatMap { group in names.map { (name: $0, group: group, tag: "\($0)_\(group)") } }
    }

    public override func afterEpoch(_ learner: Learner) {
        tellFailure(learner)
        guard isWriting, failure == nil, let row = learner.recorder?.rows.last, row.epoch == learner.epoch else {
            return
        }
        addScalars(
            zip(row.names, row.values).compactMap { name, value in
                name == "train_loss" ? nil : value.map { (name, $0) }
            })
    }

    public override func teardown(_ learner: Learner) {
        writer?.finish()
        tellFailure(learner)
    }

    /// Once: a learner says no sentence twice.
    private func tellFailure(_ learner: Learner) {
        guard let failure else { return }
        learner.warn("events for TensorBoard are not written any more: \(failure)")
    }

    // MARK: Events

    private func addScalars(_ scalars: [(name: String, value: Double)]) {
        if scalars.isEmpty { return }
        add { event in event.summary.value = scalars.map { .scalar($0.name, $0.value) } }
    }

    private func addHistograms(step: Int, of copies: () -> [(name: String, values: HeldValues)]) {
        let now = Date().timeIntervalSince1970
        writer?.add(copying: copies) { values in
            var event = Tensorboard_Event()
            (event.wallTime, event.step) = (now, Int64(step))
            event.summary.value = values.compactMap { name, values in
                HistogramBins(values.floats).map { .histogram(name, $0.message) }
            }
            return event
        }
    }

    private func add(step: Int? = nil, _ fill: @escaping @Sendable (inout Tensorboard_Event) -> Void) {
        let (now, step) = (Date().timeIntervalSince1970, Int64(step ?? self.step))
        writer?.add {
            var event = Tensorboard_Event()
            (event.wallTime, event.step) = (now, step)
            fill(&event)
            return event
        }
    }
}

extension TensorBoardCallback: Resumable {
    /// The number of batches so far.
    public func exchangeState(with archive: StateArchive) throws {
        let reached = step
        try archive.integer("step", &step)
        if step < reached { hasGoneBack = true }
    }
}

extension TensorBoardCallback: Configurable {
    public static let configuration = Configuration(TensorBoardCallback.self) {
        Field("folder", \.folder, python: "log_dir")
        Field("histogramsEvery", \.histogramsEvery)
    }
}
