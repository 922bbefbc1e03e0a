// SPDX-License-Identifier: Apache-2.0
// The one seam between a learner and the other processes that train with it.

public import LockstepData
public import LockstepTensor

/// What a learner asks of the ranks it trains with. A learner has ``SoloCoordinator`` unless a callback sets another.
///
/// Everything else that distribution needs is done through events: gradients are reduced in `beforeStep`, loaders are
/// replaced in `beforeTrain` and `beforeValidate` through ``Learner/dl``, the step's global loss is told through
/// ``Learner/stepLoss``. What is left is here: points at which ranks must agree, or exchange what only they have.
///
/// A learner calls the collective methods in the same order on every rank, whatever the ranks' callbacks do, as long as
/// the answers of ``agree(on:leaving:)`` are the same everywhere.
public protocol TrainingCoordinator: AnyObject {
    /// Whether this rank prints, logs and writes files. True on exactly one rank.
    var isWriter: Bool { get }

    /// How many ranks train together.
    var rankCount: Int { get }
    /// Which of them this one is.
    var rank: Int { get }
    /// How much gradients that a batch has left behind count on this rank, where the ranks' are to be averaged.
    var keptGradientWeight: Double { get }

    /// Whether a rank without items must run the model all the same, because layers of it communicate.
    var runsEmptyParts: Bool { get }

    /// Called between a level's `before` event and what it does; may throw the signal of another rank.
    func enter(_ phase: Phase) throws

    /// The mean of the ranks' values, weighted, and the sum of their weights; the same everywhere. For callbacks that must
    /// know something of the whole batch between `beforeBatch` and the reduction of gradients (`beforeStep`, order 11);
    /// every rank has to ask. May throw the signal of another rank.
    ///
    /// - Returns: the mean, nil when no rank has any weight.
    func average(_ value: Double, weight: Double) throws -> (mean: Double?, weight: Double)

    /// The loss of the whole batch, of what the ranks' parts say of it, and the sum of their weights; the same everywhere.
    /// Every rank has to ask; one without a loss says nil. May throw the signal of another rank.
    ///
    /// - Returns: the mean by weight, or of the ranks' losses where none has any (NaN, as a rule); nil when no rank has a loss.
    func mergedLoss(_ loss: Double?, weight: Double) throws -> (loss: Double?, weight: Double)

    /// The items of the whole global batch: `tensors` of all ranks put together along axis 0, in rank order, the same
    /// everywhere. For callbacks that mix items with others of the batch, in `beforeBatch`, and wherever ranks tell each other
    /// rows; every rank has to ask. A rank without items may give none. May throw the signal of another rank.
    func wholeBatch(_ tensors: [Tensor]) throws -> [Tensor]

    /// Whether any rank says yes. Every rank has to ask. May throw the signal of another rank.
    func anyRankContinues(_ hasBatch: Bool) throws -> Bool

    /// Whether the ranks together have a batch, asked before each batch of a source that does not know how many it has: a
    /// rank that has none goes on with empty ones until all have come to their end. May throw the signal of another rank.
    ///
    /// - Parameter share: 1 if this rank has a batch that counts whatever the others have, 0 if it has none; between them if
    ///   its items end with this batch, and the last of all batches counts only when the shares make a whole.
    func ranksContinue(with share: Double) throws -> Bool

    /// A batch without items, of the kind that some rank has: asked on every rank at the first batch of a source that does
    /// not know how many it has. May throw the signal of another rank.
    ///
    /// - Parameter own: This rank's; nil if it has none.
    func batchWithoutItems(like own: Batch?) throws -> Batch?

    /// Makes a cancel signal of one rank the signal of all. Called whenever a level of the loop other than the backward
    /// pass ends, with the signal that ended it here, if any; the learner goes on with what is returned.
    ///
    /// A rank comes here before or after the gradients were reduced; in the first case the others may be waiting for it.
    func agree(on signal: CancelSignal?, leaving phase: Phase) throws -> CancelSignal?

    /// The values of `metrics` over all ranks' rows: states merged once, values computed once, the same everywhere.
    /// Called after each phase; `metrics` are in the same order on every rank.
    func values(of metrics: [Metric]) throws -> [Double?]

    /// All ranks' rows, batch by batch in rank order, on the writing rank; nothing elsewhere.
    func gather(_ rows: BatchRows) throws -> BatchRows

    /// What each rank gives, in rank order, on the writing rank; nothing elsewhere. Every rank has to ask.
    func gatherParts(_ bytes: [UInt8]) throws -> [[UInt8]]

    /// Runs `body`, which writes files, on the writing rank while the others wait. A failure is thrown everywhere.
    func write(_ body: () throws -> Void) throws

