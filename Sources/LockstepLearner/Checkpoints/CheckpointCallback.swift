// SPDX-License-Identifier: Apache-2.0
// Checkpoints while training goes on, and going on from the newest of them.

import Glibc
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
/// first is there. Where writing fails, again and again, that is said and training goes on; if it does at the end, the fit throws.
///
/// The end of each fit leaves a checkpoint, too. A program may have several fits (`fineTune`
/// has two): started again, it skips those that are over and goes on in the one it was in.
///
/// When a rank is lost, or a fit fails otherwise, a rank that is left writes the last step that all had completed, if it can: not if the loss
/// fell into an update (some have made it, others not), if ranks hold something of their own (running statistics, states, gradients that
/// wait), or if the steps are so short that keeping what that takes would cost them more than a hundredth.
///
/// The memory for the copy, as large as parameters and optimizer state together, is taken with the first fit that will write one every
/// so many steps or epochs while it goes on, or with the first that is due after so many minutes, and kept. Without it the last
/// checkpoint of a fit is written from where everything lies; where ranks share the state, the writing one gathers it for that.
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
    /// Seconds from any moment on.
    package var clock: () -> Double = { CheckpointCallback.now }
    private static let start = ContinuousClock.now
    private static var now: Double { (ContinuousClock.now - start) / .seconds(1) }
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
    /// The one before: it stays should that of the best not come to be written.
    private var formerBest: Int?
    /// When the last checkpoint was begun, by `clock`.
    private var lastTime = 0.0
    /// Whether one is due that could not be taken because another was being written.
    private var isDeferred = false
    /// Where the fit at hand is.
    private struct Progress {
        /// Whether any of its epochs has begun.
        var hasBegun = false
        /// Whether something has ended it that has left a checkpoint of its place.
        var isLeft = false
        /// Whether it has come to its end.
        var isOver = false
        /// The place of the last checkpoint that was begun, and the batches before it.
        var last: (point: ResumePoint, step: Int)?
    }
    /// Nil between fits: what is put away then is no fit's.
    private var progress: Progress?
    /// Whether every step is kept for the case that the next one fails, whatever that costs.
    package var keepsEveryStep = false
    private var modelParts: Learner.ModelParts?
    /// What would be written should the next batch fail.
    private var completed: CompletedStep?
    /// Seconds that keeping it took the last time, and when that was, by a clock that nobody sets.
    private var keeping: (cost: Double, time: Double) = (0, 0)

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
    public init(
        every interval: CheckpointInterval = .epochs(1), keep: Int = 3, best: BestCheckpoint? = nil,
        folder: String = "checkpoints", overwrites: Bool = false, console: Console = .standardError,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        if let problem = interval.problem { stop("CheckpointCallback: \(problem)", file: file, line: line) }
        require(keep > 0, "CheckpointCallback: keep \(keep); at least 1", file: file, line: line)
        (self.interval, self.keep, self.best, self.folder) = (interval, keep, best, folder)
        (self.overwrites, self.console) = (overwrites, console)
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }
    /// After all others, so that the batch and the epoch at hand are complete; before what stops a run there.
    public override var order: Int { 999_999 }
    public override var takesPartInInference: Bool { false }

    /// The checkpoints of `learner`.
    public func store(for learner: Learner) -> CheckpointStore { CheckpointStore(learner.joined(learner.path, folder)) }

    /// Seconds that the longest write of this run took on the writing rank; 0 before there was one.
    public var longestWrite: Double { writer.longestWrite }

    /// Whether there is memory for a copy of parameters and state.
    package var holdsCopy: Bool { memory != nil }
    /// Whether one is being written, on the writing rank.
    package var isWriting: Bool { writer.isBusy }
    /// The batches before the last checkpoint of the fit that was begun; 0 before there was one.
    package var lastStep: Int { progress?.last?.step ?? 0 }

    /// Waits for the checkpoint that is being written, if one is: on the writing rank.
    public func wait() { writer.wait() }

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
    /// - Parameter resetOptimizer: Whether it begins with a new optimizer: what comes back is that one's state.
    /// - Throws: what is wrong with a checkpoint that is whole, and not one of this learner.
    func plan(_ learner: Learner, _ policy: ResumePolicy, resetOptimizer: Bool) throws -> Plan {
        do {
            try hold(learner)
            let found = try found ?? look(learner)
            self.found = found
            guard case .checkpoint(let number, let path) = found, number > fit else {
                guard policy == .auto || fit >= 0 else {
                    throw CheckpointError(
                        .malformed, store(for: learner).folder, "it holds no checkpoint that is whole to go on from")
                }
                return .begin
            }
            if number > fit + 1 {
                fit += 1
                // What the program does between its fits finds weights that are trained.
                let bytes = try learner.coordinator.bytes(ofFile: path)
                try learner.load(Safetensors.parse(bytes, file: path), withOptimizer: false)
                learner.warn("fit \(fit + 1) of this program is over: the run goes on in fit \(number + 1)")
                return .isOver
            }
            if resetOptimizer { try learner.createOptimizer() }
            let point = try learner.loadResumePoint(at: path)
            isResuming = true
            if point.epoch >= point.epochCount, point.epochCount > 0 {
                learner.warn("fit \(fit + 2) of this program is over: nothing is left to train in it")
            }
            return .goOn(point)
        } catch {
            lock = nil
            throw error
        }
    }

    private func look(_ learner: Learner) throws -> Found {
        let store = store(for: learner)
        let answer = try learner.coordinator.read {
            let newest = try store.newest {
                console.write("lockstep: \($0); the checkpoint before it is taken, if there is one\n")
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
            Leftovers.remove(in: folder, isOwn: true)
            unlink("\(folder)/\(Survivors.file)")
        }
    }

    // MARK: Events

    public override func beforeFit(_ learner: Learner) throws {
        if learner.callbacks.contains(where: { $0 !== self && $0 is CheckpointCallback }) {
            throw LearnerError(
                .duplicate, "this learner has two CheckpointCallbacks: a run could not tell which to go on from")
        }
        fit += 1
        (progress, completed) = (Progress(), nil)
        isDeferred = false
        learner.resuming.notesEndOfTraining = true
        try hold(learner)
        if !isResuming, fit == 0 { try beginAnew(learner) }
        isResuming = false
        found = found ?? .nothing
        if let best, let columns = learner.recorder?.names, !columns.contains(best.column) {
            throw TrackerError(callback: typeName, monitor: best.column, columns: columns)
        }
        if writesBesideTraining(learner) { try takeMemory(learner) }
        lastTime = clock()
        learner.coordinator.watch(.checkpoint) { [unowned self, unowned learner] in
            learner.coordinator.isWriter && isWanted
        }
    }

    /// Whether the writing rank wants one at the end of the batch at hand: its time has come, or it can be made up for.
    private var isWanted: Bool {
        var isDue = isDeferred
        if case .minutes(let minutes) = interval, clock() - lastTime >= minutes * 60 { isDue = true }
        return isDue && !writer.isBusy
    }

    /// Whether the fit that begins will write a checkpoint and go on training meanwhile; after minutes that is not known.
    private func writesBesideTraining(_ learner: Learner) -> Bool {
        if best != nil, learner.nEpoch > 1 { return true }
        return switch interval {
        case .epochs(let count): count < learner.nEpoch
        case .steps: true
        case .minutes: false
        }
    }

    public override func beforeEpoch(_ learner: Learner) {
        progress?.hasBegun = true
        modelParts = nil
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
                    remedy:
                        "Go on with it by fit(resume: .auto), or name another folder, or let CheckpointCallback overwrite it"
                )
            }
            store.removeAll()
        }
    }

    public override func afterBatch(_ learner: Learner) throws {
        guard learner.training else { return }
        step += 1
        tellNews(learner)
        if learner.coordinator.isAgreed(.checkpoint) {
            try take(learner.place, learner)
        } else if case .steps(let count) = interval, step % count == 0 {
            try begin(learner.place, learner)
        }
        keepStep(learner)
    }

    /// Keeps the batch that has ended, where that takes less than a hundredth of its time.
    private func keepStep(_ learner: Learner) {
        completed = nil
        let start = CheckpointCallback.now
        guard keepsEveryStep || start - keeping.time >= 100 * keeping.cost else { return }
        // Layers come and go between epochs, if at all.
        let parts = modelParts ?? Learner.ModelParts(learner.model)
        modelParts = parts
        completed = CompletedStep(learner, parts, fit: fit, step: step)
        keeping = (CheckpointCallback.now - start, start)
    }

    public override func afterEpoch(_ learner: Learner) throws {
        let point = ResumePoint(epoch: learner.epoch + 1)
        let isBest = noteBest(learner)
        var isDue = false
        if case .epochs(let count) = interval { isDue = point.epoch % count == 0 }
        if point.epoch == learner.nEpoch {
            // Now: at the end of the fit others may have put other weights into the model. What fails is tried again there.
            if isBest || isDue {
                do { try save(point, learner) } catch is DataError { progress?.last = nil }
            }
        } else if isBest {
            // There is no later moment for it.
            try awaitWriter(learner)
            try take(point, learner)
        } else if isDue {
            try begin(point, learner)
        }
    }

    /// - Returns: Whether the epoch that has ended is the best so far.
    private func noteBest(_ learner: Learner) -> Bool {
        guard let best, let row = learner.recorder?.rows.last, row.epoch == learner.epoch,
            let value = row[best.column], best.isBetter(value, than: bestValue)
        else { return false }
        (bestValue, bestStep, formerBest) = (value, step, bestStep)
        return true
    }

    /// A fit that another callback has ended is over, too.
    public override func afterFit(_ learner: Learner) throws {
        progress?.isOver = true
        guard let progress, progress.hasBegun, !progress.isLeft else { return }
        try save(ResumePoint(epoch: learner.nEpoch), learner)
    }

    public override func teardown(_ learner: Learner) {
        learner.coordinator.watch(.checkpoint, nil)
        writer.wait()
        tellNews(learner)
        (lock, completed, modelParts) = (nil, nil, nil)
        // One that has failed may be tried again.
        if let progress, !progress.isOver { (fit, found) = (fit - 1, nil) }
        progress = nil
    }

    // MARK: Writing

    /// Takes a checkpoint now and waits until it is written. For ends: ``afterFit(_:)`` then leaves none. Collective.
    ///
    /// - Returns: the file; where it cannot be written, that of the newest which can be gone on from.
    /// - Throws: `DataError` when there is none; on every rank.
    package func leave(_ point: ResumePoint, _ learner: Learner) throws -> String {
        progress?.isLeft = true
        do { return try save(point, learner) } catch let error as DataError {
            let store = store(for: learner)
            let path = try learner.coordinator.read {
                let newest = store.generations.first { (try? Safetensors.verify($0.path)) != nil }
                guard let newest else { throw error }
                console.write("lockstep: \(error)\n")
                return Array(newest.path.utf8)
            }
            return String(decoding: path, as: UTF8.self)
        }
    }

    @discardableResult
    private func save(_ point: ResumePoint, _ learner: Learner) throws -> String {
        let hasFailed = try awaitWriter(learner)
        tellNews(learner)
        // What lies in place must not change before it is written, whatever ends this.
        defer { writer.wait() }
        let isThere = progress?.last.map { $0.step == step && $0.point == point } ?? false
        if !isThere || hasFailed { try take(point, learner, isAwaited: true) }
        try learner.coordinator.write {
            writer.wait()
            if let failure = writer.takeFailure() { throw failure }
        }
        return store(for: learner).path(step: step)
    }

    /// Has all ranks wait until nothing is being written: until then the copy is not to be touched. Collective.
    ///
    /// - Returns: Whether a write has failed that nobody has been told of.
    @discardableResult
    private func awaitWriter(_ learner: Learner) throws -> Bool {
        try learner.coordinator.read {
            writer.wait()
            return [writer.hasFailed ? 1 : 0]
        } == [1]
    }

    /// Takes a checkpoint, unless one is still being written: then when that is there. Collective.
    private func begin(_ point: ResumePoint, _ learner: Learner) throws {
        // Told by the writing rank, and not averaged: a rank that is leaving a batch may be at another agreement.
        isDeferred = try learner.coordinator.read { [writer.isBusy ? 1 : 0] } == [1]
        if !isDeferred { try take(point, learner) }
    }

    /// - Precondition: nothing is being written.
    /// - Parameter isAwaited: Whether all ranks wait until it is written, so that no memory has to be taken for a copy.
    private func take(_ point: ResumePoint, _ learner: Learner, isAwaited: Bool = false) throws {
        var point = point
        point.fit = fit
        (isDeferred, lastTime) = (false, clock())
        learner.coordinator.fulfil(.checkpoint)
        let source = isAwaited && memory == nil ? TensorSource.inPlace : .copy(try copied(learner))
        // The ranks gather what is theirs alone here: nobody's copy is unfinished after it.
        let content = try learner.resumeContent(point, from: source)
        progress?.last = (point, step)
        guard learner.coordinator.isWriter else { return }
        let (store, step, keep, best) = (store(for: learner), step, keep, bestSteps)
        let metadata = content.metadata + [("resume.step", "\(step)")]
        writer.begin(step: step) { () throws(DataError) in
            try store.write(content.parts, metadata: metadata, step: step, keep: keep, besides: best)
        }
    }

    /// Of these the first that is there stays besides the newest.
    private var bestSteps: [Int] { [bestStep, formerBest].compactMap(\.self) }

    /// This rank's share of parameters and state, copied.
    private func copied(_ learner: Learner) throws -> SnapshotMemory? {
        try takeMemory(learner)
        guard let snapshot = memory?.snapshot else { return nil }
        if let bytes = snapshot.bytes {
            learner.optimizer?.copySnapshot(share: snapshot.share, of: snapshot.shareCount, into: bytes)
        }
        return snapshot
    }

    /// Memory for a copy of what the optimizer has now.
    private func takeMemory(_ learner: Learner) throws {
        let byteCount = learner.optimizer?.snapshotLayout?.byteCount ?? 0
        guard byteCount != memory?.byteCount else { return }
        memory = nil
        guard byteCount > 0 else { return }
        let snapshot = try learner.coordinator.snapshotMemory(byteCount: byteCount)
        memory = (snapshot, byteCount)
        if let bytes = snapshot.bytes {
            learner.optimizer?.prepareSnapshot(share: snapshot.share, of: snapshot.shareCount, in: bytes)
        }
    }

    private func tellNews(_ learner: Learner) {
        let news = writer.takeNews()
        if let step = news.saved { learner.coordinator.saved(step: step) }
        if let failure = news.failure {
            console.write("lockstep: \(failure); training goes on without this checkpoint\n")
        }
    }
}

extension CheckpointCallback: FailureWitness {
    /// Writes the last completed step, on the first rank that can.
    package func fitFailed(_ learner: Learner) {
        Survivors.named { saveLast(learner) }
    }

    private func saveLast(_ learner: Learner) {
        writer.wait()
        guard progress?.isOver == false, let completed, completed.isIntact(learner) else { return }
        let store = store(for: learner)
        Survivors.first(in: store.folder, rank: learner.coordinator.rank) {
            if Files.exists(store.path(step: completed.step)) { return }
            do {
                let content = try completed.content(learner)
                let metadata = content.metadata + [("resume.step", "\(completed.step)"), ("resume.emergency", "true")]
                try store.write(
                    content.parts, metadata: metadata, step: completed.step, keep: keep + 1, besides: bestSteps)
                console.write(
                    "lockstep: rank \(learner.coordinator.rank) has saved the last step that all ranks had completed: \(store.path(step: completed.step))\n"
                )
            } catch {
                console.write("lockstep: the last completed step could not be saved: \(error)\n")
            }
        }
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
