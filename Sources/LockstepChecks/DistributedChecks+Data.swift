// SPDX-License-Identifier: Apache-2.0
// Checks of what is random about items, of streams and of shared data: W ranks see what one process sees.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// The numbers 0 ..< `count`, disturbed by what is drawn for the item.
private struct NoisyRows: Dataset {
    let count: Int
    let inputCount = 1
    func item(at index: Int) -> Sample { item(at: index, context: ItemContext(seed: 0, epoch: 0, index: index)) }
    func item(at index: Int, context: ItemContext) -> Sample {
        var generator = context.generator()
        let x = Float.random(in: -1..<1, using: &generator) + Float(index) / Float(max(1, count))
        return Sample(inputs: [Tensor([x])], targets: [Tensor([2 * x + 3])])
    }
}

/// The rows of a line, one after another, without saying how many.
struct LineStream: StreamDataset {
    let length: Int
    func samples(epoch: Int) -> () throws -> Sample? {
        var index = 0
        return {
            guard index < length else { return nil }
            defer { index += 1 }
            return row(index + epoch)
        }
    }
}

/// As many rows for each rank as `lengths` says.
struct UnevenStream: PartitionedStream {
    let lengths: [Int]
    func samples(epoch: Int, part: Int, of count: Int) -> () throws -> Sample? {
        LineStream(length: part < lengths.count ? lengths[part] : 0).samples(epoch: epoch + 10 * part)
    }
}

/// The rows of one process, every n-th of them for each rank.
struct StripedStream: PartitionedStream {
    let length: Int
    func samples(epoch: Int, part: Int, of count: Int) -> () throws -> Sample? {
        var index = part
        return {
            guard index < length else { return nil }
            defer { index += count }
            return row(index)
        }
    }
}

private func row(_ index: Int) -> Sample {
    let x = Float(index % 7) / 4 - 1
    return Sample(inputs: [Tensor([x])], targets: [Tensor([2 * x + 3])])
}

extension DistributedChecks {
    private static func lineLearner(_ train: DataLoader, _ valid: DataLoader) -> Learner {
        Learner(
            dls: DataLoaders(train, valid), model: RegressionModel(), loss: .mse, optimizer: .sgd(mom: 0.9), lr: 0.05,
            callbacks: [Recorder()], metrics: [.mae], defaultCallbacks: .core)
    }

    @Sendable static func augmentation(_ c: any Communicator) throws {
        for (rows, batchSize, workers) in [(13, 4, 0), (9, 3, 2)] {
            try compare(c, "\(rows) augmented rows, \(workers) workers") {
                let train = DataLoader(
                    NoisyRows(count: rows), batchSize: batchSize, shuffle: true, numWorkers: workers, seed: 3)
                return lineLearner(train, DataLoader(NoisyRows(count: 5), batchSize: batchSize))
            }
        }
    }

    @Sendable static func mixing(_ c: any Communicator) throws {
        for (rows, batchSize) in [(16, 8), (11, 4), (5, 1)] {
            try compare(c, "MixUp of \(rows) rows in batches of \(batchSize)") {
                learner(rows: rows, batchSize: batchSize, shuffle: true, callbacks: [MixUp()])
            }
            try compare(c, "CutMix of \(rows) images in batches of \(batchSize)") {
                let images = sample([rows, 1, 6, 6], seed: 8)
                let classes = sampleIntegers([rows], seed: 9, in: 0..<3)
                setSeed(4)
                let data = DataLoader(
                    TensorDataset(inputs: [images], targets: [classes]), batchSize: batchSize, shuffle: true)
                let valid = DataLoader(TensorDataset(inputs: [images], targets: [classes]), batchSize: batchSize)
                return Learner(
                    dls: DataLoaders(data, valid),
                    model: Sequential {
                        Flatten(); Linear(36, 3)
                    }, loss: .crossEntropy,
                    optimizer: .sgd(mom: 0.9), lr: 0.05, callbacks: [Recorder(), CutMix()], defaultCallbacks: .core)
            }
        }
    }

    @Sendable static func dropoutWhilePredicting(_ c: any Communicator) throws {
        func make() -> Learner {
            setSeed(6)
            let data = DataLoader(
                TensorDataset(inputs: [sample([11, 4], seed: 5)], targets: [.zeros([11, 2])]), batchSize: 4)
            return Learner(
                dls: DataLoaders(data, data),
                model: Sequential {
                    Linear(4, 16); Dropout(0.5); Linear(16, 2)
                },
                loss: .mse, defaultCallbacks: .core)
        }
        let (alone, together) = (make(), make())
        let one = try alone.predictions(callbacks: [MCDropoutCallback()]).predictions.doubles
        let plain = try alone.predictions().predictions.doubles
        try require(!close(one, plain), "dropout was off while predicting")
        try together.distributed(over: c) {
            let many = try together.predictions(callbacks: [MCDropoutCallback()]).predictions.doubles
            try require(close(many, c.rank == 0 ? one : []), "\(many), one process \(one)")
        }
    }

