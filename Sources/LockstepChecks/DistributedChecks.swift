// SPDX-License-Identifier: Apache-2.0
// Checks of data-parallel training: the same bodies run alone, on threads, and under mpirun.

import Foundation
public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// Checks of the distributed callback; each is collective, leaves the communicator usable, and throws `CheckFailure`.
public enum DistributedChecks {
    /// Every check, with the promise it checks.
    public static let all: [(name: String, body: @Sendable (any Communicator) throws -> Void)] =
        [
            ("D1/D5 training equals one process, step by step", trainingEqualsOneProcess),
            ("D5 the validation loss of a loss that adds up its items is one process's", summedValidation),
            ("D4 a second DistributedCallback is refused", refusesTwice),
            ("D7 a parameter without a gradient on some ranks counts as zero there", unusedParameters),
            ("D8 two runs give the same bits", repeatable),
            ("D9 replicas that drift apart are noticed on every rank, with the parameter", drift),
            ("D10 averaged running statistics are the same everywhere", averagedStatistics),
            ("D12 a loader with an order of its own follows rank 0's", ownSampling),
            ("D13 W ranks with a batch each equal one process with a batch W times as large", batchPerRank),
            ("D25 a file that rank 0 cannot read fails everywhere, and training can go on", failedReads),
            ("D14 random changes of an item do not depend on the number of ranks", augmentation),
            ("MixUp and CutMix find the partners that one process would", mixing),
            ("Monte Carlo dropout draws one process's masks", dropoutWhilePredicting),
            ("a stream of unknown length trains and ends as in one process", streams),
            ("ranks whose parts of a stream end at different times end together", unevenStreams),
            ("a stream in parts trains what one process trains, incomplete batches dropped or not", partitionedStreams),
            ("[DIST-34] a run interrupted on 2 ranks goes on, in mid-epoch, on any number", resuming),
            ("D22 a stop request of one rank stops and saves all", stopRequests),
            ("data that lie once on a node are the same everywhere", sharedData),
            ("a trace holds the spans of all ranks", traces),
            ("times are reported for every rank", timeReports),
            ("D5 a loss that adds up its items adds up over ranks", summedLoss),
            ("[DIST-21] the golden run of two ranks with a global batch", goldenRun),
            ("[DIST-20] every item is predicted once, in the data set's order", predictionsInOrder),
            ("[DIST-24] metrics equal one process's, whatever their kind", metricsEqualOneProcess),
            ("[DIST-24] F1, ROC, kappa, correlations, Dice and BLEU equal one process's", wholeSetMetrics),
            ("[DIST-25] one log, one file", oneWriter),
            ("[DIST-26] everyone starts from rank 0's weights", startFromRankZero),
            ("D15 fewer items than ranks", fewerItemsThanRanks),
            ("D10 batch norm and dropout do not depend on the number of ranks", normAndDropout),
            ("[DIST-22] a signal of one rank is everyone's", signalsAreShared),
            ("[DIST-22] NaN on one rank stops all at the same step", notANumber),
            ("[DIST-32] frozen groups stay as they are", frozenGroups),
            ("[DIST-33] ranks with different models refuse to start", differentModels),
            ("D3 everything is put back", everythingIsPutBack),
            ("[DIST-27] accumulation counts the global batch: steps and weights are one process's", accumulation),
            ("[DIST-28] clipping sees the averaged gradient, wherever it was added", clipping),
            ("[DIST-30] the learning rate finder leaves all ranks as they were", finder),
            ("[DIST-31] trackers decide alike on all ranks", trackers),
            ("[SAVE-08] weights saved on several ranks have the model's names", savedNames),
            ("[EXP-01] a learner exported on several ranks is written once and there for all", exportedOnce),
            ("weights come from a file that all ranks see, or only rank 0", loadedFromDisks),
        ] + inference + merging + givenUp + setup + mergeable + singleValue + types + numbers + notFinite

    /// A learner of `rows` rows of y = 2x + 3 in batches of `batchSize`, not shuffled unless asked.
    static func learner(
        rows: Int, batchSize: Int, shuffle: Bool = false, optimizer: OptimizerFactory = .sgd(mom: 0.9),
        lr: Double = 0.05,
        callbacks: [Callback] = [], metrics: [Metric] = [], a: Double = 0.5, b: Double = -0.5, validRows: Int = 6,
        path: String = ".", model: Module? = nil
    ) -> Learner {
        func data(_ count: Int) -> DataLoader {
            let x = Tensor.linspace(-2, 2, count: count).reshaped([count, 1])
            return DataLoader(
                TensorDataset(inputs: [x], targets: [x * 2 + 3]), batchSize: batchSize,
                shuffle: shuffle && count == rows, seed: 7)
        }
        return Learner(
            dls: DataLoaders(data(rows), data(validRows), path: path), model: model ?? RegressionModel(a: a, b: b),
            loss: .mse,
            optimizer: optimizer, lr: .value(lr), callbacks: [Recorder()] + callbacks, metrics: metrics,
            defaultCallbacks: .core)
    }

    static func parameters(_ learner: Learner) -> [Float] {
        learner.model.namedParameters().flatMap { $0.parameter.value.floats }
    }

