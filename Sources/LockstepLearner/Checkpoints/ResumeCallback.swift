// SPDX-License-Identifier: Apache-2.0
// Going on in the middle of an epoch.

public import LockstepTensor

/// Goes on where an interrupted run was: after the batches it has done, which are not even loaded, with everything that
/// callbacks, modules, loss and optimizer remembered.
///
/// The epochs before are skipped; give the fit the point's as `startEpoch` all the same, to say so. Build the same learner as
/// then; a part that remembers something and is not in the checkpoint, or is there and not here, is warned of, for the run then
/// does not go on exactly. Runs on every rank alike.
public final class ResumeCallback: Callback {
    /// Where the interrupted run was.
    public private(set) var point: ResumePoint

    /// Goes on at `point`.
    public init(_ point: ResumePoint) { self.point = point }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }

    /// After all others: what they begin anew is put back.
    public override var order: Int { 2_000_000 }
    public override var takesPartInInference: Bool { false }

    /// - Throws: ``CheckpointError`` when the point is not one of this fit, or does not fit those who are to remember it.
    public override func beforeFit(_ learner: Learner) throws {
        let file = point.memory.file
        guard point.epoch <= learner.nEpoch else {
            throw CheckpointError(
                .malformed, file, "it goes on with epoch \(point.epoch) of a fit of \(learner.nEpoch)")
        }
        if point.isInFit {
            let differences = try learner.differences(from: point.memory)
            if point.epochCount != learner.nEpoch {
                learner.warn("\(file): the run was begun with \(point.epochCount) epochs, not \(learner.nEpoch)")
            }
            if !differences.lacking.isEmpty {
                learner.warn("\(file) holds nothing of \(list(differences.lacking)), which begin anew")
            }
            if !differences.surplus.isEmpty {
                learner.warn("\(file) holds the memory of \(list(differences.surplus)), which are not here")
            }
        }
        try learner.restoreMemory(point.memory)
    }

    /// In the middle of an epoch the phase had begun already: what that begins anew is put back.
    public override func beforeTrain(_ learner: Learner) throws {
        guard learner.epoch == point.epoch else { return }
        let batches = try learner.dl.flatMap { try learner.length(of: $0) } ?? 0
        if point.batchCount > 0, batches > 0, batches != point.batchCount {
            let text = "an epoch has \(batches) batches, \(point.batchCount) where the checkpoint was written"
            guard point.batches == 0 else {
                throw CheckpointError(.malformed, point.memory.file, text + ": the data or the batch size differ")
            }
            learner.warn("\(point.memory.file): \(text)")
        }
        if point.batches > 0 || point.isTrained {
            try learner.restoreMemory(point.memory)
            (learner.firstBatch, learner.resuming.firstPosition) = (point.batches, point.position)
            // Those left out are counted when they are.
            learner.trainIter = max(0, learner.trainIter - point.batches)
            if point.isTrained { learner.resuming.endedTraining = point }
        }
        // Accumulated gradients and states may be large.
        point.memory.items = []
    }

    public override func teardown(_ learner: Learner) {
        (learner.resuming.endedTraining, learner.resuming.firstPosition) = (nil, nil)
    }

    private func list(_ owners: [String]) -> String { owners.joined(separator: ", ") }
}

extension ResumeCallback: Configurable {
    public static let configuration = Configuration(ResumeCallback.self) {
        Field("epoch", \.point.epoch)
        Field("batches", \.point.batches)
    }
}