    @Sendable static func streams(_ c: any Communicator) throws {
        for (length, batchSize) in [(11, 4), (8, 4), (3, 8), (0, 2)] {
            for convention in [BatchConvention.global, .perRank]
            where c.size == 1 || convention == .global || length > 0 {
                func make(_ size: Int) -> Learner {
                    let stream = LineStream(length: length)
                    return lineLearner(
                        DataLoader(stream: stream, options: options(size)),
                        DataLoader(stream: stream, options: options(size)))
                }
                // W ranks of bs are one process of W·bs.
                let alone = make(convention == .global ? batchSize : batchSize * c.size)
                let together = make(batchSize)
                try alone.withoutLogging { try alone.fit(3) }
                try together.withoutLogging {
                    try together.distributed(over: c, batch: convention) { try together.fit(3) }
                }
                let what = "a stream of \(length), \(convention) batches of \(batchSize)"
                let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                try require(close(many, one), "\(what): weights \(many), one process \(one)")
                let rows = [together, alone].map { ($0.recorder?.values ?? []).flatMap { $0.map { $0 ?? -1 } } }
                try require(close(rows[0], rows[1]), "\(what): rows \(rows[0]), one process \(rows[1])")
                try require(length == 0 || alone.trainIter > 0, "\(what): nothing was trained")
            }
        }
    }

    @Sendable static func unevenStreams(_ c: any Communicator) throws {
        // The last rank has the most, the first none at all.
        let lengths = (0..<c.size).map { $0 * 5 + (c.size == 1 ? 4 : 0) }
        let stream = UnevenStream(lengths: lengths)
        let learner = lineLearner(
            DataLoader(stream: stream, options: options(2 * c.size)),
            DataLoader(stream: stream, options: options(2 * c.size)))
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        let facts = try c.allGather(parameters(learner).map(Double.init) + [Double(learner.trainIter)])
        try require(
            (0..<c.size).allSatisfy { rank in (0..<3).allSatisfy { facts[3 * rank + $0] == facts[$0] } },
            "weights and steps of the ranks: \(facts)")
        let longest = ((lengths.max() ?? 0) + 1) / 2
        try require(learner.trainIter == 2 * longest, "\(learner.trainIter) steps for parts of \(lengths) in twos")
    }

    @Sendable static func partitionedStreams(_ c: any Communicator) throws {
        for (length, perRank, n, dropLast) in [
            (4, 5, nil, true), (4, 1, nil, true), (13, 2, nil, true), (12, 2, nil, true), (13, 2, nil, false),
            (12, 2, 7, true),
            (12, 1, 6, false), (0, 2, nil, true),
        ] as [(Int, Int, Int?, Bool)] {
            for workers in [0, 1] {
                func make() -> Learner {
                    var options = options(perRank * c.size, dropLast: dropLast)
                    (options.n, options.numWorkers) = (n, workers)
                    let stream = StripedStream(length: length)
                    return lineLearner(
                        DataLoader(stream: stream, options: options), DataLoader(stream: stream, options: options))
                }
                let (alone, together) = (make(), make())
                try alone.withoutLogging { try alone.fit(2) }
                try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
                let what =
                    "\(length) rows, \(perRank) a rank and batch, n \(n ?? -1), dropLast \(dropLast), \(workers) workers"
                try require(
                    alone.trainIter == together.trainIter,
                    "\(what): \(together.trainIter) steps, one process \(alone.trainIter)")
                let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                try require(close(many, one), "\(what): weights \(many), one process \(one)")
            }
        }
        // Fewer items in a batch than ranks: nobody's part is lost.
        let few = lineLearner(
            DataLoader(stream: StripedStream(length: 3 * c.size), options: options(1)),
            DataLoader(stream: StripedStream(length: 1), options: options(1)))
        try few.withoutLogging { try few.distributed(over: c) { try few.fit(1) } }
        try require(few.trainIter == 3, "batches of one row on \(c.size) ranks trained \(few.trainIter) steps of three")
    }

    private static func options(_ batchSize: Int, dropLast: Bool = false) -> DataLoader.Options {
        var options = DataLoader.Options()
        (options.batchSize, options.dropLast) = (batchSize, dropLast)
        return options
    }

    @Sendable static func sharedData(_ c: any Communicator) throws {
        var made = 0
        let data = try TensorDataset(sharedOver: c) {
            made += 1
            return TensorDataset(
                inputs: [sample([101, 3], seed: 2), sampleIntegers([101, 2, 2], seed: 3, in: 0..<200).to(.uint8)],
                targets: [.arange(101)])
        }
        let own = sample([101, 3], seed: 2)
        try require(data.inputs[0].floats == own.floats, "rank \(c.rank) sees other inputs")
        try require(data.targets[0].ints == Array(0..<101), "rank \(c.rank) sees other targets \(data.targets[0].ints)")
        try require(data.count == 101 && data.inputCount == 2, "\(data.count) items of \(data.inputCount) inputs")
        let places = try c.allGather([UInt64(UInt(bitPattern: data.inputs[0].unsafePointer))])
        let makers = try c.allReduce(made, .sum)
        // One address on all threads of a process; processes map it where they like.
        if c is InProcessCommunicator {
            try require(Set(places).count == c.nodeCount, "\(Set(places).count) copies on \(c.nodeCount) nodes")
        }
        let isShared = try c.allocateShared(byteCount: 8).peers.count == c.localSize
        if isShared { try require(makers == c.nodeCount, "made \(makers) times on \(c.nodeCount) nodes") }
        guard c.size > 1 else { return }
        let thrown = try c.allReduce(
            error { _ = try TensorDataset(sharedOver: c) { throw CheckFailure("no such file") } } ? 1 : 0)
        try require(thrown == c.size, "\(thrown) of \(c.size) ranks learnt that the data could not be made")
    }

    private static func error(_ body: () throws -> Void) -> Bool {
        do { try body() } catch { return "\(error)".contains("no such file") }
        return false
    }
}
