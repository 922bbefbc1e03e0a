// SPDX-License-Identifier: Apache-2.0
// Whole training runs against fastai's, from the same weights and data, in one process and on ranks that are threads.

import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// One run of `Tests/Reference/cases/trajectories.py`, as it is written here.
struct TrajectoryCase: Sendable, CustomTestStringConvertible {
    let name: String
    let batchSize: Int
    let make: @Sendable (DataLoaders) -> Learner
    let fit: @Sendable (Learner) throws -> Void
    var testDescription: String { name }

    static let all = [
        TrajectoryCase(
            name: "oneCycle", batchSize: 10,
            make: { dls in
                Learner(
                    dls: dls, model: perceptron([8, 16, 3]), loss: .crossEntropy, callbacks: [Recorder()],
                    metrics: [.accuracy], defaultCallbacks: .core)
            }, fit: { try $0.fitOneCycle(3, lrMax: 2e-2, wd: 0.1) }),
        TrajectoryCase(
            name: "transfer", batchSize: 8,
            make: { dls in
                Learner(
                    dls: dls, model: convolutions(), loss: .crossEntropy, splitter: thirds, callbacks: [Recorder()],
                    metrics: [.accuracy], defaultCallbacks: .core)
            },
            fit: { learner in
                try learner.freeze()
                try learner.fit(1, lr: .slice(2e-2))
                try learner.freeze(to: 1)
                try learner.fitOneCycle(1, lrMax: .slice(1e-3, 2e-2))
                try learner.unfreeze()
                try learner.fitOneCycle(3, lrMax: .slice(1e-4, 1e-2))
            }),
        TrajectoryCase(
            name: "restarts", batchSize: 8,
            make: { dls in
                Learner(
                    dls: dls, model: perceptron([5, 12, 1]), loss: .mse, optimizer: .rmsProp(),
                    callbacks: [Recorder()], metrics: [.mae], defaultCallbacks: .core)
            }, fit: { try $0.fitSGDR(cycles: 2, cycleLength: 2, lrMax: 5e-3) }),
        TrajectoryCase(
            name: "accumulated", batchSize: 6,
            make: { dls in
                Learner(
                    dls: dls, model: perceptron([8, 16, 3]), loss: .crossEntropy, optimizer: .sgd(mom: 0.9, wd: 0.01),
                    callbacks: [Recorder(), GradientAccumulation(samples: 18), GradientClip(maxNorm: 0.3)],
                    metrics: [.accuracy], defaultCallbacks: .core)
            }, fit: { try $0.fit(3, lr: 0.5) }),
    ]

    private static func perceptron(_ widths: [Int]) -> Module {
        var layers: [any UnaryLayer] = []
        for (index, width) in widths.dropFirst().enumerated() {
            if index > 0 { layers.append(Tanh()) }
            layers.append(Linear(widths[index], width))
        }
        return Sequential(layers)
    }

    private static func convolutions() -> Module {
        Sequential {
            Conv2d(1, 4, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(4); ReLU(); MaxPool2d(2)
            Conv2d(4, 8, kernelSize: 3, padding: 1, bias: false); BatchNorm2d(8); ReLU(); AdaptiveAvgPool2d(1)
            Flatten(); Linear(8, 3)
        }
    }

    /// Three groups: first convolution and norm, second, head.
    private static var thirds: ParameterSplitter {
        ParameterSplitter { model in
            let parts = model.children()
            return [parts[..<4], parts[4..<8], parts[8...]].map { $0.flatMap { $0.parameters() } }
        }
    }
}

/// What a run used and gave.
struct TrajectoryTape: Sendable {
    var losses: [Double] = []
    var lrs: [Double] = []
    var moms: [Double] = []
    var rows: [Double] = []
    var weights: [String: [Double]] = [:]
}

@Suite("Training as fastai trains") struct TrajectoryTests {
    /// The run from fastai's weights, on all ranks of `ranks`.
    private static func train(_ run: TrajectoryCase, on ranks: any Communicator) throws -> TrajectoryTape {
        let reference = try Reference.load("trajectories")
        let (x, y) = (try reference.tensor("\(run.name)/x"), try reference.tensor("\(run.name)/y"))
        let cut = x.dim(0) - 2 * run.batchSize
        func loader(_ range: Range<Int>) -> DataLoader {
            DataLoader(TensorDataset(inputs: [x[range]], targets: [y[range]]), batchSize: run.batchSize)
        }
        let learner = run.make(DataLoaders(loader(0..<cut), loader(cut..<x.dim(0))))
        learner.logger = SilentLogger()
        let start = try reference.tensors(under: "\(run.name)/start").map { (name: $0.name, tensor: $0.value) }
        try learner.model.loadStateDictionary(start, source: run.name)
        var tape = TrajectoryTape()
        try learner.on(.afterBatch, order: 65) { learner in
            guard learner.training, let optimizer = learner.optimizer else { return }
            tape.losses.append(learner.stepLoss ?? learner.loss?.item() ?? .nan)
            tape.lrs += optimizer.hypers.map { $0["lr"] ?? .nan }
            tape.moms += optimizer.hypers.map { $0["mom"] ?? .nan }
        }
        try learner.on(.afterEpoch, order: 65) { tape.rows += $0.finalRecord.map { $0 ?? .nan } }
        try learner.distributed(over: ranks) { try run.fit(learner) }
        for (name, tensor) in learner.model.stateDictionary() { tape.weights[name] = tensor.doubles }
        return tape
    }

