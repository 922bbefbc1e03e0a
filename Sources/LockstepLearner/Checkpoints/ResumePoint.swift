// SPDX-License-Identifier: Apache-2.0
// Where a fit was interrupted: a checkpoint that knows its place in the run.

import LockstepData
import LockstepOptim
import LockstepTensor

/// The place in a fit at which a run can go on, and what was remembered there.
public struct ResumePoint: Sendable {
    /// The epoch to go on with: `startEpoch` of the next fit.
    public var epoch: Int
    /// Training batches of that epoch that are done.
    public var batches: Int
    /// Whether the epoch's training phase is over: the run goes on with its validation.
    public var isTrained = false
    /// Whether it was cancelled.
    var wasCancelled = false
    /// Where in the epoch's order the next batch begins, where that is known: items may have been skipped.
    var position: Int?
    /// Epochs of the fit, and batches of the epoch where a loader says how many; 0 for unknown.
    var (epochCount, batchCount) = (0, 0)
    /// Whether the fit was going on when the point was written.
    var isInFit = false
    /// Which of the program's fits it belongs to, from 0, where that is known.
    var fit: Int?
    /// What callbacks, modules, loss, loaders and optimizer remember.
    var memory = Memory()

    /// The place after `batches` batches of an epoch.
    public init(epoch: Int, batches: Int = 0) { (self.epoch, self.batches) = (epoch, batches) }

    /// Saved memories: whose they are, and their values under full names.
    struct Memory: Sendable {
        var file = ""
        var rankCount = 1
        var owners: [String] = []
        var items: [Safetensors.Item] = []
    }
}

extension ResumePoint: CustomStringConvertible {
    public var description: String {
        "epoch \(epoch) after \(batches) batches\(isTrained ? ", before its validation" : "")"
    }
}

extension ResumePoint: Equatable {
    /// Whether both are the same place; what is remembered there is not compared.
    public static func == (a: ResumePoint, b: ResumePoint) -> Bool {
        (a.epoch, a.batches, a.isTrained) == (b.epoch, b.batches, b.isTrained)
    }
}

extension Learner {
    /// Writes model, optimizer, everything remembered (`Resumable`) and the place in the fit at hand, or the one that has just
    /// ended, to `path/modelDirectory/file.safetensors`.
    ///
    /// Everything in it belongs to the run, not to a rank: it resumes on any number of ranks. An interrupted run that is
    /// resumed gives what an uninterrupted one does, to the bit on equally many ranks. ``place`` is the place to give within
    /// a fit. Only the writing rank writes; the others wait for it. Collective.
    ///
    /// - Returns: the path of the file, on every rank.
    /// - Throws: `DataError` when the file cannot be written; on every rank.
    @discardableResult
    public func saveResumePoint(_ point: ResumePoint, to file: String = "resume") throws -> String {
        let path = checkpointPath(file)
        let content = try resumeContent(point)
        try coordinator.write { try Safetensors.write(content.parts, metadata: content.metadata, to: path) }
        return path
    }

    /// What a file to resume from holds.
    struct ResumeContent: Sendable {
        var parts: [Safetensors.Part] = []
        var metadata: [(key: String, value: String)] = []
    }

    /// What a file to resume from `point` holds: on the writing rank; elsewhere it is of no use. Collective.
    ///
    /// - Parameter source: From where parameters and optimizer state are written.
    func resumeContent(_ point: ResumePoint, from source: TensorSource = .inPlace) throws -> ResumeContent {
        // A fit counts its epochs when it ends, however early.
        let before = isFitting ? epochsSeen : max(0, epochsSeen - nEpoch)
        // What was remembered where training ended belongs to a point in the validation after it.
        let noted = point.isTrained ? resuming.endOfTraining : nil
        let archive = try noted ?? remembered()
        let memory = try gatherMemory(archive)
        guard coordinator.isWriter else { return ResumeContent() }
        return resumeContent(
            point, archive, memory, epochsSeen: before, ranks: coordinator.rankCount, from: source)
    }

    /// The same of memories that are gathered.
    func resumeContent(
        _ point: ResumePoint, _ archive: StateArchive, _ memory: [Safetensors.Item], epochsSeen: Int, ranks: Int,
        from source: TensorSource = .inPlace
    ) -> ResumeContent {
        let owners = archive.owners.filter { owner in
            memory.contains { $0.name.hasPrefix("\(Checkpoint.memoryPrefix)\(owner)/") }
        }
        var point = point
        (point.isInFit, point.epochCount) = (isFitting, nEpoch)
        if (point.epoch, point.batches) == (place.epoch, place.batches) {
            (point.position, point.batchCount) = (place.position, place.batchCount)
        }
        return ResumeContent(
            parts: Checkpoint.parts(of: model, optimizer: optimizer, from: source)
                + memory.map(Safetensors.Part.init),
            metadata: Checkpoint.metadata(of: optimizer, epochsSeen: epochsSeen)
                + Checkpoint.metadata(of: point, owners: owners, ranks: ranks))
    }

    /// Loads what ``saveResumePoint(_:to:)`` wrote.
    ///
    /// ```swift
    /// let point = try learner.loadResumePoint("resume")
    /// try learner.fitOneCycle(20, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
    /// ```
    /// Everything in the file is covered by its checksum and compared with its range before anything changes. The writing
    /// rank reads and tells the others. Collective.
    ///
    /// - Throws: `DataError` for an unreadable or damaged file, ``CheckpointError`` for one that holds no place, was written by a
    ///   version that did not protect it, or belongs to another optimizer, `StateDictionaryError` for another model's; on
    ///   every rank.
    public func loadResumePoint(_ file: String = "resume") throws -> ResumePoint {
        try loadResumePoint(at: checkpointPath(file))
    }

    /// The same for a path.
    func loadResumePoint(at path: String) throws -> ResumePoint {
        let archive = try Safetensors.parse(coordinator.bytes(ofFile: path), file: path)
        let point = try Checkpoint.resumePoint(archive)
        _ = try Checkpoint.epochsSeen(archive)
        let optimizer = try optimizer ?? createOptimizer()
        // Checked before anything changes: a run cannot go on with half of its state.
        let state = try Checkpoint.optimizerState(archive, for: optimizer, of: model)
        do { try optimizer.check(state) } catch { throw CheckpointError(.optimizerMismatch, path, "\(error)") }
        try load(archive, withOptimizer: false)
        try optimizer.loadStateDictionary(state)
        return point
    }
}
