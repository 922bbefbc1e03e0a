// SPDX-License-Identifier: Apache-2.0
// A loader of one's own works everywhere a `DataLoader` does, alone and on ranks: the same bits.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// Rows of a line, disturbed by what is drawn for the item in an epoch; some may leave themselves out.
private struct NoisyLine: Dataset {
    let count: Int
    var skips = false
    let inputCount = 1
    func item(at index: Int) throws -> Sample {
        try item(at: index, context: ItemContext(seed: 0, epoch: 0, index: index))
    }
    func item(at index: Int, context: ItemContext) throws -> Sample {
        if skips, index % 5 == 3 { throw SkipItem() }
        var generator = context.generator()
        let x = Float.random(in: -0.25..<0.25, using: &generator) + Float(index) / Float(count)
        return Sample(inputs: [Tensor([x])], targets: [Tensor([2 * x + Float(index)])])
    }
}

/// The same rows, made into batches by a class that knows nothing of ours.
private final class LineLoader: IndexedBatchSource {
    var options: DataLoader.Options
    var epoch = 0
    let inputCount = 1
    private let rows: NoisyLine
    /// Whether the order is told to depend on nothing but seed and epoch.
    let ordersBySeed: Bool
    /// Added to the order's seed: a rank whose loader orders otherwise.
    var disorder: UInt64 = 0
    var skipsItems: Bool { rows.skips }

    init(_ rows: NoisyLine, _ options: DataLoader.Options, ordersBySeed: Bool = false) {
        (self.rows, self.options, self.ordersBySeed) = (rows, options, ordersBySeed)
    }

    func indices(epoch: Int) -> [Int] {
        var own = options
        own.seed += disorder
        return own.indices(of: rows.count, epoch: epoch)
    }

    func batch(of indices: [Int], epoch: Int) throws -> Batch {
        let samples = try indices.compactMap { index in
            do {
                return try rows.item(at: index, context: ItemContext(seed: options.seed, epoch: epoch, index: index))
            } catch is SkipItem { return nil }
        }
        if samples.isEmpty { return Batch(inputs: [.zeros([0, 1])], targets: [.zeros([0, 1])]) }
        return Batch(
            inputs: [.stacked(samples.map { $0.inputs[0] })], targets: [.stacked(samples.map { $0.targets[0] })])
    }
}

@Suite("A loader of one's own instead of a DataLoader") struct OwnLoaderTests {
    private func options(_ change: (inout DataLoader.Options) -> Void = { _ in }) -> DataLoader.Options {
        var options = DataLoader.Options()
        (options.batchSize, options.shuffle, options.dropLast, options.seed) = (4, true, true, 5)
        change(&options)
        return options
    }

    private func learner(
        own: Bool, skips: Bool = false, ordersBySeed: Bool = false,
        _ change: (inout DataLoader.Options) -> Void = { _ in }
    ) -> Learner {
        setSeed(3)
        func loader(_ count: Int, _ options: DataLoader.Options) -> any BatchSource {
            let rows = NoisyLine(count: count, skips: skips)
            return own
                ? LineLoader(rows, options, ordersBySeed: ordersBySeed) : DataLoader(rows, options: options)
        }
        let valid = options {
            change(&$0)
            ($0.shuffle, $0.dropLast) = (false, false)
        }
        return Learner(
            dls: DataLoaders(loader(18, options(change)), loader(7, valid)),
            model: Sequential { Linear(1, 1) }, loss: .mse, optimizer: .sgd(mom: 0.9), lr: 0.05,
            callbacks: [Recorder()], metrics: [.mae], defaultCallbacks: .core, seed: 5)
    }

