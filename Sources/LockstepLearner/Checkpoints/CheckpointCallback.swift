// SPDX-License-Identifier: Apache-2.0
// Checkpoints while training goes on, and going on from the newest of them.

import LockstepData
import LockstepOptim
public import LockstepTensor

/// Writes a checkpoint every so often, beside training, and keeps the newest few.
///
/// ```swift
/// let checkpoints = CheckpointCallback(every: .steps(500), keep: 3, best: .min("valid_loss"))
/// let learner = Learner(dls: dls, model: model, loss: .crossEntropy, callbacks: [checkpoints])
/// try learner.fitOneCycle(20, resume: .auto)      // the same line begins the run and goes on with it
/// ```
/// A checkpoint holds everything that decides the steps to come (``Learner/saveResumePoint(_:to:)``); it is taken between two
/// steps, which are delayed by a copy of parameters and optimizer state in memory, of which each rank of a node makes its share.
/// A thread of the writing rank then writes it out. One at most is on its way: one that falls due meanwhile is taken when the
/// first is there. Where writing fails, again and again, that is said and training goes on; only the last checkpoint of a fit must succeed.
///
/// The end of each fit leaves a checkpoint, too. A program may have several fits (``Learner/fineTune(_:baseLR:freezeEpochs:lrMult:pctStart:div:divFinal:wd:moms:callbacks:resume:)``
/// has two): started again, it skips those that are over and goes on in the one it was in.
///
/// The memory for the copy, as large as parameters and optimizer state together, is taken with the first fit and kept.
public final class CheckpointCallback: Callback {
    /// When a checkpoint is due.
    public let interval: CheckpointInterval
    /// How many stay.
    public let keep: Int
    /// Which epoch's checkpoint stays besides.
    public let best: BestCheckpoint?
    /// The folder, inside of the learner's path unless absolute.
    public let folder: String
    /// Whether a run that begins anew replaces the checkpoints of an earlier one. Otherwise it refuses to.
    public let overwrites: Bool
    /// Training batches of the run so far, those before an interruption included.
    public private(set) var step = 0

    private let console: Console
    private let clock: () -> Double
    private let writer = CheckpointWriter()
    private var memory: (snapshot: SnapshotMemory, byteCount: Int)?
    private var lock: FolderLock?
    /// The number of the fit at hand, or of the last one.
    private var fit = -1
    /// What was found of an interrupted run; nil before anybody has looked.
    private var found: Found?
    private var isResuming = false
    private var bestValue: Double?
    private var bestStep: Int?
    /// When the last checkpoint was begun, by `clock`.
    private var lastTime = 0.0
    /// Whether one is due that could not be taken because another was being written.
    private var isDeferred = false
    /// Whether something has ended the fit that has left a checkpoint of its place.
    private var isLeft = false

    private enum Found {
        case nothing
        case checkpoint(fit: Int, path: String)
    }

    /// - Parameters:
    ///   - interval: When a checkpoint is due.
    ///   - keep: How many stay, the newest ones.
    ///   - best: A column of the report; the checkpoint of the epoch in which it was best stays, too.
    ///   - folder: Where they go, inside of the learner's path unless absolute.
    ///   - overwrites: Whether a run that begins anew replaces the checkpoints of an earlier one.
    ///   - clock: Seconds from any moment on, for tests.
    public init(
        every interval: CheckpointInterval = .epochs(1), keep: Int = 3, best: BestCheckpoint? = nil,
        folder: String = "checkpoints", overwrites: Bool = false, console: Console = .standardError,
        clock: @escaping () -> Double = monotonicSeconds, file: StaticString = #fileID, line: UInt = #line
    ) {
        if let problem = interval.problem { stop("CheckpointCallback: \(problem)", file: file, line: line) }
        require(keep > 0, "CheckpointCallback: keep \(keep); at least 1", file: file, line: line)
        (self.interval, self.keep, self.best, self.folder) = (interval, keep, best, folder)
        (self.overwrites, self.console, self.clock) = (overwrites, console, clock)
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }
    /// After all others, so that the batch and the epoch at hand are complete, and before what goes on from a checkpoint.
    public override var order: Int { 1_000_001 }
    public override var takesPartInInference: Bool { false }

    /// The checkpoints of `learner`.
    public func store(for learner: Learner) -> CheckpointStore { CheckpointStore(learner.joined(learner.path, folder)) }

