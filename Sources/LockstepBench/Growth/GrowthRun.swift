// SPDX-License-Identifier: Apache-2.0
// One size of one kind of work, in this process: its time and its memory.

import Foundation
import Lockstep

/// What a size cost.
public struct GrowthPoint: Codable, Sendable, Equatable {
    /// How much work it was.
    public var size: Int
    /// Seconds, without what the work was prepared by.
    public var seconds: Double
    /// The most memory during the work beyond what was there before it, in bytes.
    public var bytes: Int

    /// One line of JSON.
    public var json: String {
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension GrowthCase {
    /// Does the work of `size` in `folder`, which is there for it alone.
    ///
    /// - Throws: what the work throws.
    public func run(size: Int, folder: String) throws -> GrowthPoint {
        setSeed(1)
        let work = try prepared(size, folder)
        let (memory, start) = (MemoryWatch(), ContinuousClock.now)
        let result = try work()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let bytes = memory.stop()
        withExtendedLifetime(result) {}
        return GrowthPoint(size: size, seconds: seconds, bytes: bytes)
    }

    /// What is timed: nothing of it has been done, and all that it needs is there.
    private func prepared(_ size: Int, _ folder: String) throws -> () throws -> Any {
        let path = folder + "/data"
        switch self {
        case .blocks:
            return {
                var bytes = 1 << 16
                while bytes <= size {
                    let tensor = Tensor.zeros([bytes / 4])
                    withExtendedLifetime(tensor) {}
                    bytes += bytes / 2
                }
                return 0
            }
        case .report:
            let items = 20_000
            let answers = (0..<items).map { $0 &* 7919 % size }
            let targets = (0..<items).map { $0 % 5 == 0 ? $0 % size : answers[$0] }
            let loader = DataLoader(
                TensorDataset(inputs: [Tensor(answers)], targets: [Tensor(targets)]), batchSize: 100)
            let learner = Learner(
                dls: DataLoaders(loader, loader), model: OneHotModel(size), loss: .crossEntropy, defaultCallbacks: .core
            )
            let found = try ClassificationInterpretation(learner: learner)
            return { "\(found.report())" }
        case .texts:
            try GrowthFiles.texts(size, to: path)
            return { try DataLoaders.csv(path: path, target: "y") }
        case .rows:
            try GrowthFiles.numbers(size, to: path)
            return { try DataLoaders.csv(path: path, target: "y") }
        case .firstBatch:
            try GrowthFiles.numbers(size, to: path)
            return {
                let data = try DataLoaders.csv(path: path, target: "y", batchSize: 1024)
                var batches = try data.loaders.train.makeIterator(epoch: 0)
                return try (data, batches.next())
            }
        case .columns:
            try GrowthFiles.numbers(2000, columns: size, to: path)
            return { try DataLoaders.csv(path: path, target: "y") }
        case .categories:
            try GrowthFiles.categories(size, to: path)
            return { try DataLoaders.csv(path: path, target: "y") }
        case .layers: return GrowthTraining.layers(size)
        case .sequence: return GrowthTraining.sequences([size, size, size, size], batchSize: 16)
        case .batch: return GrowthTraining.sequences([64, 64, 64, 64], batchSize: size)
        case .lengths:
            let lengths = (0..<16).map { max(1, size * (1 + $0 * 7 % 16) / 16) }
            return GrowthTraining.sequences(lengths, batchSize: 16)
        case .workers: return GrowthTraining.largeBatches(size)
        case .mapped:
            try GrowthFiles.array(bytes: size, to: path)
            return { try GrowthTraining.pass(over: path) }
        case .predictions:
            let items = Tensor.zeros([size, 1])
            let loader = DataLoader(TensorDataset(inputs: [items]), batchSize: 1024)
            let learner = Learner(
                dls: DataLoaders(loader, loader), model: Linear(1, 256), loss: .mse, defaultCallbacks: .core)
            return { try learner.predictions(withTargets: false) }
        case .save, .load: return try checkpoint(GrowthFiles.model(parameters: size), folder)
        case .names: return try checkpoint(GrowthFiles.model(tensors: size), folder)
        case .characters:
            try GrowthFiles.characters(size, to: path)
            return { try DataLoaders.text(path: path) }
        }
    }

    /// Saving or loading.
    private func checkpoint(_ model: Sequential, _ folder: String) throws -> () throws -> Any {
        let batch = Batch(inputs: [.zeros([1, 1])], targets: [.zeros([1, 1])])
        let list = BatchList(CollectionOfOne(batch))
        let learner = Learner(
            dls: DataLoaders(list, list, path: folder), model: model, loss: .mse,
            defaultCallbacks: .core)
        try learner.withoutLogging { try learner.fit(1) }
        if self == .save { return { try learner.save("m") } }
        try learner.save("m")
        return { try learner.load("m", withOptimizer: true) }
    }
}

/// An item's class is the number it is given.
private final class OneHotModel: Module {
    private let classes: Int

    init(_ classes: Int) {
        self.classes = classes
        super.init()
    }

    override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0].oneHot(classes: classes)] }
}
