// SPDX-License-Identifier: Apache-2.0
// Files that learners are made of, or go on from: bundles, weights, resume points.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension FuzzTarget {
    static let learners: [FuzzTarget] = [
        // A digit that names the learner whose weights come with it, and a description.
        FuzzTarget("bundle", factor: 4096, seeds: { try bundleSeeds() }) { bytes in
            let base = bases[Int(bytes.first ?? 0) % bases.count]()
            let json = String(decoding: bytes.dropFirst(), as: UTF8.self)
            let file = try Safetensors.encode(
                base.model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) },
                metadata: [
                    ("lockstep.learner", json), ("lockstep.learner.crc32", Safetensors.checksum(of: json)),
                ])
            try use(try Learner.load(exported: file, from: "fuzz.bundle"), dls: base.dls)
        },
        FuzzTarget("weights", factor: 256, seeds: { try checkpointSeeds(isInFit: false) }) { bytes in
            let learner = trained()
            try learner.load(checkpoint: Safetensed.file(bytes), from: "fuzz.safetensors")
            try learner.withoutProgress { try learner.fit(1) }
        },
        // Loaded, and gone on from: what is remembered meets callbacks, layers and optimizer.
        FuzzTarget("resume", factor: 256, seeds: { try checkpointSeeds(isInFit: true) }) { bytes in
            let learner = trained()
            let path = "\(scratch)/fuzz-\(getpid()).safetensors"
            defer { unlink(path) }
            try Files.append(Safetensed.file(bytes), to: path, truncating: true)
            let point = try learner.loadResumePoint(path.dropLast(".safetensors".count).description)
            guard point.epoch < 4 else { return }
            try learner.fit(3, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
        },
        // The newest of a run's checkpoints, which a fit goes on from by itself, or passes by.
        FuzzTarget("checkpoints", factor: 256, seeds: { [try newestCheckpoint()] }) { bytes in
            let folder = "\(scratch)/fuzz-run-\(getpid())"
            let learner = trained(in: folder, [CheckpointCallback(console: Console { _ in })])
            let store = CheckpointStore("\(folder)/checkpoints")
            try Files.createFolder(store.folder)
            for generation in store.generations { unlink(generation.path) }
            try Files.append(Safetensed.file(bytes), to: store.path(step: 4), truncating: true)
            try learner.fit(2, resume: .auto)
        },
        // A history that a resumed run cuts back, goes on in, and reads.
        FuzzTarget(
            "history", factor: 256,
            seeds: {
                ["epoch,train_loss,valid_loss,time\n0,1.5,nan,00:01\n1,1.25,,00:01\n2,1,1,00:02\n", ""].map {
                    Array($0.utf8)
                }
            }
        ) { bytes in
            let folder = "\(scratch)/fuzz-history-\(getpid())"
            try Files.createFolder(folder)
            let history = CSVLogger(append: true)
            let learner = Learner(
                dls: data([sample([4, 1])], sample([4, 1])), model: Linear(1, 1), loss: .mse, callbacks: [history],
                path: folder)
            learner.logger = SilentLogger()
            try Files.append(bytes, to: history.path(for: learner), truncating: true)
            try learner.withoutProgress { try learner.fit(2, startEpoch: 1) }
            _ = try history.readLog(for: learner)
        },
    ]

    /// A folder in memory where there is one.
    static let scratch = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()

    // MARK: Learners

    private static let bases: [@Sendable () -> Learner] = [
        {
            Learner(
                dls: data([sample([9, 4])], sampleIntegers([9], in: 0..<3)),
                model: Sequential {
                    Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.1); Linear(8, 3)
                }, loss: .crossEntropy(weight: Tensor([1, 2, 1])), callbacks: [GradientClip()], metrics: [.accuracy])
        },
        {
            Learner(
                dls: data([sample([9, 1, 8, 8])], sampleIntegers([9], in: 0..<2)),
                model: Sequential {
                    Conv2d(1, 4, kernelSize: 3, padding: 1); BatchNorm2d(4); MaxPool2d(2)
                    AdaptiveAvgPool2d(2); GroupNorm(2, 4); Flatten(); Linear(16, 2)
                }, loss: .labelSmoothing, callbacks: [MixUp()], metrics: [F1Score()])
        },
        {
            Learner(
                dls: data([sampleIntegers([9, 6], in: 0..<11)], sampleIntegers([9, 6], in: 0..<11)),
                model: GPT(vocabulary: 11, context: 8, width: 8, layers: 1, heads: 2), loss: .crossEntropy,
                metrics: [Perplexity()])
        },
    ]

    private static func data(_ inputs: [Tensor], _ target: Tensor) -> DataLoaders {
        let data = TensorDataset(inputs: inputs, targets: [target])
        return DataLoaders([data, data], batchSize: 4)
    }

    private static func use(_ learner: Learner, dls: DataLoaders) throws {
        learner.logger = SilentLogger()
        try learner.withoutProgress {
            learner.dls = dls
            _ = try learner.predictions(withDecoded: true)
            try learner.fit(1)
        }
    }

    /// Something that remembers much.
    private static func trained(in folder: String = scratch, _ callbacks: [Callback] = []) -> Learner {
        let quiet = Console { _ in }
        let learner = Learner(
            dls: data([sample([10, 3])], sampleIntegers([10], in: 0..<2)),
            model: Sequential {
                Linear(3, 4); BatchNorm1d(4); Dropout(0.2); Linear(4, 2)
            }, loss: .crossEntropy, optimizer: .ranger(k: 2),
            callbacks: [
                GradientAccumulation(samples: 6), MixUp(), ShortEpochCallback(fraction: 0.9),
                EarlyStoppingCallback(patience: 9, console: quiet), ReduceLROnPlateau(patience: 1, console: quiet),
                MixedPrecision(),
            ] + callbacks, metrics: [.accuracy], path: folder, modelDirectory: "")
        learner.logger = SilentLogger()
        return learner
    }

    // MARK: Seeds

    private static func bundleSeeds() throws -> [[UInt8]] {
        try bases.enumerated().map { number, base in
            let json = try Safetensors.parse(base().exported(), file: "seed").metadata("lockstep.learner") ?? ""
            return Array("\(number)\(json)".utf8)
        }
    }

    /// What a fit's first epoch leaves.
    private static func newestCheckpoint() throws -> [UInt8] {
        let folder = "\(scratch)/seed-run-\(getpid())"
        let store = CheckpointStore("\(folder)/checkpoints")
        try trained(in: folder, [CheckpointCallback(console: Console { _ in })]).fit(1)
        defer { for generation in store.generations { unlink(generation.path) } }
        return try store.generations.first.map { Safetensed.text(of: try Files.read($0.path)) } ?? []
    }

    /// A checkpoint of a fit's middle, or of weights and optimizer; as a file, and as a text.
    private static func checkpointSeeds(isInFit: Bool) throws -> [[UInt8]] {
        let learner = trained()
        let name = "\(scratch)/seed-\(getpid())"
        var bytes: [UInt8] = []
        let saving = Saving(name, at: 3)
        try learner.fit(2, callbacks: isInFit ? [saving] : [])
        if isInFit {
            bytes = try Files.read("\(name).safetensors")
            unlink("\(name).safetensors")
        } else {
            bytes = try learner.checkpoint()
        }
        return [bytes, Safetensed.text(of: bytes)]
    }
}

/// Saves a resume point after some steps.
private final class Saving: Callback {
    private let file: String
    private let step: Int

    init(_ file: String, at step: Int) { (self.file, self.step) = (file, step) }

    override func afterBatch(_ learner: Learner) throws {
        guard learner.training, learner.trainIter == step else { return }
        try learner.saveResumePoint(learner.place, to: file)
    }
}