    private func check(_ tape: TrajectoryTape, _ run: TrajectoryCase, _ label: String) throws {
        let reference = try Reference.load("trajectories")
        func golden(_ key: String) throws -> [Double] { try reference.tensor("\(run.name)/\(key)").doubles }
        expectClose(tape.lrs, try golden("lrs"), "\(label): learning rates", relative: 2e-5, absolute: 1e-9)
        expectClose(tape.moms, try golden("moms"), "\(label): momenta", relative: 1e-5, absolute: 1e-9)
        expectClose(tape.losses, try golden("losses"), "\(label): losses", relative: 1e-4, absolute: 1e-6)
        expectClose(tape.rows, try golden("rows"), "\(label): rows", relative: 1e-4, absolute: 1e-6)
        let end = try reference.tensors(under: "\(run.name)/end")
        #expect(Set(end.map(\.name)) == Set(tape.weights.keys))
        for (name, value) in end {
            // Weights near zero are differences of larger ones: their error is measured by the tensor's size.
            let size = value.doubles.map(\.magnitude).max() ?? 0
            expectClose(
                tape.weights[name] ?? [], value.doubles, "\(label): \(name)", relative: 1e-4, absolute: 1e-4 * size)
        }
    }

    @Test("[§22.5] losses, rates, momenta, rows and weights are fastai's", arguments: TrajectoryCase.all, [1, 2, 3])
    func asFastai(_ run: TrajectoryCase, ranks: Int) throws {
        if ranks == 1 { return try check(Self.train(run, on: SoloCommunicator()), run, run.name) }
        let tapes = try InProcessWorld(ranks).run { try Self.train(run, on: $0) }
        for (rank, tape) in tapes.enumerated() {
            try check(tape, run, "\(run.name), rank \(rank) of \(ranks)")
        }
    }

    // MARK: - Handwritten digits, and the golden run on two ranks

    @Test("[§22.5] digits: losses, rows and weights of three optimizers", arguments: ["sgd", "adam", "oneCycle"])
    func digits(_ name: String) throws {
        let reference = try Reference.load("training")
        let (x, y) = (try reference.tensor("x").to(.float32) / 16, try reference.tensor("y").to(.int64))
        func loader(_ range: Range<Int>) -> DataLoader {
            DataLoader(TensorDataset(inputs: [x[range]], targets: [y[range]]), batchSize: 32)
        }
        let model = Sequential {
            Linear(64, 16); ReLU(); Linear(16, 10)
        }
        let start = try reference.tensors(under: "start").map { (name: $0.name, tensor: $0.value) }
        try model.loadStateDictionary(start, source: "training")
        let learner = Learner(
            dls: DataLoaders(loader(0..<256), loader(256..<384)), model: model, loss: .crossEntropy,
            optimizer: name == "sgd" ? .sgd(mom: 0.9) : .adam(), callbacks: [Recorder()], metrics: [.accuracy],
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        var losses: [Double] = []
        try learner.on(.afterBatch) { if $0.training { losses.append($0.loss?.item() ?? .nan) } }
        switch name {
        case "sgd": try learner.fit(2, lr: 0.1)
        case "adam": try learner.fit(2, lr: 1e-2)
        default: try learner.fitOneCycle(2, lrMax: 1e-2)
        }
        expectClose(losses, try reference.tensor("\(name)/losses").doubles, "losses", relative: 1e-4)
        let rows = (learner.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } }
        expectClose(rows, try reference.tensor("\(name)/rows").doubles, "rows", relative: 1e-4)
        for (key, value) in try reference.tensors(under: "\(name)/end") {
            let own = try #require(model.stateDictionary().first { $0.name == key }).tensor
            expectClose(own, value, key, relative: 1e-4, absolute: 1e-5)
        }
    }