    /// Seconds that the longest write of this run took on the writing rank; 0 before there was one.
    public var longestWrite: Double { writer.longestWrite }

    // MARK: Going on

    /// What a fit that may go on has to do.
    enum Plan {
        case begin
        /// The run was in a later fit of the program: this one is over.
        case isOver
        case goOn(ResumePoint)
    }

    /// What the fit that is about to begin has to do. Collective.
    ///
    /// - Throws: what is wrong with a checkpoint that is whole, and not one of this learner.
    func plan(_ learner: Learner) throws -> Plan {
        try hold(learner)
        let found = try found ?? look(learner)
        self.found = found
        guard case .checkpoint(let number, let path) = found, number > fit else { return .begin }
        if number > fit + 1 {
            fit += 1
            return .isOver
        }
        let point = try learner.loadResumePoint(at: path)
        isResuming = true
        return .goOn(point)
    }

    private func look(_ learner: Learner) throws -> Found {
        let store = store(for: learner)
        let answer = try learner.coordinator.read {
            let newest = try store.newest {
                console.write("lockstep: \($0); the checkpoint before it is taken\n")
            } _: { generation in
                let metadata = try Safetensors.verify(generation.path)
                guard let fit = metadata.first(where: { $0.key == "resume.fit" }).flatMap({ Int($0.value) }) else {
                    throw CheckpointError(.malformed, generation.path, "it does not say which fit it belongs to")
                }
                return "\(fit) \(generation.path)"
            }
            return Array((newest?.result ?? "").utf8)
        }
        let words = String(decoding: answer, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard words.count == 2, let fit = Int(words[0]) else { return .nothing }
        return .checkpoint(fit: fit, path: String(words[1]))
    }

    /// Makes the folder this program's until the fit has ended.
    private func hold(_ learner: Learner) throws {
        let folder = store(for: learner).folder
        try learner.coordinator.write {
            guard lock == nil else { return }
            try Files.createFolder(folder)
            lock = try FolderLock(folder)
            Leftovers.remove(in: folder)
        }
    }

    // MARK: Events

    public override func beforeFit(_ learner: Learner) throws {
        fit += 1
        (isLeft, isDeferred) = (false, false)
        try hold(learner)
        if !isResuming, fit == 0 { try beginAnew(learner) }
        isResuming = false
        found = found ?? .nothing
        if let best, let columns = learner.recorder?.names, !columns.contains(best.column) {
            throw TrackerError(callback: typeName, monitor: best.column, columns: columns)
        }
        try takeMemory(learner)
        lastTime = clock()
        if case .minutes(let minutes) = interval {
            let isWriter = learner.coordinator.isWriter
            learner.coordinator.watch(.checkpoint) { [unowned self] in
                isWriter && clock() - lastTime >= minutes * 60
            }
        }
    }

    private func beginAnew(_ learner: Learner) throws {
        step = 0
        let store = store(for: learner)
        try learner.coordinator.write {
            guard let newest = store.generations.first else { return }
            guard overwrites else {
                throw DataError(
                    .unwritable, file: store.folder,
                    "holds checkpoints of a run, the newest after \(newest.step) batches",
                    remedy: "Go on with it by fit(resume: .auto), or name another folder, or let CheckpointCallback overwrite it")
            }
            store.removeAll()
        }
    }

    public override func afterBatch(_ learner: Learner) throws {
        guard learner.training else { return }
        step += 1
        tellFailure()
        let isDue =
            switch interval {
            case .steps(let count): step % count == 0
            case .epochs: false
            case .minutes: learner.coordinator.isAgreed(.checkpoint)
            }
        if isDue || isDeferred { try begin(learner.place, learner) }
    }

    public override func afterEpoch(_ learner: Learner) throws {
        var isDue = isDeferred
        if case .epochs(let count) = interval, (learner.epoch + 1) % count == 0 { isDue = true }
        let isBest = noteBest(learner)
        // The best must be the epoch's end: there is no later moment for it.
        if isBest { writer.wait() }
        if isDue || isBest { try begin(ResumePoint(epoch: learner.epoch + 1), learner) }
    }

    /// - Returns: Whether the epoch that has ended is the best so far.
    private func noteBest(_ learner: Learner) -> Bool {
        guard let best, let row = learner.recorder?.rows.last, row.epoch == learner.epoch,
            let value = row[best.column], best.isBetter(value, than: bestValue)
        else { return false }
        (bestValue, bestStep) = (value, step)
        return true
    }

    /// A fit that another callback has ended is over, too.
    public override func afterFit(_ learner: Learner) throws {
        if !isLeft { try save(ResumePoint(epoch: learner.nEpoch), learner) }
    }

    public override func teardown(_ learner: Learner) {
        learner.coordinator.watch(.checkpoint, nil)
        writer.wait()
        tellFailure()
        lock = nil
    }

    // MARK: Writing

    /// Takes a checkpoint now and waits until it is written. For ends: ``afterFit(_:)`` then leaves none. Collective.
    ///
    /// - Returns: the file.
    /// - Throws: `DataError` when it cannot be written; on every rank.
    @discardableResult
    package func leave(_ point: ResumePoint, _ learner: Learner) throws -> String {
        isLeft = true
        return try save(point, learner)
    }

    @discardableResult
    private func save(_ point: ResumePoint, _ learner: Learner) throws -> String {
        writer.wait()
        try take(point, learner)
        writer.wait()
        let failure = writer.takeFailure()
        try learner.coordinator.write { if let failure { throw failure } }
        return store(for: learner).path(step: step)
    }

    /// Takes a checkpoint, unless one is still being written: then when that is there. Collective.
    private func begin(_ point: ResumePoint, _ learner: Learner) throws {
        let isWriter = learner.coordinator.isWriter
        let busy = try learner.coordinator.average(isWriter && writer.isBusy ? 1 : 0, weight: isWriter ? 1 : 0)
        isDeferred = (busy.mean ?? 0) > 0
        if !isDeferred { try take(point, learner) }
    }

    private func take(_ point: ResumePoint, _ learner: Learner) throws {
        var point = point
        point.fit = fit
        (isDeferred, lastTime) = (false, clock())
        learner.coordinator.fulfil(.checkpoint)
        try takeMemory(learner)
        let snapshot = memory?.snapshot
        if let bytes = snapshot?.bytes, let snapshot {
            learner.optimizer?.copySnapshot(share: snapshot.share, of: snapshot.shareCount, into: bytes)
        }
        // The ranks gather what is theirs alone here: nobody's copy is unfinished after it.
        let content = try learner.resumeContent(point, snapshot: snapshot)
        guard learner.coordinator.isWriter else { return }
        let (store, step, keep, bestStep) = (store(for: learner), step, keep, bestStep)
        let metadata = content.metadata + [("resume.step", "\(step)")]
        writer.begin { () throws(DataError) in
            try store.write(content.parts, metadata: metadata, step: step, keep: keep, besides: bestStep)
        }
    }

    /// Memory for a copy of what the optimizer has now.
    private func takeMemory(_ learner: Learner) throws {
        let byteCount = learner.optimizer?.snapshotLayout?.byteCount ?? 0
        guard byteCount != memory?.byteCount else { return }
        writer.wait()
        memory = nil
        if byteCount > 0 { memory = (try learner.coordinator.snapshotMemory(byteCount: byteCount), byteCount) }
    }

    private func tellFailure() {
        guard let failure = writer.takeFailure() else { return }
        console.write("lockstep: \(failure); training goes on without this checkpoint\n")
    }
}

extension CheckpointCallback: Resumable {
    /// The batches of the run, and which was best.
    public func exchangeState(with archive: StateArchive) throws {
        try archive.integer("step", &step, in: 0...(1 << 48))
        try archive.number("best", &bestValue)
        var best = bestStep ?? -1
        try archive.integer("bestStep", &best, in: -1...(1 << 48))
        if archive.isReading { bestStep = best < 0 ? nil : best }
    }
}

extension CheckpointCallback: Configurable {
    public static let configuration = Configuration(CheckpointCallback.self) {
        Field(told: "every") { .string("\($0.interval)") }
        Field(told: "keep") { .int($0.keep) }
        Field(told: "best") { .string($0.best.map { "\($0)" } ?? "none") }
    }
}

/// Seconds of a clock that nobody sets.
public func monotonicSeconds() -> Double { (ContinuousClock.now - started) / .seconds(1) }
private let started = ContinuousClock.now