    /// What training and all kinds of inference give, on each rank.
    private func outcome(
        ranks: Int, _ make: @escaping @Sendable () -> Learner
    ) throws -> [[String: [Double]]] {
        try InProcessWorld(ranks).run { communicator in
            let learner = make()
            if let own = learner.dls.train as? LineLoader, !own.ordersBySeed {
                own.disorder = UInt64(communicator.rank)
            }
            var found: [String: [Double]] = [:]
            try learner.distributed(over: communicator) {
                try learner.withoutLogging { try learner.fit(2) }
                found["weights"] = learner.model.parameters().flatMap { $0.value.doubles }
                found["record"] = (learner.recorder?.values ?? []).flatMap { $0.map { $0 ?? -1 } }
                for (name, source) in [("train", DataSource.train), ("valid", .valid)] {
                    let all = try learner.predictions(on: source, withInput: true, withLoss: true)
                    found["predictions of \(name)"] = (all.outputs ?? []).flatMap(\.doubles)
                    found["targets of \(name)"] = all.targets.flatMap(\.doubles)
                    found["inputs of \(name)"] = (all.inputs ?? []).flatMap(\.doubles)
                    found["losses of \(name)"] = all.losses?.doubles ?? []
                    found["tta of \(name)"] = try learner.tta(on: source, n: 3).predictions.outputs?.flatMap(\.doubles)
                    found["tta of \(name) with transforms"] = try learner.tta(
                        on: source, n: 2, itemTransforms: [FunctionTransform { (x: Tensor) in x * 2 }],
                        batchTransforms: [FunctionTransform { (x: Tensor) in x + 1 }]
                    ).predictions.outputs?.flatMap(\.doubles)
                }
                let shown = try learner.showResults(on: .valid, maxCount: 3, console: nil)
                found["shown \(shown.text(width: 80, usesColor: false))"] = [Double(shown.items.count)]
            }
            return found
        }
    }

    @Test("its transforms are undone where results are shown", arguments: [1, 2], [false, true])
    func shown(ranks: Int, shuffles: Bool) throws {
        func texts(own: Bool) throws -> [String] {
            try InProcessWorld(ranks).run { communicator in
                let options = options {
                    ($0.shuffle, $0.dropLast) = (false, false)
                    $0.transforms.afterBatch.insert([
                        FunctionTransform({ (x: Tensor) in x * 64 }, decode: { (x: Tensor) in x / 64 })
                    ])
                }
                let rows = NoisyLine(count: 7)
                let loader =
                    own ? LineLoader(rows, options) as any BatchSource : TransformedDataLoader(rows, options: options)
                let learner = withSeed(3) {
                    Learner(
                        dls: DataLoaders(loader, loader), model: Linear(1, 1), loss: .mse, defaultCallbacks: .core,
                        seed: 5)
                }
                return try learner.distributed(over: communicator) {
                    try learner.showResults(maxCount: 3, shuffle: shuffles, console: nil)
                        .text(width: 80, usesColor: false)
                }
            }
        }
        #expect(try texts(own: true) == texts(own: false))
    }

    @Test(
        "training, predictions in order, augmentation at test time and shown results are a DataLoader's, bit by bit",
        arguments: 1...3, [(0, false), (2, false), (0, true)])
    func everywhere(ranks: Int, _ kind: (workers: Int, skips: Bool)) throws {
        let ours = try outcome(ranks: ranks) {
            learner(own: false, skips: kind.skips) { $0.numWorkers = kind.workers }
        }
        let own = try outcome(ranks: ranks) {
            learner(own: true, skips: kind.skips) { $0.numWorkers = kind.workers }
        }
        for (a, b) in zip(own, ours) {
            #expect(a.keys.sorted() == b.keys.sorted())
            for name in b.keys.sorted() { #expect(a[name] == b[name], "\(name)") }
        }
        let (trained, items) = (ours[0]["targets of train"] ?? [], kind.skips ? 15 : 18)
        #expect(trained.count == items && zip(trained, trained.dropFirst()).allSatisfy { $0 < $1 })
        #expect(own[0]["tta of valid"]?.isEmpty == false)
    }

    @Test("a loader that says its order follows from the seed needs no order of rank 0's", arguments: 1...3)
    func bySeed(ranks: Int) throws {
        let ours = try outcome(ranks: ranks) { learner(own: false) }
        let own = try outcome(ranks: ranks) { learner(own: true, ordersBySeed: true) }
        for (a, b) in zip(own, ours) {
            for name in b.keys.sorted() { #expect(a[name] == b[name], "\(name)") }
        }
    }

    @Test("each rank is asked for its own items only")
    func ownItemsOnly() throws {
        let asked = try InProcessWorld(3).run { communicator in
            let loader = LineLoader(NoisyLine(count: 13), options { $0.dropLast = false })
            var seen: [[Int]] = []
            loader.options.hooks.afterBatch = { batch, context in
                seen.append(context.indices)
                return batch
            }
            var batches = try ShardedDataLoader(loader, over: communicator).makeIterator(epoch: 2)
            while try batches.next() != nil {}
            return seen
        }
        let whole = LineLoader(NoisyLine(count: 13), options()).indices(epoch: 2)
        let shared = (0..<4).flatMap { batch in asked.flatMap { $0[batch] } }
        #expect(shared == whole)
    }
}
