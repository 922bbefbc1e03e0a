// SPDX-License-Identifier: Apache-2.0
// Checks of inference on several ranks: rank 0 has what one process has, the others the same parts without items.

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
    static let inference: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("D19 predictions with every option are one process's", predictionOptions),
        ("D19 a rank that a stream gives nothing has the same parts of predictions", predictionsOfParts),
        ("D19 predictions written to files are one process's, and nobody keeps them", streamedPredictions),
        ("D19 test-time augmentation averages what one process averages", averagedPasses),
        ("D19 fetching predictions after validation changes nothing else", fetchedPredictions),
        ("D20 predict and showResults run on one rank alone", oneRankAlone),
        ("[DIST-25] one history file, and its failure is everyone's", oneHistoryFile),
        ("mixed precision leaves out the same steps on all ranks", mixedPrecision),
    ]

    /// Names, and values of the parts.
    private static func parts(_ result: Predictions) -> [(String, [[Double]]?)] {
        result.parts.map { ($0.name, $0.tensors?.map(\.doubles)) }
    }

    private static func same(_ a: [(String, [[Double]]?)], _ b: [(String, [[Double]]?)]) -> Bool {
        a.count == b.count
            && zip(a, b).allSatisfy { x, y in
                x.0 == y.0 && (x.1 == nil) == (y.1 == nil) && zip(x.1 ?? [], y.1 ?? []).allSatisfy { close($0, $1) }
            }
    }

    @Sendable static func predictionsOfParts(_ c: any Communicator) throws {
        let lengths = (0..<c.size).map { $0 == 0 && c.size > 1 ? 0 : 3 }
        var options = DataLoader.Options()
        options.batchSize = 2 * c.size
        let loader = DataLoader(stream: UnevenStream(lengths: lengths), options: options)
        let learner = learner(rows: 4, batchSize: 2)
        let result = try learner.distributed(over: c) {
            try learner.predictions(on: .loader(loader), withInput: true, withDecoded: true, withLoss: true)
        }
        let count = c.rank == 0 ? lengths.reduce(0, +) : 0
        let found = result.parts.map { ($0.name, ($0.tensors ?? []).map { $0.dim(0) }) }
        try require(
            found.map(\.0) == ["inputs", "predictions", "targets", "decoded", "losses"]
                && found.allSatisfy { $0.1.allSatisfy { $0 == count } && (c.rank > 0 || $0.1.count == 1) },
            "rank \(c.rank) has \(found), expected \(count) of each")
    }

    @Sendable static func predictionOptions(_ c: any Communicator) throws {
        for rows in [0, 1, 5] {
            for flags in 0..<32 {
                func has(_ bit: Int) -> Bool { flags & 1 << bit != 0 }
                func run(_ learner: Learner) throws -> Predictions {
                    try learner.predictions(
                        withInput: has(0), withDecoded: has(1), withLoss: has(2), withPredictions: has(3),
                        withTargets: has(4))
                }
                let alone = try run(learner(rows: 4, batchSize: 2, validRows: rows))
                let together = learner(rows: 4, batchSize: 2, validRows: rows)
                let result = try together.distributed(over: c) { try run(together) }
                if c.rank == 0 {
                    try require(
                        same(parts(result), parts(alone)),
                        "\(rows) rows, flags \(flags): \(parts(result)), one process \(parts(alone))")
                } else {
                    try require(
                        result.count == 0 && parts(result).map(\.0) == parts(alone).map(\.0),
                        "\(rows) rows, flags \(flags): rank \(c.rank) has \(parts(result))")
                }
            }
        }
    }

    /// A new folder that all ranks know, removed at the end.
    private static func withSharedFolder(_ c: any Communicator, _ body: (String) throws -> Void) throws {
        var path = FileManager.default.temporaryDirectory.appending(path: "lockstep-check-\(UUID().uuidString)").path
        path = try c.broadcast(path, name: "folder")
        try c.onRankZero("folder") {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        defer { if c.rank == 0 { try? FileManager.default.removeItem(atPath: path) } }
        try body(path)
        try c.barrier(name: "folder")
    }

    @Sendable static func streamedPredictions(_ c: any Communicator) throws {
        for (rows, batchSize) in [(7, 3), (5, 1), (0, 2)] {
            try withSharedFolder(c) { folder in
                let learner = learner(rows: 4, batchSize: batchSize, validRows: rows)
                let result = try learner.distributed(over: c) { try learner.predictions(savePredictions: folder) }
                try require(result.outputs == nil, "rank \(c.rank) kept predictions")
                let saved = try SavedPredictions(folder)
                let expected = Tensor.linspace(-2, 2, count: rows).floats.map { Double($0) * 0.5 - 0.5 }
                let actual = try saved.all()?.doubles ?? []
                try require(
                    close(actual, expected) && saved.batchCount == (rows + batchSize - 1) / batchSize,
                    "\(rows) rows in batches of \(batchSize): \(saved.batchCount) files with \(actual), expected \(expected)"
                )
                let learner2 = DistributedChecks.learner(rows: 4, batchSize: 2)
                var failed = false
                do {
                    _ = try learner2.distributed(over: c) {
                        try learner2.predictions(savePredictions: folder + "/missing")
                    }
                } catch { failed = "\(error)".contains("missing") }
                try require(failed, "rank \(c.rank) does not know that the folder is missing")
            }
        }
    }

    /// Adds a random number to each item.
    private struct Shift: RandomTransform {
        var encodes: [TypedFunction] {
            [
                TypedFunction { (x: Tensor, context: TransformContext) in
                    var generator = context.generator()
                    return x + Tensor.uniform([1], low: 0, high: 1, using: &generator)
                }
            ]
        }
    }

    @Sendable static func averagedPasses(_ c: any Communicator) throws {
        for (rows, batchSize) in [(7, 3), (1, 2), (0, 2)] {
            func make() throws -> Learner {
                let x = Tensor.linspace(-2, 2, count: rows).reshaped([rows, 1])
                let data = TensorDataset(inputs: [x], targets: [x])
                let loader = try TransformedDataLoader(data, batchSize: batchSize, splitIndex: 1, afterItem: [Shift()])
                return Learner(
                    dls: DataLoaders(loader, loader), model: RegressionModel(), loss: .mse, defaultCallbacks: .core)
            }
            for beta in [nil, 0.25] {
                let alone = try make().tta(n: 3, beta: beta).predictions
                let learner = try make()
                let together = try learner.distributed(over: c) { try learner.tta(n: 3, beta: beta).predictions }
                let wanted = c.rank == 0 ? alone.predictions.doubles : []
                try require(
                    close(together.predictions.doubles, wanted),
                    "\(rows) rows, beta \(beta as Any): \(together.predictions.doubles), expected \(wanted)")
                try require(c.rank > 0 || together.count == rows, "\(together.count) of \(rows) items")
            }
        }
    }

    @Sendable static func fetchedPredictions(_ c: any Communicator) throws {
        let fetch = FetchPredsCallback()
        let (plain, fetching) = (
            learner(rows: 8, batchSize: 4, metrics: [.mae]),
            learner(rows: 8, batchSize: 4, callbacks: [fetch], metrics: [.mae])
        )
        for learner in [plain, fetching] {
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        }
        try require(plain.recorder?.values == fetching.recorder?.values, "the rows differ")
        try require(
            fetch.predictions?.count == (c.rank == 0 ? 6 : 0), "rank \(c.rank) has \(fetch.predictions?.count ?? -1)")
    }

    @Sendable static func oneRankAlone(_ c: any Communicator) throws {
        let learner = learner(rows: 8, batchSize: 4)
        try learner.withoutLogging {
            try learner.distributed(over: c) {
                try learner.fit(1)
                if c.rank == 0 {
                    let result = try learner.predict(Tensor([2]))
                    let weights = parameters(learner)
                    try require(
                        close(result.output.doubles, [Double(2 * weights[0] + weights[1])]),
                        "predicted \(result.output)")
                    let shown = try learner.showResults(console: nil)
                    try require(shown.items.count == 4, "\(shown.items.count) items are shown")
                }
                try learner.on(.afterBatch) { learner in
                    if learner.training, c.rank == 0 { _ = try learner.predict(Tensor([2])) }
                }
                try learner.fit(1)
            }
        }
        let weights = try c.allGather(parameters(learner))
        try require((0..<c.size).allSatisfy { weights[2 * $0] == weights[0] }, "weights differ: \(weights)")
    }

    @Sendable static func oneHistoryFile(_ c: any Communicator) throws {
        try withSharedFolder(c) { folder in
            let learner = learner(rows: 8, batchSize: 4, callbacks: [CSVLogger()], path: folder)
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(3) } }
            let text = String(decoding: try Files.read(folder + "/history.csv"), as: UTF8.self)
            try require(text.split(separator: "\n").count == 4, "the file holds \(text)")
            let other = DistributedChecks.learner(
                rows: 8, batchSize: 4, callbacks: [CSVLogger(filename: "no/such/file.csv")], path: folder)
            var said = ""
            do { try other.withoutLogging { try other.distributed(over: c) { try other.fit(1) } } } catch {
                said = "\(error)"
            }
            try require(said.contains("no/such/file.csv"), "rank \(c.rank) was told “\(said)”")
        }
    }

    @Sendable static func mixedPrecision(_ c: any Communicator) throws {
        func make() -> (Learner, MixedPrecision) {
            let callback = MixedPrecision(initialScale: 1_048_576, growthInterval: 4)
            let x = sample([22, 4], seed: 5)
            let y = sampleIntegers([22], seed: 6, in: 0..<3)
            setSeed(3)
            let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 6)
            let learner = Learner(
                dls: DataLoaders(data, data),
                model: Sequential {
                    Linear(4, 8); ReLU(); Linear(8, 3)
                }, loss: .crossEntropy,
                optimizer: .sgd(mom: 0.9), lr: 0.05, callbacks: [Recorder(), callback], defaultCallbacks: .core)
            return (learner, callback)
        }
        let ((alone, one), (together, many)) = (make(), make())
        try alone.withoutLogging { try alone.fit(2) }
        try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
        let counts = try c.allGather([many.skippedSteps, Int(many.scale)])
        try require(
            (0..<c.size).allSatisfy { counts[2 * $0] == counts[0] && counts[2 * $0 + 1] == counts[1] },
            "the ranks left out and scaled by \(counts)")
        try require(
            abs(many.skippedSteps - one.skippedSteps) <= 1, "\(many.skippedSteps) left out, alone \(one.skippedSteps)")
        guard many.skippedSteps == one.skippedSteps else { return }
        let (first, second) = (alone.recorder?.losses ?? [], together.recorder?.losses ?? [])
        try require(close(second, first, 3e-3), "losses \(second), one process \(first)")
    }
}
