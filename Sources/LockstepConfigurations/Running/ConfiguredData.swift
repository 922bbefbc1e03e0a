// SPDX-License-Identifier: Apache-2.0
// The data of a configuration: what the items are.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepTensor
import LockstepTesting

/// Makes the items and loaders that a configuration asks for.
struct ConfiguredData {
    /// Places of a text, classes of a target, different tokens.
    static let (length, classes, vocabulary) = (5, 3, 7)

    let configuration: Configuration
    /// How often larger the batches are than the configuration says: ranks, when each has a batch of its own.
    var batchFactor = 1
    /// The ranks, for data that lie once on a node.
    var ranks: (any Communicator)?

    private var dtype: DType { configuration["dtype"] == "float64" ? .float64 : .float32 }
    private var batchSize: Int { configuration.number("batch") * batchFactor }

    /// Training and validation loader.
    func loaders(path: String) throws -> DataLoaders {
        let seed = UInt64(configuration.number("seed"))
        let train = try loader(try items(configuration.number("items"), seed: 10 * seed), isTraining: true)
        let valid = try loader(try items(configuration.number("valid"), seed: 10 * seed + 5), isTraining: false)
        return DataLoaders(train, valid, path: path)
    }

    // MARK: Items

    /// `count` items in memory.
    private func items(_ count: Int, seed: UInt64) throws -> any Dataset {
        if configuration["model"] == "carriedLanguage" {
            let tokens = sampleIntegers(
                [count * ConfiguredData.length + 1], seed: seed, in: 0..<ConfiguredData.vocabulary)
            return LanguageModelDataset(
                tokens.ints, blockLength: ConfiguredData.length, arrangement: .streams(max(1, min(batchSize, count))))
        }
        func make() -> TensorDataset {
            TensorDataset(inputs: inputs(count, seed), targets: [targets(count, seed + 1)])
        }
        guard configuration["source"] == "shared", let ranks else { return make() }
        return try TensorDataset(sharedOver: ranks) { make() }
    }

    private func inputs(_ count: Int, _ seed: UInt64) -> [Tensor] {
        func numbers(_ shape: Shape, _ part: UInt64 = 0) -> Tensor {
            sample(shape, seed: seed + 100 * part, dtype: dtype)
        }
        switch configuration["model"] {
        case "conv", "convNorm", "convGroup", "convInstance": return [spoilt(numbers([count, 1, 6, 6]))]
        case "lstm", "gru", "stacked", "carried", "regularized":
            return [spoilt(numbers([count, ConfiguredData.length, 3]))]
        case "language", "gpt":
            return [sampleIntegers([count, ConfiguredData.length], seed: seed, in: 0..<ConfiguredData.vocabulary)]
        case "table": return [sampleIntegers([count, 2], seed: seed, in: 0..<3), spoilt(numbers([count, 2], 1))]
        case "pair": return [spoilt(numbers([count, 4])), numbers([count, 3], 1)]
        default: return [spoilt(numbers([count, 4]))]
        }
    }

    /// With one item that is not a number, if so chosen.
    private func spoilt(_ x: Tensor) -> Tensor {
        guard configuration.has("notANumber"), x.shape[0] > 2 else { return x }
        let hole = Tensor((0..<x.shape[0]).map { $0 == 2 ? Double.nan : 0 }).to(dtype)
        return x + hole.reshaped(Shape([x.shape[0]] + Array(repeating: 1, count: x.rank - 1)))
    }

    private func targets(_ count: Int, _ seed: UInt64) -> Tensor {
        switch configuration.targets {
        case .classes where configuration.isLanguage:
            return ignoring(
                sampleIntegers([count, ConfiguredData.length], seed: seed, in: 0..<ConfiguredData.vocabulary))
        case .classes: return ignoring(sampleIntegers([count], seed: seed, in: 0..<ConfiguredData.classes))
        case .numbers: return sample([count, 2], seed: seed, dtype: dtype)
        case .flags: return sampleIntegers([count, ConfiguredData.classes], seed: seed, in: 0..<2).to(dtype)
        case .positions: return sampleIntegers([count, 4], seed: seed, in: 0..<ConfiguredData.classes)
        }
    }

    /// With −100 where targets are to be ignored: some places, most, or every one of whole batches. Texts are padded.
    private func ignoring(_ y: Tensor) -> Tensor {
        let places = y.rank == 1 ? 1 : y.shape[1]
        func isIgnored(_ item: Int, _ place: Int) -> Bool {
            switch configuration["ignored"] {
            case "some": places == 1 ? item % 3 == 1 : place > item % 4
            case "most": places == 1 ? item % 4 != 0 : place >= item % 2
            case "batch": item / configuration.number("batch") % 2 == 1
            default: false
            }
        }
        let values = y.ints.enumerated().map { isIgnored($0 / places, $0 % places) ? -100 : $1 }
        return Tensor(values, shape: y.shape)
    }

    // MARK: Loaders

    private func loader(_ data: any Dataset, isTraining: Bool) throws -> any BatchSource {
        var options = DataLoader.Options()
        (options.batchSize, options.numWorkers, options.seed) = (batchSize, configuration.number("workers"), 7)
        if !isTraining, let size = Int(configuration["validBatch"]) { options.batchSize = size * batchFactor }
        options.shuffle = isTraining && configuration.has("shuffle")
        options.dropLast = isTraining && configuration.has("dropLast")
        if isTraining {
            switch configuration["sampling"] {
            case "weighted":
                options.sampling = .weighted((0..<data.count).map { Double($0 % 3) + 0.5 })
                options.shuffle = true
                return WeightedDataLoader(data, options: options)
            case "partial":
                options.sampling = .partial((data.count + 1) / 2)
                return PartialDataLoader(data, options: options)
            default: break
            }
        }
        switch configuration["source"] {
        case "items": return DataLoader(PlainItems(base: data), options: options)
        case "noisy": return DataLoader(NoisyItems(base: data), options: options)
        case "own": return OwnLoader(NoisyItems(base: data), options)
        case "skips": return DataLoader(SkippingItems(base: data), options: options)
        case "counted": return DataLoader(stream: ItemStream(base: data, count: data.count), options: options)
        case "stream": return DataLoader(stream: ItemStream(base: data, count: nil), options: options)
        case "parts": return DataLoader(stream: ItemParts(base: data, isUneven: false), options: options)
        case "unevenParts": return DataLoader(stream: ItemParts(base: data, isUneven: true), options: options)
        case "batches":
            return BatchList(
                try DataLoader(data, options: options).indexBatches(epoch: 0).compactMap {
                    try data.batch(at: $0, epoch: 0)
                })
        default: return DataLoader(data, options: options)
        }
    }
}