    static func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-5) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }

    static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw CheckFailure(message()) }
    }

    // MARK: Training

    @Sendable static func trainingEqualsOneProcess(_ c: any Communicator) throws {
        for (rows, batchSize) in [(8, 4), (23, 5), (7, 8), (5, 1), (9, 64)] {
            for factory in [OptimizerFactory.sgd(mom: 0.9), .adam()] {
                func make() -> Learner {
                    learner(rows: rows, batchSize: batchSize, shuffle: true, optimizer: factory, metrics: [.mae])
                }
                let alone = make()
                try alone.withoutLogging { try alone.fit(3) }
                let together = make()
                try together.withoutLogging { try together.distributed(over: c) { try together.fit(3) } }
                let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                try require(
                    close(many, one), "\(rows) rows in batches of \(batchSize): weights \(many), one process \(one)")
                let (first, second) = (alone.recorder?.losses ?? [], together.recorder?.losses ?? [])
                try require(
                    close(second, first),
                    "\(rows) rows in batches of \(batchSize): losses \(second), one process \(first)")
                let rowsAlone = (alone.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } }
                let rowsTogether = (together.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } }
                try require(close(rowsTogether, rowsAlone), "rows \(rowsTogether), one process \(rowsAlone)")
                if c.size == 1 {
                    try require(parameters(alone) == parameters(together), "one rank: not bit-identical")
                }
            }
        }
    }

    @Sendable static func summedLoss(_ c: any Communicator) throws {
        func make() -> Learner {
            let learner = learner(rows: 7, batchSize: 3, optimizer: .sgd(), lr: 0.01)
            learner.lossFunction.reduction = .sum
            return learner
        }
        let (alone, together) = (make(), make())
        try alone.withoutLogging { try alone.fit(2) }
        try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
        let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
        try require(close(many, one), "weights \(many), one process \(one)")
        try require(
            close(together.recorder?.losses ?? [], alone.recorder?.losses ?? []),
            "losses \(together.recorder?.losses ?? []), one process \(alone.recorder?.losses ?? [])")
    }

    @Sendable static func goldenRun(_ c: any Communicator) throws {
        let learner = learner(rows: 8, batchSize: 4, optimizer: .sgd())
        var seen: [[Double]] = []
        try learner.on(.afterStep) { learner in
            let weights = parameters(learner).map(Double.init)
            seen.append([learner.stepLoss ?? learner.loss?.item() ?? .nan] + weights)
        }
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
        let golden = [[4.107143, 0.357143, -0.321429], [28.131014, 1.018367, 0.198469]]
        try require(
            zip(seen, golden).allSatisfy { close($0, $1) } && seen.count == 2, "loss, a, b \(seen), expected \(golden)")
    }

    @Sendable static func startFromRankZero(_ c: any Communicator) throws {
        let learner = learner(rows: 8, batchSize: 4, lr: 0, a: 1 + Double(c.rank), b: Double(c.rank))
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
        try require(parameters(learner) == [1, 0], "weights \(parameters(learner)), rank 0's were [1, 0]")
    }

    @Sendable static func fewerItemsThanRanks(_ c: any Communicator) throws {
        for rows in [0, 1, 2] {
            let learner = learner(rows: rows, batchSize: 4, validRows: rows)
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
            let weights = try c.allGather(parameters(learner))
            try require(
                (0..<c.size).allSatisfy { weights[2 * $0] == weights[0] && weights[2 * $0 + 1] == weights[1] },
                "\(rows) rows: ranks ended with different weights \(weights)")
        }
    }

    @Sendable static func normAndDropout(_ c: any Communicator) throws {
        for batchSize in [8, 3] {
            func make() -> Learner {
                let x = sample([23, 4], seed: 5)
                let y = sampleIntegers([23], seed: 6, in: 0..<3)
                setSeed(3)
                let model = Sequential {
                    Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.3); Linear(8, 3)
                }
                let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: batchSize)
                return Learner(
                    dls: DataLoaders(data, data), model: model, loss: .crossEntropy, optimizer: .sgd(mom: 0.9),
                    lr: 0.05,
                    callbacks: [Recorder()], defaultCallbacks: .core)
            }
            let alone = make()
            try alone.withoutLogging { try alone.fit(2) }
            let together = make()
            try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
            func state(_ learner: Learner) -> [Double] { learner.model.stateDictionary().flatMap { $0.tensor.doubles } }
            // Normalising three items by their own variance magnifies rounding, hence the tolerance.
            try require(
                close(state(together), state(alone), 2e-4),
                "batches of \(batchSize): \(state(together)), one process \(state(alone))")
        }
    }

    @Sendable static func frozenGroups(_ c: any Communicator) throws {
        let learner = learner(rows: 8, batchSize: 4, optimizer: .sgd(wd: 0.5))
        learner.splitter = ParameterSplitter { model in model.namedParameters().map { [$0.parameter] } }
        try learner.createOptimizer().freeze(to: 1)
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        let weights = parameters(learner)
        try require(weights[0] == 0.5 && weights[1] != -0.5, "weights \(weights): the first is frozen at 0.5")
    }

    @Sendable static func differentModels(_ c: any Communicator) throws {
        guard c.size > 1 else { return }
        let learner = learner(rows: 8, batchSize: 4)
        if c.rank == 1 { learner.model = Sequential { Linear(1, 1) } }
        do {
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
            throw CheckFailure("ranks with different models trained together")
        } catch let error as CallbackError {
            let text = "\(error)"
            try require(text.contains("rank 1") && text.contains("parameter"), "the error says: \(text)")
        }
    }

    // MARK: Evaluation

    @Sendable static func predictionsInOrder(_ c: any Communicator) throws {
        for rows in 0...20 {
            for batchSize in [1, 2, 3, 4] {
                let learner = learner(rows: 4, batchSize: batchSize, validRows: rows)
                try learner.distributed(over: c) {
                    let result = try learner.predictions(on: .valid)
                    let expected = Tensor.linspace(-2, 2, count: rows).floats.map { Double($0) * 0.5 - 0.5 }
                    let actual = result.predictions.doubles
                    let wanted = c.rank == 0 ? expected : []
                    try require(
                        close(actual, wanted), "\(rows) rows in batches of \(batchSize): \(actual), expected \(wanted)")
                }
            }
        }
    }

    @Sendable static func metricsEqualOneProcess(_ c: any Communicator) throws {
        func metrics() -> [Metric] {
            [.mae, .mse, AccumMetric("largest") { preds, _ in preds.max().item() }, ValueMetric("fixed") { 5e-3 }]
        }
        for rows in [1, 6, 7] {
            let alone = learner(rows: 4, batchSize: 2, metrics: metrics(), validRows: rows)
            let one = try alone.withoutLogging { try alone.validate() }.map { $0 ?? .nan }
            let together = learner(rows: 4, batchSize: 2, metrics: metrics(), validRows: rows)
            let many = try together.withoutLogging { try together.distributed(over: c) { try together.validate() } }
            try require(close(many.map { $0 ?? .nan }, one), "\(rows) rows: \(many), one process \(one)")
        }
    }

    // MARK: Control

    @Sendable static func oneWriter(_ c: any Communicator) throws {
        final class Counter: RowLogger {
            var rows = 0
            func begin(_ names: [String]) {}
            func log(_ row: EpochRow) { rows += 1 }
        }
        let counter = Counter()
        let learner = learner(rows: 8, batchSize: 4)
        learner.logger = counter
        try learner.distributed(over: c) { try learner.fit(2) }
        try require(counter.rows == (c.rank == 0 ? 2 : 0), "rank \(c.rank) logged \(counter.rows) rows")
        // A folder for each rank shows who writes.
        try withTemporaryFolder { folder in
            learner.path = folder.path
            let saved = try learner.distributed(over: c) { try learner.save("model") }
            let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix("tensors") }
            try require(files.count == (c.rank == 0 ? 1 : 0), "rank \(c.rank) wrote \(files)")
            try require(saved.hasSuffix("model.safetensors"), "rank \(c.rank) was told \(saved)")
        }
    }

    @Sendable static func signalsAreShared(_ c: any Communicator) throws {
        let last = c.size - 1
        for event in [Event.beforeBatch, .afterPred, .afterLoss, .beforeStep, .afterStep, .afterBatch] {
            for signal in [CancelSignal.batch, .train, .epoch, .fit] where event != .afterBatch || signal != .batch {
                for order in [0, 20] {
                    let learner = learner(rows: 12, batchSize: 4)
                    try learner.on(event, order: order) { learner in
                        if learner.training, learner.iter == 1, learner.epoch == 0, c.rank == last { throw signal }
                    }
                    var trace: [String] = []
                    for level in [
                        Event.afterCancelBatch, .afterCancelTrain, .afterCancelEpoch, .afterCancelFit, .afterFit,
                    ] {
                        try learner.on(level) { _ in trace.append(level.rawValue) }
                    }
                    try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
                    let traces = try c.allGather(trace.joined(separator: " "))
                    try require(
                        traces.allSatisfy { $0 == traces[0] || signal == .batch },
                        "\(signal) in \(event.rawValue) (order \(order)) of rank \(last): the ranks saw \(traces)")
                    let weights = try c.allGather(parameters(learner))
                    try require(
                        (0..<c.size).allSatisfy { weights[2 * $0] == weights[0] },
                        "\(signal) in \(event.rawValue): the ranks ended with different weights \(weights)")
                }
            }
        }
    }

    @Sendable static func everythingIsPutBack(_ c: any Communicator) throws {
        let learner = learner(rows: 8, batchSize: 4)
        let (train, valid) = (ObjectIdentifier(learner.dls.train), learner.dls.valid.map { ObjectIdentifier($0) })
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
        try require(
            ObjectIdentifier(learner.dls.train) == train && learner.dls.valid.map { ObjectIdentifier($0) } == valid,
            "the loaders were not put back")
        try require(learner.callback(ofType: DistributedCallback.self) == nil, "the callback is still there")
        try require(learner.coordinator.isWriter == (c.rank == 0), "rank \(c.rank) may write")
    }
}