    /// w·x on 0…7 with targets 2x and w = 1; the reference gives its two ranks rows 0…3 and 4…7.
    @Test("[§22.3] two ranks with the reference's shards: loss, weight, row", arguments: [1, 2])
    func contiguousShards(ranks: Int) throws {
        final class Slope: Module, UnaryLayer {
            @Parameter var w: Tensor
            override init() {
                _w = Parameter(wrappedValue: Tensor([1] as [Float]))
                super.init()
            }
            func callAsFunction(_ x: Tensor) -> Tensor { x * w }
        }
        let results = try InProcessWorld(ranks).run { communicator in
            func loader(_ rows: [Float], _ size: Int) -> DataLoader {
                let x = Tensor(rows, shape: [rows.count, 1])
                return DataLoader(TensorDataset(inputs: [x], targets: [x * 2]), batchSize: size)
            }
            // Global batches made of what its two ranks see at the same time.
            let learner = Learner(
                dls: DataLoaders(loader([0, 1, 4, 5, 2, 3, 6, 7], 4), loader((0..<8).map(Float.init), 4)),
                model: Slope(), loss: .mse, optimizer: .sgd(), lr: 1e-3, callbacks: [Recorder()], metrics: [.mae],
                defaultCallbacks: .core)
            var seen: [Double] = []
            try learner.on(.beforeStep, order: 20) { seen.append($0.model.parameters()[0].gradient?.item() ?? .nan) }
            try learner.on(.afterStep) { seen.append($0.model.parameters()[0].value.item()) }
            try learner.on(.afterBatch, order: 55) { if $0.training { seen += [$0.smoothLoss ?? .nan, $0.pctTrain] } }
            try learner.withoutLogging { try learner.distributed(over: communicator) { try learner.fit(1) } }
            return seen + learner.finalRecord.map { $0 ?? .nan } + [Double(learner.nIter)]
        }
        for result in results {
            expectClose(
                result,
                [-21, 1.021, 10.5, 0.5, -47.970997, 1.068971, 17.05645, 1, 17.05645, 15.169261, 3.258602, 2],
                relative: 1e-5)
        }
    }

    @Test("[§22.4] batches of four on any number of ranks, and two per rank on two", arguments: [1, 2, 4])
    func globalBatches(ranks: Int) throws {
        for convention in ranks == 2 ? [BatchConvention.global, .perRank] : [.global] {
            let results = try InProcessWorld(ranks).run { communicator in
                let x = Tensor.linspace(-2, 2, count: 8).reshaped([8, 1])
                let data = TensorDataset(inputs: [x], targets: [x * 2 + 3])
                let loader = DataLoader(data, batchSize: convention == .perRank ? 2 : 4)
                let learner = Learner(
                    dls: DataLoaders(loader, loader), model: RegressionModel(), loss: .mse, optimizer: .sgd(), lr: 0.05,
                    callbacks: [Recorder()], defaultCallbacks: .core)
                var seen: [Double] = []
                try learner.on(.afterBatch, order: 55) { learner in
                    guard learner.training else { return }
                    seen.append(learner.stepLoss ?? learner.loss?.item() ?? .nan)
                    seen += learner.model.parameters().map { $0.value.item() }
                }
                try learner.withoutLogging {
                    try learner.distributed(over: communicator, batch: convention) { try learner.fit(1) }
                }
                return seen
            }
            for result in results {
                expectClose(
                    result, [4.107143, 0.357143, -0.321429, 28.131014, 1.018367, 0.198469], relative: 1e-5,
                    absolute: 1e-6)
            }
        }
    }
}
