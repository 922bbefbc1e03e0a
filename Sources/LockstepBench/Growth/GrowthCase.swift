// SPDX-License-Identifier: Apache-2.0
// What `lockstep bench growth` varies: the work that is given to one part, and its sizes.

/// One kind of work of which a cost may grow faster than it.
public enum GrowthCase: String, CaseIterable, Codable, Sendable {
    case blocks, report, texts, rows, firstBatch, columns, categories, predictions, save, load, names, characters
    case layers, sequence, batch, lengths, workers, mapped

    /// What is done.
    public var summary: String {
        switch self {
        case .blocks: "tensors made one after the other, each as large as half of those before: bytes"
        case .report: "a report on 20,000 answers: classes"
        case .texts: "a CSV file of seven columns of long texts, to its loaders: rows"
        case .rows: "a CSV file of twenty columns of numbers, to its loaders: rows"
        case .firstBatch: "the same, to the first batch: rows"
        case .columns: "a CSV file of two thousand rows of numbers, to its loaders: columns"
        case .categories: "a CSV file of four rows of each category, to its loaders: categories"
        case .predictions: "predictions of 256 numbers an item: items"
        case .save: "a model with Adam's moments to a file: parameters"
        case .load: "the same from a file: parameters"
        case .names: "a model of tensors of 16 numbers from a file: tensors"
        case .characters: "a text file to the loaders of its characters: bytes"
        case .layers: "steps of a network of layers of 128: layers"
        case .sequence: "steps of an LSTM: length of the sequences"
        case .batch: "steps of an LSTM: sequences of a batch"
        case .lengths: "steps of an LSTM over sequences of many lengths: the longest"
        case .workers: "batches of 36 MB that two threads make: batches"
        case .mapped: "a pass over a mapped array in shuffled batches: bytes"
        }
    }

    /// The sizes measured, each four times the one before.
    public var sizes: [Int] {
        switch self {
        case .blocks: [1 << 24, 1 << 26, 1 << 28, 1 << 30]
        case .report: [80, 320, 1280, 5120]
        case .texts: [15_625, 62_500, 250_000, 1_000_000]
        case .rows, .firstBatch: [15_625, 62_500, 250_000, 1_000_000]
        case .columns: [16, 64, 256, 1024]
        case .categories: [2_500, 10_000, 40_000, 160_000]
        case .predictions: [15_000, 60_000, 240_000, 960_000]
        case .save, .load: [1_562_500, 6_250_000, 25_000_000, 100_000_000]
        case .names: [160, 640, 2_560, 10_240]
        case .characters: [50 << 16, 50 << 18, 50 << 20, 200 << 20]
        case .layers: [8, 32, 128, 512]
        case .sequence: [32, 128, 512, 2048]
        case .batch: [8, 32, 128, 512]
        case .lengths: [15, 60, 240, 960]
        case .workers: [4, 16, 64, 256]
        case .mapped: [1 << 22, 1 << 24, 1 << 26, 1 << 28]
        }
    }

    /// Whether time is the disk's, which takes a little at once and a lot slowly: it is shown, and says nothing of the work.
    var isBoundByDisk: Bool { self == .save }

    /// Whether no more is to be held at once than a part, however many pass.
    var holdsOnePart: Bool { self == .workers || self == .mapped }

    /// Bytes that the data themselves take at a size: what memory is compared with.
    func bytes(_ size: Int) -> Int {
        switch self {
        case .blocks: size
        case .report: 20_000 * 16 + size * 32
        case .texts, .rows, .firstBatch: size * 20 * 4
        case .columns: size * 2000 * 4
        case .categories: size * 4 * 4
        case .predictions: size * 256 * 4
        case .save, .load: size * 12
        case .names: size * 16 * 12
        case .characters, .mapped: size
        // What eight gates of 64 numbers take.
        case .sequence, .lengths: size * 16 * 64 * 8 * 4
        case .batch: size * 64 * 64 * 8 * 4
        case .layers: size * 128 * 128 * 4
        case .workers: size * GrowthTraining.largeBatch * 4
        }
    }
}
