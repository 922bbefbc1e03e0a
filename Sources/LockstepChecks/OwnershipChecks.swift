// SPDX-License-Identifier: Apache-2.0
// Checks of divided updates: the same training, the same files, whole gradients for whoever looks.

public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// Checks of `UpdatePolicy/owner` and `ReductionOrder/bitwise`; each is collective, as those of ``DistributedChecks``.
public enum OwnershipChecks {
    /// Every check, with the promise it checks.
    public static let all: [(name: String, body: @Sendable (any Communicator) throws -> Void)] =
        [
            ("owners' updates equal replicated ones, whatever the rule", equalsReplicated),
            ("what needs whole parameters falls back to replicated updates", fallsBack),
            ("a gradient read after the step is the reduced one, on every rank", readingCompletes),
            ("assigning to parameters while ranks train keeps every rank right", assignments),
            ("a second fit goes on where the first ended", secondFit),
            ("frozen groups keep state and values where owners update", frozenGroups),
            ("a cancelled step leaves all ranks as they were", cancelledStep),
            ("bitwise training gives the bits of one process", bitwise),
        ] + bits

    /// A small network over 40 samples; parameters that are no multiple of anything.
    private static func learner(
        _ factory: OptimizerFactory, callbacks: [Callback] = [], dropout: Double = 0.2, batchSize: Int = 7
    ) -> Learner {
        setSeed(11)
        let model = Sequential {
            Linear(5, 19); ReLU(); Dropout(dropout); Linear(19, 3)
        }
        let data = DataLoader(
            TensorDataset(inputs: [sample([40, 5], seed: 1)], targets: [sampleIntegers([40], seed: 2, in: 0..<3)]),
            batchSize: batchSize, shuffle: true, seed: 3)
        let valid = DataLoader(
            TensorDataset(inputs: [sample([9, 5], seed: 4)], targets: [sampleIntegers([9], seed: 5, in: 0..<3)]),
            batchSize: 4)
        return Learner(
            dls: DataLoaders(data, valid), model: model, loss: .crossEntropy, optimizer: factory, lr: 0.05,
            callbacks: [Recorder()] + callbacks, metrics: [.accuracy], defaultCallbacks: .core)
    }

    private static func parameters(_ learner: Learner) -> [Double] {
        learner.model.namedParameters().flatMap { $0.parameter.value.doubles }
    }

    private static func fit(
        _ learner: Learner, _ c: any Communicator, _ update: UpdatePolicy, reduction: ReductionOrder = .ranks,
        epochs: Int = 2
    ) throws {
        try learner.withoutLogging {
            try learner.distributed(over: c, update: update, reduction: reduction) { try learner.fit(epochs) }
        }
    }

