// SPDX-License-Identifier: Apache-2.0
// Where a fit was interrupted: a checkpoint that knows its place in the run.

import LockstepData
import LockstepNN
import LockstepOptim

/// The place in a fit at which a run can go on.
public struct ResumePoint: Sendable, Equatable {
    /// The epoch to go on with: `startEpoch` of the next fit.
    public var epoch: Int
    /// Training batches of that epoch that are done.
    public var batches: Int
    /// Number and sum of the smoothed losses, so that the training loss goes on where it was.
    var smoothing: [Double] = []

    /// What trackers remembered, in the order of the callbacks.
    var trackers: [TrackerMemory] = []

    /// The place after `batches` batches of an epoch.
    public init(epoch: Int, batches: Int = 0) { (self.epoch, self.batches) = (epoch, batches) }
}

extension Learner {
    /// Writes model, optimizer and the place in the fit at hand, or the one that has just ended, to `path/modelDirectory/file.safetensors`.
    ///
    /// Everything in it belongs to the run, not to a rank: it resumes on any number of ranks. An interrupted run that is
    /// resumed gives what an uninterrupted one does, to the bit on equally many ranks. Trackers go on with what they remember (a
    /// best value, epochs waited). Only the writing rank writes; the others wait for it. Collective.
    ///
    /// - Returns: the path of the file, on every rank.
    /// - Throws: `DataError` when the file cannot be written; on every rank.
    @discardableResult
    public func saveResumePoint(_ point: ResumePoint, to file: String = "resume") throws -> String {
        let path = checkpointPath(file)
        let smoothing = recorder?.smooth.state.shared ?? []
        let trackers = callbacks.compactMap { ($0 as? Tracker).map(TrackerMemory.init) }
        // A fit counts its epochs when it ends, however early.
        let before = isFitting ? epochsSeen : max(0, epochsSeen - nEpoch)
        try coordinator.write {
            let place = [
                (key: "resume.epoch", value: "\(point.epoch)"), (key: "resume.batches", value: "\(point.batches)"),
                (key: "resume.smoothing", value: smoothing.map { "\($0)" }.joined(separator: " ")),
                (key: "resume.trackers", value: trackers.map(\.line).joined(separator: "\n")),
            ]
            try Safetensors.write(
                Checkpoint.items(of: model, optimizer: optimizer),
                metadata: Checkpoint.metadata(of: optimizer, epochsSeen: before) + place, to: path)
        }
        return path
    }

    /// Loads what ``saveResumePoint(_:to:)`` wrote.
    ///
    /// ```swift
    /// let point = try learner.loadResumePoint("resume")
    /// try learner.fitOneCycle(20, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
    /// ```
    /// The writing rank reads and tells the others. Collective.
    ///
    /// - Throws: `DataError` for an unreadable or damaged file, ``CheckpointError`` for one that holds no place or belongs to
    ///   another optimizer, `StateDictionaryError` for another model's; on every rank.
    public func loadResumePoint(_ file: String = "resume") throws -> ResumePoint {
        let path = checkpointPath(file)
        let bytes = try coordinator.read { try Files.read(path) }
        let archive = try Safetensors.parse(bytes, file: path)
        func number(_ key: String) throws(CheckpointError) -> Int {
            guard let text = archive.metadata("resume." + key), let value = Int(text), value >= 0 else {
                throw CheckpointError(
                    .malformed, path, "it does not say where in a fit it was written; load it with load(_:)")
            }
            return value
        }
        var point = try ResumePoint(epoch: number("epoch"), batches: number("batches"))
        point.smoothing = (archive.metadata("resume.smoothing") ?? "").split(separator: " ").compactMap { Double($0) }
        point.trackers = (archive.metadata("resume.trackers") ?? "").split(separator: "\n").compactMap {
            TrackerMemory(line: $0)
        }
        let optimizer = try optimizer ?? createOptimizer()
        // Checked before anything changes: a run cannot go on with half of its state.
        let state = try Checkpoint.optimizerState(archive, for: optimizer, of: model)
        try load(checkpoint: bytes, from: path, withOptimizer: false)
        try optimizer.loadStateDictionary(state)
        return point
    }
}
