// SPDX-License-Identifier: Apache-2.0
// What is left of a run when a rank is gone: the last step that all had completed.

import Foundation
import Glibc
import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

/// What a rank keeps of the end of a batch, to be written should the next one fail: all but parameters and optimizer state, which
/// change only where a step ends, and outlive a rank in the memory that the node shares.
struct CompletedStep {
    let point: ResumePoint
    let step: Int
    private let archive: StateArchive
    private let buffers: [(buffer: Buffer, value: Tensor)]
    private let updates: [Int]
    private let epochsSeen: Int

    /// Keeps the batch that has just ended; nil where a rank's own part of it cannot do without the others'.
    init?(_ learner: Learner, _ parts: Learner.ModelParts, fit: Int, step: Int) {
        guard let optimizer = learner.optimizer, let archive = try? learner.remembered(parts),
            CompletedStep.isComplete(archive)
        else { return nil }
        var point = learner.place
        (point.fit, point.isInFit, point.epochCount) = (fit, true, learner.nEpoch)
        (self.point, self.step, self.archive, epochsSeen) = (point, step, archive, learner.epochsSeen)
        updates = optimizer.stepCounts
        buffers = parts.buffers.filter(\.buffer.isSaved).map { ($0.buffer, $0.buffer.value.ownCopy()) }
    }

    /// Whether one rank's memory is that of all: engines are, and gradients of which none has arrived.
    private static func isComplete(_ archive: StateArchive) -> Bool {
        archive.rankCount == 1
            || archive.items.allSatisfy(\.tensors.isEmpty)
                && archive.own.allSatisfy {
                    $0.name.hasPrefix("learner/engines/")
                        || $0.name.hasPrefix("learner/gradients/") && $0.name.hasSuffix("/weight")
                }
    }

    /// Whether parameters and optimizer state are still those of then.
    func isIntact(_ learner: Learner) -> Bool {
        learner.optimizer?.stepCounts == updates && learner.stepStrategy.isAtRest
    }

    /// A checkpoint of then, as of a run on one rank.
    func content(_ learner: Learner) throws -> Learner.ResumeContent {
        for (buffer, value) in buffers { buffer.wrappedValue = value }
        let own = try Safetensors.parse(learner.ownMemory(archive), file: "the state of this rank")
        // What one rank has of its own stands for all.
        let renamed = own.entries.map {
            Safetensors.Item($0.name.replacing("/rank.\(archive.rank)/", with: "/rank.0/"), own.tensor($0))
        }
        let memory = try learner.joinedMemory(archive, [Safetensors.encode(renamed, checksum: false)])
        return learner.resumeContent(point, archive, memory, epochsSeen: epochsSeen, ranks: 1)
    }
}

/// One of those who survive writes; the others wait for it.
package enum Survivors {
    static let file = ".emergency"
    /// What a process is called while it saves: who ends the job looks for it, and waits.
    package static let processName = "lockstep-saving"

    /// Runs `body` in a process that is called so.
    static func named(_ body: () -> Void) {
        let path = "/proc/self/comm"
        let former = try? String(contentsOfFile: path, encoding: .utf8)
        rename(path, processName)
        body()
        if let former { rename(path, former.trimmingCharacters(in: .newlines)) }
    }

    private static func rename(_ path: String, _ name: String) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }

    /// Runs `body` on the first survivor that comes here. The lower a rank, the earlier it tries.
    static func first(in folder: String, rank: Int, _ body: () -> Void) {
        usleep(UInt32(min(rank, 20)) * 10_000)
        let path = "\(folder)/\(file)"
        let own = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if own >= 0 {
            flock(own, LOCK_EX)
            body()
            close(own)
            return
        }
        // Until it has the lock: it had only just made the file.
        usleep(20_000)
        let other = open(path, O_RDONLY | O_CLOEXEC)
        guard other >= 0 else { return }
        for _ in 0..<2400 {
            guard flock(other, LOCK_SH | LOCK_NB) != 0 else { break }
            usleep(50_000)
        }
        close(other)
    }
}
