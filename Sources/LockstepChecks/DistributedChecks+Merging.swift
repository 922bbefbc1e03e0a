// SPDX-License-Identifier: Apache-2.0
// Checks that parts of a batch merge into what one process has, whatever the loss divides by.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    static let merging: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("label smoothing with class weights and ignored targets trains as in one process", smoothing),
        (
            "a custom loss that states its weight trains as in one process; one that cannot be merged says so",
            customLosses
        ),
        ("valid_loss merges parts by the loss's weight: class weights, ignored targets, perplexity", reportedLosses),
        ("a batch whose targets are all ignored trains as in one process, on every number of ranks", nothingCounts),
        ("two heads with batch norm in either, more ranks than items", headsWithNorm),
        ("a part that does not use what trains does not stop its rank", unusedBranch),
        ("running statistics are averaged with ranks that saw no items", averagedWithoutItems),
        ("half precision leaves out the steps that one process leaves out", overflows),
        ("a rank that a stream gives nothing records the losses of all", emptyStream),
    ]

    /// Rows of four numbers in three classes, of which `ignored` are left out of the loss.
    static func threeClasses(_ count: Int, ignored: Set<Int> = []) -> TensorDataset {
        let labels = sampleIntegers([count], seed: 6, in: 0..<3).ints.enumerated().map {
            ignored.contains($0) ? -100 : $1
        }
        return TensorDataset(inputs: [sample([count, 4], seed: 5)], targets: [Tensor(labels.map(Int64.init))])
    }

    /// A small classifier of such rows, in batches of four.
    static func classifier(
        _ loss: some LossFunction, items: Int = 11, batchSize: Int = 4, ignored: Set<Int> = [], norm: Bool = false,
        optimizer: OptimizerFactory = .sgd(mom: 0.9), metrics: [Metric] = [], callbacks: [Callback] = []
    ) -> Learner {
        setSeed(3)
        let model = Sequential {
            Linear(4, 6)
            if norm { BatchNorm1d(6) }
            Tanh()
            Linear(6, 3)
        }
        let data = threeClasses(items, ignored: ignored)
        return Learner(
            dls: DataLoaders(DataLoader(data, batchSize: batchSize), DataLoader(data, batchSize: batchSize)),
            model: model, loss: loss, optimizer: optimizer, lr: 0.1, callbacks: [Recorder()] + callbacks,
            metrics: metrics, defaultCallbacks: .core)
    }

    @Sendable static func smoothing(_ c: any Communicator) throws {
        let weights = Tensor([1, 3, 9] as [Float])
        for norm in [false, true] {
            for accumulates in [false, true] {
                func callbacks() -> [Callback] { accumulates ? [GradientAccumulation(samples: 8)] : [] }
                let what = "batch norm \(norm), accumulation \(accumulates)"
                try compare(c, "smoothing, \(what)", epochs: 2) {
                    classifier(
                        .labelSmoothing(eps: 0.2, weight: weights), ignored: [1, 6], norm: norm, callbacks: callbacks())
                }
                try compare(c, "smoothing of [N, classes], \(what)", epochs: 2) {
                    classifier(
                        LabelSmoothingCrossEntropy(eps: 0.2, weight: weights), ignored: [4, 5, 8], norm: norm,
                        callbacks: callbacks())
                }
            }
        }
    }

    @Sendable static func customLosses(_ c: any Communicator) throws {
        func masked(_ prediction: Tensor, _ target: Tensor) -> Tensor {
            let mask = (target .> 0).to(prediction.dtype)
            return (prediction.logSumExp(axis: -1) * mask).sum() / mask.sum()
        }
        func count(_ target: Tensor) -> Double { (target .> 0).to(.float64).sum().item() }
        for norm in [false, true] {
            try compare(c, "masked, with its weight, batch norm \(norm)", epochs: 2) {
                classifier(.custom("masked", weight: { count($1) }) { masked($0, $1) }, norm: norm)
            }
        }
        try compare(c, "every element's loss", epochs: 2) { classifier(.custom("plain") { p, _ in p.square() }) }
        for (weight, says) in [(nil, true), ({ _, target in count(target) }, false)]
            as [(((Tensor, Tensor) -> Double)?, Bool)]
        {
            let learner = classifier(.custom("masked", weight: weight) { masked($0, $1) }, batchSize: 11)
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
            let warned = learner.warned.contains { $0.contains("“masked”") && $0.contains("weight") }
            let expected = says && c.size > 1 && c.rank == 0
            try require(warned == expected, "weight \(weight == nil ? "not " : "")stated: warned \(learner.warned)")
        }
    }

    @Sendable static func reportedLosses(_ c: any Communicator) throws {
        func value(_ predictions: [Float], _ targets: [Int64], _ loss: CrossEntropyFlat) throws -> Double {
            let items = TensorDataset(inputs: [Tensor(predictions, shape: [2, 2])], targets: [Tensor(targets)])
            let learner = Learner(
                dls: DataLoaders(DataLoader(items, batchSize: 2), DataLoader(items, batchSize: 2)),
                model: Sequential { Linear(2, 2) }, loss: loss, defaultCallbacks: .core)
            for parameter in learner.model.parameters() {
                parameter.wrappedValue = parameter.value.rank == 2 ? Tensor([1, 0, 0, 1], shape: [2, 2]) : .zeros([2])
            }
            let values = try learner.distributed(over: c) { try learner.validate() }
            return values[0] ?? .nan
        }
        let weighted = try value([2, 0, 0, 1], [0, 1], .crossEntropy(weight: Tensor([1, 9] as [Float])))
        try require(close([weighted], [0.294628]), "class weights: \(weighted), PyTorch 0.294628")
        let ignoring = try value([2, 0, 0, 1], [0, -100], .crossEntropy)
        try require(close([ignoring], [0.126928]), "an ignored target: \(ignoring), PyTorch 0.126928")
        try compare(c, "perplexity of padded text", epochs: 2) {
            classifier(.crossEntropy, items: 13, batchSize: 5, ignored: [0, 1, 2, 7, 8, 11], metrics: [Perplexity()])
        }
        try compare(c, "a part without a loss is no bad loss") {
            classifier(.crossEntropy, ignored: [0, 1, 8], callbacks: [TerminateOnNaNCallback()])
        }
    }

    @Sendable static func nothingCounts(_ c: any Communicator) throws {
        let optimizers = [OptimizerFactory.sgd(mom: 0.9, wd: 0.1), .adam(wd: 0.1), .larc()]
        for (index, optimizer) in optimizers.enumerated() {
            for batchSize in [1, 4] {
                // Adam divides the rounding that is left of a gradient before batch norm by itself.
                for norm in [false, true] where !norm || (batchSize > 1 && index == 0) {
                    func make() -> Learner {
                        classifier(
                            .crossEntropy, items: 10, batchSize: batchSize, ignored: [0, 1, 2, 3, 8], norm: norm,
                            optimizer: optimizer)
                    }
                    let (alone, together) = (make(), make())
                    try alone.withoutLogging { try alone.fit(2) }
                    try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
                    let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                    let what = "\(optimizer) in batches of \(batchSize), batch norm \(norm)"
                    try require(close(many, one, 1e-4), "\(what): weights \(many), one process \(one)")
                    let losses = [together, alone].map { ($0.recorder?.losses ?? []).map { $0.isNaN ? -1 : $0 } }
                    try require(
                        close(losses[0], losses[1], 1e-4), "\(what): losses \(losses[0]), one process \(losses[1])")
                }
            }
        }
    }

    @Sendable static func headsWithNorm(_ c: any Communicator) throws {
        for (first, second, usesFirst) in [(false, true, true), (true, false, false), (true, true, true)] {
            try compare(c, "norm in heads \(first), \(second); loss of both \(usesFirst)", epochs: 2) {
                setSeed(3)
                let data = threeClasses(34)
                return Learner(
                    dls: DataLoaders(DataLoader(data, batchSize: 16), DataLoader(data, batchSize: 16)),
                    model: TwoHeads(firstNorm: first, secondNorm: second), loss: HeadsLoss(usesFirst: usesFirst),
                    optimizer: .sgd(), lr: 0.05, callbacks: [Recorder()], defaultCallbacks: .core)
            }
        }
    }

    @Sendable static func unusedBranch(_ c: any Communicator) throws {
        try compare(c, "a branch for some items") {
            setSeed(3)
            let data = threeClasses(8)
            let first = sample([8, 4], seed: 5)[.all, 0].doubles.sorted()
            let model = Branching(above: (first[6] + first[7]) / 2)
            for parameter in model.body.parameters() { parameter.isTrainable = false }
            return Learner(
                dls: DataLoaders(DataLoader(data, batchSize: 8), DataLoader(data, batchSize: 8)), model: model,
                loss: .crossEntropy, optimizer: .sgd(), lr: 0.1, callbacks: [Recorder()], defaultCallbacks: .core)
        }
    }

    @Sendable static func averagedWithoutItems(_ c: any Communicator) throws {
        setSeed(3)
        let size = 2 * max(1, c.size)
        let data = threeClasses(size)
        let model = Sequential {
            Linear(4, 6); BatchNorm1d(6); Linear(6, 3)
        }
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: size), DataLoader(data, batchSize: 2)), model: model,
            loss: .crossEntropy, callbacks: [Recorder()], defaultCallbacks: .core)
        learner.logger = SilentLogger()
        // The first rank sees nothing: its part is taken away before the model runs.
        try learner.on(.beforeBatch) { learner in
            guard learner.training, c.rank == 0, c.size > 1 else { return }
            throw CancelSignal.batch
        }
        try learner.addCallback(DistributedCallback(communicator: c, batchNorm: .averageStatistics))
        try learner.fit(1)
        let own = learner.model.namedBuffers().flatMap { $0.buffer.wrappedValue.doubles }
        let all = try c.allGatherVariable(own, name: "buffers")
        try require(all.allSatisfy { $0 == all[0] }, "buffers differ between ranks: \(all)")
    }

    @Sendable static func overflows(_ c: any Communicator) throws {
        func make() -> (Learner, MixedPrecision) {
            let half = MixedPrecision(.half, initialScale: 1_048_576)
            return (classifier(.crossEntropy, items: 12, batchSize: 6, callbacks: [half]), half)
        }
        let ((alone, one), (together, many)) = (make(), make())
        try alone.withoutLogging { try alone.fit(3) }
        try together.withoutLogging { try together.distributed(over: c) { try together.fit(3) } }
        try require(
            one.skippedSteps == many.skippedSteps && one.scale == many.scale,
            "left out \(many.skippedSteps) steps, scale \(many.scale); one process \(one.skippedSteps), \(one.scale)")
        try require(
            one.skippedSteps > 0 && one.skippedSteps < 6, "the check needs some steps left out, not \(one.skippedSteps)"
        )
    }

    @Sendable static func emptyStream(_ c: any Communicator) throws {
        // A callback that gives up every batch before gradients are reduced: losses are told all the same.
        let learner = classifier(.crossEntropy, items: 7, batchSize: 3)
        try learner.on(.afterBackward) { _ in throw CancelSignal.batch }
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(1) } }
        let alone = classifier(.crossEntropy, items: 7, batchSize: 3)
        try alone.on(.afterBackward) { _ in throw CancelSignal.batch }
        try alone.withoutLogging { try alone.fit(1) }
        let (one, many) = (alone.recorder?.losses ?? [], learner.recorder?.losses ?? [])
        try require(close(many, one) && many.count == 3, "losses \(many), one process \(one)")
    }
}

