// SPDX-License-Identifier: Apache-2.0
// Steps and batches of any size for `lockstep bench growth`.

import Lockstep

enum GrowthTraining {
    /// Numbers of a batch of 36 MB: 64 pictures of 3 × 217 × 217.
    static let largeBatch = 64 * 3 * 217 * 217

    /// Steps of a deep and narrow network.
    static func layers(_ count: Int) -> () throws -> Any {
        let rows = Tensor.ones([64, 128])
        let layers = (0..<count).map { _ in Linear(128, 128) as any UnaryLayer }
        return steps(Sequential(layers), Array(repeating: Batch(inputs: [rows], targets: [rows]), count: 8))
    }

    /// A step over sequences of each of these lengths.
    static func sequences(_ lengths: [Int], batchSize: Int) -> () throws -> Any {
        let batches = lengths.map { length in
            Batch(inputs: [.ones([batchSize, length, 32])], targets: [.ones([batchSize, length, 64])])
        }
        return steps(Sequential([LSTM(32, 64, batchFirst: true)]), batches)
    }

    private static func steps(_ model: Sequential, _ batches: [Batch]) -> () throws -> Any {
        let list = BatchList(batches)
        let learner = Learner(
            dls: DataLoaders(list, BatchList([])), model: model, loss: .mse, defaultCallbacks: .core)
        return { try learner.withoutLogging { try learner.fit(1) } }
    }

    /// Batches gathered by two threads while one looks at them.
    static func largeBatches(_ count: Int) -> () throws -> Any {
        let items = Tensor.ones([256, largeBatch / 64])
        let loader = DataLoader(TensorDataset(inputs: [items]), batchSize: 64, shuffle: true, numWorkers: 2)
        return {
            var (seen, epoch, sum) = (0, 0, 0.0)
            while seen < count {
                var batches = try loader.makeIterator(epoch: epoch)
                while seen < count, let batch = try batches.next() {
                    sum += batch.inputs[0].sum().item()
                    seen += 1
                }
                epoch += 1
            }
            return sum
        }
    }

    /// A pass over the rows of a NumPy file in shuffled batches.
    static func pass(over path: String) throws -> Any {
        let data = TensorDataset(inputs: [try MappedArray.npy(path)])
        var batches = try DataLoader(data, batchSize: 1024, shuffle: true).makeIterator(epoch: 0)
        var sum = 0.0
        while let batch = try batches.next() { sum += batch.inputs[0].sum().item() }
        return sum
    }
}