    private static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw CheckFailure(message()) }
    }

    private static func requireClose(_ a: [Double], _ b: [Double], _ what: String) throws {
        let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        try require(a.count == b.count && worst <= 1e-6, "\(what): off by \(worst)")
    }

    /// Whether ranks of `c` can divide updates.
    private static func divides(_ c: any Communicator) throws -> Bool {
        guard c.size > 1, c.nodeCount == 1 else { return false }
        return try SharedReducer(over: c, floatCount: 1).ownedRanges(of: 1).count == c.size
    }

    @Sendable static func equalsReplicated(_ c: any Communicator) throws {
        let factories: [OptimizerFactory] = [
            .adam(), .sgd(), .sgd(mom: 0.9, wd: 0.1), .sgd(wd: 0.1, decoupleWD: false), .rmsProp(mom: 0.9), .radam(),
            .qhadam(),
        ]
        let makers: [() -> [Callback]] = [
            { [] }, { [GradientClip(maxNorm: 0.5)] }, { [GradientAccumulation(samples: 14)] },
        ]
        for (index, factory) in factories.enumerated() {
            for callbacks in makers.prefix(index == 0 ? makers.count : 1) {
                let (one, other) = (learner(factory, callbacks: callbacks()), learner(factory, callbacks: callbacks()))
                let what = "\(factory.name) with \(callbacks().map(\.typeName))"
                try fit(one, c, .replicated)
                var divided = false
                try other.on(.afterBatch) { learner in
                    divided = divided || learner.callback(ofType: DistributedCallback.self)?.dividesUpdates ?? false
                }
                try fit(other, c, .owner)
                try require(divided == (try divides(c)), "\(what): updates divided: \(divided)")
                try requireClose(parameters(other), parameters(one), "\(what): weights")
                let bytes = try other.checkpoint(), whole = try one.checkpoint()
                try require(
                    bytes.count == whole.count, "\(what): checkpoints of \(bytes.count) and \(whole.count) bytes")
                let state = [one, other].map { learner in
                    learner.optimizer?.stateDictionary.entries.flatMap { entry in
                        [Double(entry.steps)] + entry.tensors.flatMap { $0.tensor.doubles }
                    } ?? []
                }
                try requireClose(state[1], state[0], "\(what): optimizer state")
                let all = try c.allGather(parameters(other))
                let own = parameters(other)
                try require(
                    all.indices.allSatisfy { all[$0] == own[$0 % own.count] }, "\(what): the ranks' weights differ")
            }
        }
    }

    @Sendable static func fallsBack(_ c: any Communicator) throws {
        for factory in [OptimizerFactory.lamb(), .larc(), .ranger()] {
            let (one, other) = (learner(factory), learner(factory))
            try fit(one, c, .replicated)
            try other.on(.afterBatch) { learner in
                if learner.callback(ofType: DistributedCallback.self)?.dividesUpdates == true {
                    throw CheckFailure("\(factory.name) was divided")
                }
            }
            try fit(other, c, .automatic)
            try requireClose(parameters(other), parameters(one), factory.name)
        }
    }

    @Sendable static func readingCompletes(_ c: any Communicator) throws {
        func gradients(_ update: UpdatePolicy, at event: Event, clip: Double?) throws -> [Double] {
            let learner = learner(.adam(), callbacks: clip.map { [GradientClip(maxNorm: $0)] } ?? [])
            var seen: [Double] = []
            // Some look on one rank only: nobody waits for them.
            try learner.on(event, order: 100) { learner in
                guard learner.training, update == .replicated || (learner.trainIter + c.rank) % 2 == 0 else { return }
                seen = learner.model.namedParameters().flatMap { $0.parameter.gradient?.doubles ?? [.nan] }
                seen.append(learner.optimizer?.arena.gradientNorm() ?? .nan)
                seen.append(Double(learner.trainIter))
            }
            try fit(learner, c, update, epochs: 1)
            return seen
        }
        for event in [Event.beforeStep, .afterStep] {
            for clip in [nil, 0.3] {
                let seen = try gradients(.owner, at: event, clip: clip)
                var steps: [Double] = []
                let reference = learner(.adam(), callbacks: clip.map { [GradientClip(maxNorm: $0)] } ?? [])
                try reference.on(event, order: 100) { learner in
                    guard learner.training, Double(learner.trainIter) == seen.last else { return }
                    steps = learner.model.namedParameters().flatMap { $0.parameter.gradient?.doubles ?? [.nan] }
                    steps.append(learner.optimizer?.arena.gradientNorm() ?? .nan)
                    steps.append(Double(learner.trainIter))
                }
                try fit(reference, c, .replicated, epochs: 1)
                try requireClose(seen, steps, "gradients at \(event.rawValue), clipped to \(clip as Any)")
            }
        }
    }

    @Sendable static func assignments(_ c: any Communicator) throws {
        // What every rank does to its parameters happens once, as in one process.
        for event in [Event.beforeStep, .afterStep, .afterBatch, .afterEpoch] {
            func make() throws -> Learner {
                let learner = learner(.adam(), dropout: 0)
                try learner.on(event, order: 100) { learner in
                    guard learner.trainIter == 3 || event == .afterEpoch else { return }
                    for parameter in learner.model.parameters() { parameter.wrappedValue = parameter.value * 0.5 }
                }
                return learner
            }
            let (one, other) = (try make(), try make())
            try fit(one, c, .replicated)
            try fit(other, c, .owner)
            try requireClose(parameters(other), parameters(one), "halved in \(event.rawValue)")
            // And each rank's model is its own when the ranks part.
            for parameter in other.model.parameters() { parameter.wrappedValue = parameter.value + Double(c.rank) }
            try c.barrier()
            try requireClose(parameters(other), parameters(one).map { $0 + Double(c.rank) }, "after the fit")
            try c.barrier()
        }
    }

    @Sendable static func secondFit(_ c: any Communicator) throws {
        func run(_ update: UpdatePolicy) throws -> [Double] {
            let learner = learner(.adam())
            try learner.withoutLogging {
                try learner.distributed(over: c, update: update) {
                    try learner.fit(1)
                    try learner.fit(1)
                    for parameter in learner.model.parameters() { parameter.wrappedValue = parameter.value * 0.9 }
                    try learner.fit(1)
                    let saved = try learner.checkpoint()
                    try learner.fit(1)
                    try learner.load(checkpoint: saved)
                    try learner.fit(1)
                }
                try learner.distributed(over: c, update: update) { try learner.fit(1, resetOptimizer: true) }
            }
            // Alone again, each rank steps by itself.
            for parameter in learner.model.parameters() { parameter.gradient = parameter.value }
            learner.optimizer?.step()
            try c.barrier()
            return parameters(learner)
        }
        try requireClose(try run(.owner), try run(.replicated), "weights after several fits")
    }

    @Sendable static func frozenGroups(_ c: any Communicator) throws {
        func run(_ update: UpdatePolicy) throws -> [Double] {
            let learner = learner(.adam(wd: 0.1))
            learner.splitter = ParameterSplitter { model in
                let parameters = model.namedParameters().map(\.parameter)
                return [Array(parameters.prefix(2)), Array(parameters.dropFirst(2))]
            }
            learner.lr = .perGroup([0.01, 0.1])
            try learner.withoutLogging {
                try learner.distributed(over: c, update: update) {
                    try learner.fit(1)
                    let optimizer = try learner.optimizer ?? learner.createOptimizer()
                    optimizer.freeze(to: 1)
                    try learner.fit(1)
                    optimizer.unfreeze()
                    try learner.fit(1)
                }
            }
            return parameters(learner)
        }
        try requireClose(try run(.owner), try run(.replicated), "weights with a frozen group")
    }

    @Sendable static func cancelledStep(_ c: any Communicator) throws {
        func run(_ update: UpdatePolicy) throws -> [Double] {
            let learner = learner(.adam(), callbacks: [GradientClip(maxNorm: 1)], dropout: 0)
            let last = c.size - 1
            try learner.on(.beforeStep, order: 100) { learner in
                // One rank's wish is everyone's.
                if learner.trainIter == 2, c.rank == last { throw CancelSignal.step }
                if learner.trainIter == 4, c.rank == 0 { throw CancelSignal.batch }
            }
            try fit(learner, c, update)
            return parameters(learner)
        }
        try requireClose(try run(.owner), try run(.replicated), "weights with cancelled steps")
    }

    @Sendable static func bitwise(_ c: any Communicator) throws {
        for batchSize in [16, 7, 3] {
            func make() -> Learner {
                learner(.adam(), callbacks: [GradientClip(maxNorm: 0.7)], batchSize: batchSize)
            }
            let (alone, together) = (make(), make())
            try fit(alone, SoloCommunicator(), .automatic, reduction: .bitwise)
            guard [1, 2, 4, 8].contains(c.size) else {
                do { try fit(together, c, .automatic, reduction: .bitwise) } catch let error as CallbackError {
                    try require("\(error)".contains("1, 2, 4 or 8 ranks"), "the error says: \(error)")
                    return
                }
                throw CheckFailure("bitwise training on \(c.size) ranks was not refused")
            }
            try fit(together, c, .automatic, reduction: .bitwise)
            try require(
                parameters(alone) == parameters(together), "batches of \(batchSize): weights differ from one process's")
            try require(
                alone.recorder?.losses == together.recorder?.losses,
                "batches of \(batchSize): losses \(together.recorder?.losses ?? []), one process \(alone.recorder?.losses ?? [])"
            )
            let rows = [together, alone].map { ($0.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } } }
            try requireClose(rows[0], rows[1], "batches of \(batchSize): rows")
            let plain = make()
            try plain.withoutLogging { try plain.fit(2) }
            let worst = zip(parameters(plain), parameters(together)).map { abs($0 - $1) }.max() ?? 0
            try require(worst < 1e-3, "batches of \(batchSize): off a plain fit's weights by \(worst)")
        }
        try bitwiseRefusals(c)
    }

    private static func bitwiseRefusals(_ c: any Communicator) throws {
        guard [1, 2, 4, 8].contains(c.size) else { return }
        func requireRefused(_ learner: Learner, _ words: String) throws {
            do { try fit(learner, SoloCommunicator(), .automatic, reduction: .bitwise) } catch {
                return try require("\(error)".contains(words), "the error says: \(error)")
            }
            throw CheckFailure("not refused: \(words)")
        }
        try requireRefused(learner(.sgd(), callbacks: [GradientAccumulation(samples: 9)]), "GradientAccumulation")
        let withNorm = learner(.sgd())
        withNorm.model = Sequential {
            Linear(5, 4); BatchNorm1d(4); Linear(4, 3)
        }
        try requireRefused(withNorm, "batch-norm")
    }
}