/// Two classifiers on one body.
private final class TwoHeads: Module {
    @Submodule private var body: Linear
    @Submodule private var first: Sequential
    @Submodule private var second: Sequential

    init(firstNorm: Bool, secondNorm: Bool) {
        func head(_ norm: Bool) -> Sequential {
            Sequential {
                if norm { BatchNorm1d(6) }
                Linear(6, 3)
            }
        }
        _body = Submodule(wrappedValue: Linear(4, 6), "body")
        _first = Submodule(wrappedValue: head(firstNorm), "first")
        _second = Submodule(wrappedValue: head(secondNorm), "second")
        super.init()
    }

    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let x = body(inputs[0]).tanh()
        return [first(x), second(x)]
    }
}

/// The loss of the second output, or of both.
private struct HeadsLoss: MultipleLossFunction {
    var reduction = Reduction.mean
    let usesFirst: Bool

    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        CrossEntropyFlat(reduction: reduction)(prediction, target)
    }
    func callAsFunction(_ predictions: [Tensor], _ targets: [Tensor]) -> Tensor {
        let second = self(predictions[1], targets[0])
        return usesFirst ? second + self(predictions[0], targets[0]) : second
    }
}

/// A frozen body, and a layer that only items with a large first number take.
private final class Branching: Module {
    @Submodule var body: Linear
    @Submodule private var branch: Linear
    private let threshold: Double

    init(above threshold: Double) {
        _body = Submodule(wrappedValue: Linear(4, 3), "body")
        _branch = Submodule(wrappedValue: Linear(4, 3), "branch")
        self.threshold = threshold
        super.init()
    }

    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let x = inputs[0]
        let y = body(x)
        guard x.dim(0) > 0, x[.all, 0].max().item() > threshold else { return [y] }
        return [y + branch(x) * (x[.all, 0...0] .> threshold).to(.float32)]
    }
}
