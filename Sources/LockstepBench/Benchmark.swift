// SPDX-License-Identifier: Apache-2.0
// Measures one case on the ranks there are: a bare training step, or the same step inside a learner.

public import Lockstep

/// A case and how to run it.
///
/// A bare step is forward, loss, backward, reduction over ranks, optimizer step, zeroing: what the peers' plain loops do.
/// Inside a learner the same step carries the default callbacks.
public struct Benchmark: Sendable {
    public let benchmark: BenchmarkCase
    /// Steps that are timed.
    public let batches: Int
    /// Whether a learner runs the steps.
    public let usesLearner: Bool
    /// Who updates which parameters on several ranks.
    public let update: UpdatePolicy
    /// How gradients travel between nodes.
    public let compression: GradientCompression
    /// Samples per rank and step.
    public let batchSize: Int
    /// Units of each hidden layer, where the case has any that can be chosen; nil for its own.
    public let width: Int?

    public init(
        _ benchmark: BenchmarkCase, batches: Int? = nil, usesLearner: Bool = false, update: UpdatePolicy = .automatic,
        compression: GradientCompression = .none, batchSize: Int? = nil, width: Int? = nil
    ) {
        (self.update, self.compression) = (update, compression)
        self.benchmark = benchmark
        self.batchSize = batchSize ?? benchmark.batchSize
        self.width = width
        // About as long whatever the size.
        let fitting = benchmark.defaultBatches * benchmark.batchSize / self.batchSize
        self.batches = max(1, batches ?? max(5, min(benchmark.defaultBatches, fitting)))
        self.usesLearner = usesLearner
    }

    /// Trained numbers of the model.
    public var parameterCount: Int { withSeed(0) { benchmark.makeModel(width: width) }.parameterCount }

    /// Runs it. Collective; the result is the same on every rank.
    public func run(over communicator: any Communicator) throws -> BenchmarkResult {
        let model = withSeed(0) { benchmark.makeModel(width: width) }
        let own =
            usesLearner
            ? try timeLearner(model, over: communicator) : try timeBareSteps(model, over: communicator)
        let seconds = own.seconds.sorted()
        var slowest = [
            seconds[seconds.count / 2], seconds[0], own.first, Double(ProcessFacts.peakMebibytes),
            // All ranks are still there: none shares its part of a page with a rank that has gone.
            ProcessFacts.ownMebibytes, own.sentBytes ?? 0,
        ]
        try communicator.allReduce(&slowest, .max, name: "benchmark")
        return BenchmarkResult(
            name: benchmark.rawValue, engine: engine(communicator), ranks: communicator.size,
            samplesPerSecond: Double(batchSize * communicator.size) / slowest[0],
            milliseconds: slowest[0] * 1e3,
            bestMilliseconds: slowest[1] * 1e3, peakMebibytes: Int(slowest[3]), ownMebibytes: slowest[4],
            firstStepSeconds: slowest[2],
            parameterCount: model.parameterCount,
            sentBytes: own.sentBytes != nil && communicator.nodeCount > 1 ? slowest[5] : nil)
    }

    private func engine(_ communicator: any Communicator) -> String {
        "lockstep" + (usesLearner ? "+learner" : "") + (communicator is InProcessCommunicator ? "+threads" : "")
    }
}

/// What one rank measured.
struct StepTimes {
    /// From the start of the process to the end of the first step.
    var first: Double
    /// Each timed step.
    var seconds: [Double]
    /// What the machine has sent per timed step; nil where it was not counted.
    var sentBytes: Double?
}

extension Benchmark {
    /// The steps of a plain loop: first, warm-up, timed.
    private func timeBareSteps(_ model: Module, over communicator: any Communicator) throws -> StepTimes {
        let batch = benchmark.makeBatch(batchSize, seed: UInt64(communicator.rank))
        let optimizer = BenchmarkCase.optimizer([model.parameters()], lr: BenchmarkCase.learningRate)
        let exchange = try GradientExchange(optimizer.arena, over: communicator, compression: compression)
        try exchange.chooseUpdates(of: optimizer, update)
        func step() throws {
            let loss = benchmark.loss(model, batch)
            loss.backward()
            try exchange.step(optimizer, weight: Double(batch.size))
            optimizer.zeroGradients()
        }
        try step()
        let first = ProcessFacts.secondsSinceStart
        for _ in 0..<max(3, batches / 10) { try step() }
        var seconds: [Double] = []
        seconds.reserveCapacity(batches)
        let sent = ProcessFacts.sentBytes
        for _ in 0..<batches {
            let start = ContinuousClock.now
            try step()
            seconds.append(start.secondsAgo)
        }
        return StepTimes(
            first: first, seconds: seconds, sentBytes: Double(ProcessFacts.sentBytes - sent) / Double(batches))
    }
}

extension ContinuousClock.Instant {
    /// Seconds since this instant.
    var secondsAgo: Double { (ContinuousClock.now - self) / .seconds(1) }
}