    /// The bytes that `body` reads on the writing rank, on every rank. A failure is thrown everywhere.
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8]

    /// Whether every rank says what the writing rank says: the same answer on every rank, which all have to ask.
    func isSameEverywhere(_ text: String) throws -> Bool

    /// Has the ranks learn together, in the agreements of their batches, when `isWanted` becomes true on one of them.
    ///
    /// - Parameter isWanted: Asked often, on each rank; nil ends it.
    func watch(_ wish: Wish, _ isWanted: (() -> Bool)?)

    /// Whether any rank wants it, as all have learnt in the same agreement: the same answer on every rank where a batch ends.
    func isAgreed(_ wish: Wish) -> Bool

    /// What all wanted has been done, on every rank.
    func fulfil(_ wish: Wish)

    /// Told on the writing rank when a checkpoint is there: whoever starts the run again asks how far it came.
    func saved(step: Int)

    /// Memory for `byteCount` bytes that the writing rank reads, and that the ranks of its node fill together where they can.
    /// Every rank has to ask, with the same number.
    func snapshotMemory(byteCount: Int) throws -> SnapshotMemory

    /// Told when an error is about to leave a fit, a validation or a prediction run, before any teardown: other ranks may
    /// be waiting. Must not throw, and must not wait for them.
    func abandon(because error: any Error)
}

extension TrainingCoordinator {
    /// The default: one.
    public var rankCount: Int { 1 }
    /// The default: one rank's own.
    public func mergedLoss(_ loss: Double?, weight: Double) throws -> (loss: Double?, weight: Double) { (loss, weight) }
    /// The default: the only one.
    public var rank: Int { 0 }
    /// The default: as much as on any other.
    public var keptGradientWeight: Double { 1 }
    /// The default: one rank's own.
    public func gatherParts(_ bytes: [UInt8]) throws -> [[UInt8]] { [bytes] }
    /// The default: nobody listens.
    public func watch(_ wish: Wish, _ isWanted: (() -> Bool)?) {}
    /// The default: nobody listens.
    public func isAgreed(_ wish: Wish) -> Bool { false }
    /// The default: nobody asks.
    public func saved(step: Int) {}
    /// The default: nobody listens.
    public func fulfil(_ wish: Wish) {}
    /// The default: this rank fills it alone, if it writes.
    public func snapshotMemory(byteCount: Int) throws -> SnapshotMemory {
        isWriter ? SnapshotMemory(privateBytes: byteCount) : SnapshotMemory()
    }
    /// The default: nobody is asked, and only one rank's disk is known.
    public func isSameEverywhere(_ text: String) throws -> Bool { false }
    /// The default: no layer communicates.
    public var runsEmptyParts: Bool { false }
    /// The default: nobody is asked.
    public func enter(_ phase: Phase) throws {}
    /// The default: one rank's own.
    public func average(_ value: Double, weight: Double) throws -> (mean: Double?, weight: Double) {
        (weight > 0 ? value : nil, weight)
    }
    /// The default: one rank's own.
    public func wholeBatch(_ tensors: [Tensor]) throws -> [Tensor] { tensors }
    /// The default: one rank's own.
    public func batchWithoutItems(like own: Batch?) throws -> Batch? { own }
    /// The default: nobody is asked.
    public func anyRankContinues(_ hasBatch: Bool) throws -> Bool { hasBatch }
    /// The default: one rank's own.
    public func ranksContinue(with share: Double) throws -> Bool { share >= 1 }
}

extension TrainingCoordinator {
    /// The bytes of a file of which the writing rank's counts, on every rank: mapped where each sees that file, otherwise told.
    package func bytes(ofFile path: String) throws -> FileBytes {
        // Opened before it is agreed on: the writing rank may remove or replace the file at once.
        let own = FileBytes.openedFile(path)
        let isSame = try isSameEverywhere(own?.identity ?? "")
        if isSame, let own { return own }
        return .array(try read { try own?.whole(path) ?? Files.read(path) })
    }
}

/// One process, alone.
public final class SoloCoordinator: TrainingCoordinator {
    private var wishes = Wishes()

    /// The coordinator of one process.
    public init() {}
    /// What is wanted here is wanted by all.
    public func watch(_ wish: Wish, _ isWanted: (() -> Bool)?) { wishes[wish] = isWanted }
    /// Asks at once.
    public func isAgreed(_ wish: Wish) -> Bool { wishes[wish]?() ?? false }
    /// One process writes.
    public var isWriter: Bool { true }
    /// One process agrees with itself.
    public func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
    /// The metrics' own values.
    public func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
    /// The rows as they are.
    public func gather(_ rows: BatchRows) -> BatchRows { rows }
    /// Runs `body`.
    public func write(_ body: () throws -> Void) throws { try body() }
    /// Runs `body`.
    public func read(_ body: () throws -> [UInt8]) throws -> [UInt8] { try body() }
    /// One process says one thing.
    public func isSameEverywhere(_ text: String) -> Bool { true }
    /// Nobody waits.
    public func abandon(because error: any Error) {}
}
