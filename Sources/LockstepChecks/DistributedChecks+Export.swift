// SPDX-License-Identifier: Apache-2.0
// Checks of saved and exported learners on several ranks: one writer, everyone else waits, names as on one rank.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    /// A folder that rank 0 makes and removes.
    private static func withSharedFolder(_ ranks: any Communicator, _ body: (String) throws -> Void) throws {
        var folder = ""
        if ranks.isRankZero {
            let url = FileManager.default.temporaryDirectory.appendingPathComponent(
                "lockstep-export-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            folder = url.path
        }
        folder = try ranks.broadcast(folder, name: "folder")
        try body(folder)
        try ranks.barrier(name: "folder")
        if ranks.isRankZero { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// [SAVE-08]: weights saved inside a distributed run have the names of the model alone.
    @Sendable static func savedNames(_ ranks: any Communicator) throws {
        try withSharedFolder(ranks) { folder in
            let learner = learner(rows: 12, batchSize: 6, path: folder)
            let alone = learner.model.stateDictionary().map(\.name)
            var path = ""
            try learner.distributed(over: ranks) {
                try learner.fit(1)
                path = try learner.save("m")
            }
            let saved = try Safetensors.read(path).entries.map(\.name).filter { !$0.hasPrefix("optimizer/") }
            try require(saved == alone, "saved \(saved), the model has \(alone)")
            try learner.load("m")
        }
    }

    /// Once for all ranks that are threads: the sanitizer does not see what orders those that wait for a `Mutex`.
    private static let registration: Void = ExportRegistry.register(RegressionModel.self) { _ in RegressionModel() }

    /// Exported by all, written once, there for all when the call returns; the same bundle as one rank's.
    @Sendable static func exportedOnce(_ ranks: any Communicator) throws {
        _ = registration
        try withSharedFolder(ranks) { folder in
            let learner = learner(rows: 12, batchSize: 6, path: folder)
            var path = ""
            try learner.distributed(over: ranks) {
                try learner.fit(1)
                path = try learner.export()
                // Every rank may read it at once: the writer is done.
                let loaded = try Learner.load(contentsOf: path)
                try require(parameters(loaded) == parameters(learner), "the weights differ on rank \(ranks.rank)")
                try require(
                    loaded.callbacks.map(\.typeName) == ["TrainEvalCallback", "Recorder"], "callbacks of the run")
            }
            let loaded = try Learner.load(contentsOf: path, over: ranks)
            try require(parameters(loaded) == parameters(learner), "the weights differ after load(over:)")
            // What cannot be stored is refused on every rank, and nothing hangs.
            learner.metrics = [AvgMetric("odd") { a, _ in a.mean() }]
            var refusals = 0
            do { try learner.export() } catch is ExportError { refusals += 1 }
            try require(refusals == 1, "rank \(ranks.rank) exported a function")
            var problem: (any Error)?
            do { _ = try Learner.load(contentsOf: folder + "/nothing.bundle", over: ranks) } catch { problem = error }
            try require(
                ranks.isRankZero ? problem is DataError : problem is CommunicatorError,
                "a missing file on rank \(ranks.rank): \(problem as Any)")
        }
    }

    /// A file that every rank sees is mapped by each, one that only rank 0 sees is told: the same weights either way.
    @Sendable static func loadedFromDisks(_ ranks: any Communicator) throws {
        try withSharedFolder(ranks) { folder in
            // More than a mebibyte: less is not mapped.
            let model = Sequential([Linear(1, 400), Linear(400, 700), Linear(700, 1)])
            let learner = learner(rows: 12, batchSize: 6, path: folder, model: model)
            try learner.distributed(over: ranks) {
                try learner.fit(1)
                let (path, saved) = (try learner.save("m"), parameters(learner))
                let moments = learner.optimizer?.stateDictionary.entries.flatMap {
                    $0.tensors.flatMap { $0.tensor.doubles }
                }
                for place in [path, ranks.isRankZero ? path : "/nowhere/m"] {
                    try learner.fit(1)
                    try require(parameters(learner) != saved, "nothing was trained")
                    try learner.load(place, withOptimizer: true)
                    // What rank 0 has loaded may be gone at once.
                    if ranks.isRankZero { try FileManager.default.moveItem(atPath: path, toPath: path + ".gone") }
                    try ranks.barrier(name: "moved")
                    if ranks.isRankZero { try FileManager.default.moveItem(atPath: path + ".gone", toPath: path) }
                    try ranks.barrier(name: "moved back")
                    try require(parameters(learner) == saved, "the weights differ on rank \(ranks.rank) after \(place)")
                    let loaded = learner.optimizer?.stateDictionary.entries.flatMap {
                        $0.tensors.flatMap { $0.tensor.doubles }
                    }
                    try require(loaded == moments, "the moments differ on rank \(ranks.rank) after \(place)")
                }
            }
        }
    }
}
