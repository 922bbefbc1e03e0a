// SPDX-License-Identifier: Apache-2.0
// The place of a resume point as metadata, every number within its range.

import LockstepData
import LockstepTensor

extension Checkpoint {
    /// What stands before everything remembered: no module can be called so.
    static let memoryPrefix = "state/"
    /// More epochs or batches than anybody trains; products of two of them still fit a number.
    fileprivate static let most = 1 << 31
    /// The version of what a resume point says.
    fileprivate static let placeVersion = "2"

    /// The number of epochs of earlier fits that `archive` was written after; nil where it does not say.
    ///
    /// - Throws: ``CheckpointError`` when that is no number of epochs.
    static func epochsSeen(_ archive: Safetensors.Archive) throws(CheckpointError) -> Int? {
        guard let text = archive.metadata("epochs") else { return nil }
        guard let value = Int(text), (0...most).contains(value) else {
            throw CheckpointError(.malformed, archive.file, "“\(text)” is no number of epochs")
        }
        return value
    }

    static func metadata(of point: ResumePoint, owners: [String], ranks: Int) -> [(key: String, value: String)] {
        var pairs = [
            (key: "resume.version", value: placeVersion), (key: "resume.epoch", value: "\(point.epoch)"),
            (key: "resume.batches", value: "\(point.batches)"),
            (key: "resume.phase", value: !point.isTrained ? "train" : point.wasCancelled ? "cancelled" : "trained"),
            (key: "resume.epoch_count", value: "\(point.epochCount)"),
            (key: "resume.batch_count", value: "\(point.batchCount)"),
            (key: "resume.in_fit", value: "\(point.isInFit)"), (key: "resume.ranks", value: "\(ranks)"),
            (key: "resume.owners", value: owners.joined(separator: "\n")),
        ]
        if let fit = point.fit { pairs.append(("resume.fit", "\(fit)")) }
        if let position = point.position { pairs.append(("resume.position", "\(position)")) }
        return pairs
    }

    static func resumePoint(_ archive: Safetensors.Archive) throws(CheckpointError) -> ResumePoint {
        var point = try ResumePoint(isSealed: archive.isSealed, file: archive.file, metadata: archive.metadata)
        point.memory.items = archive.entries.filter { $0.name.hasPrefix(memoryPrefix) }.map {
            Safetensors.Item(name: $0.name, type: $0.type, shape: $0.shape, bytes: Array(archive.bytes(of: $0)))
        }
        return point
    }
}

extension ResumePoint {
    /// The place that a file's metadata say, without what is remembered there.
    ///
    /// - Parameter isSealed: Whether its checksum covers every byte, and agrees.
    /// - Throws: ``CheckpointError`` where nothing would go on from it.
    package init(
        isSealed: Bool, file: String, metadata: (_ key: String) -> String?
    ) throws(CheckpointError) {
        func bad(_ reason: String) -> CheckpointError { CheckpointError(.malformed, file, reason) }
        func text(_ key: String) throws(CheckpointError) -> String {
            guard let text = metadata("resume." + key) else { throw bad("it lacks “resume.\(key)”") }
            return text
        }
        func number(_ key: String, in range: ClosedRange<Int> = 0...Checkpoint.most) throws(CheckpointError) -> Int {
            let text = try text(key)
            guard let value = Int(text), range.contains(value) else {
                throw bad("resume.\(key) is “\(text)”, not a number in \(range.lowerBound)...\(range.upperBound)")
            }
            return value
        }
        guard metadata("resume.epoch") != nil else {
            throw bad("it does not say where in a fit it was written; load it with load(_:)")
        }
        guard isSealed, metadata("resume.version") == Checkpoint.placeVersion else {
            throw bad(
                "it was written by another version, or elsewhere: its place in the run is not protected, and callbacks and layers are not in it, so that the run could not go on exactly; load(_:) takes its weights, for a new run"
            )
        }
        var point = ResumePoint(epoch: try number("epoch"), batches: try number("batches"))
        let phase = try text("phase")
        guard ["train", "trained", "cancelled"].contains(phase) else { throw bad("resume.phase is “\(phase)”") }
        (point.isTrained, point.wasCancelled) = (phase != "train", phase == "cancelled")
        (point.epochCount, point.batchCount) = (try number("epoch_count"), try number("batch_count"))
        guard point.epochCount == 0 || point.epoch <= point.epochCount else {
            throw bad("it goes on with epoch \(point.epoch) of \(point.epochCount)")
        }
        guard point.batchCount == 0 || point.batches <= point.batchCount else {
            throw bad("\(point.batches) batches are done of an epoch of \(point.batchCount)")
        }
        let inFit = try text("in_fit")
        guard let isInFit = Bool(inFit) else { throw bad("resume.in_fit is “\(inFit)”") }
        point.isInFit = isInFit
        if metadata("resume.position") != nil { point.position = try number("position", in: 0...(1 << 48)) }
        if metadata("resume.fit") != nil { point.fit = try number("fit") }
        point.memory.file = file
        point.memory.rankCount = try number("ranks", in: 1...(1 << 20))
        point.memory.owners = try text("owners").split(separator: "\n").map(String.init)
        self = point
    }
}
