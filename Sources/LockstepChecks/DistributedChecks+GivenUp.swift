// SPDX-License-Identifier: Apache-2.0
// Checks of batches that are given up, errors that are caught, and callbacks that come and go.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

extension DistributedChecks {
    static let givenUp: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("gradients that a given-up batch leaves behind are added as in one process", leftGradients),
        ("a signal of one rank, wherever it is raised, leaves the same history everywhere", signalsAnywhere),
        ("an error that all ranks catch alike ends nothing", caughtErrors),
        ("an error of one rank says later since when and why", brokenRanks),
        ("a DistributedCallback is an ordinary callback", ordinaryCallback),
        ("bitwise training mixes, weighs and predicts losses as one process does", bitwiseCorners),
    ]

    @Sendable static func leftGradients(_ c: any Communicator) throws {
        for event in [Event.afterLoss, .afterBackward, .afterStep] {
            for norm in [false, true] {
                for accumulates in [false, true] {
                    for policy in [UpdatePolicy.owner, .replicated] {
                        func make() -> Learner {
                            let learner = classifier(
                                .crossEntropy(weight: Tensor([1, 3, 9] as [Float])), items: 19, norm: norm,
                                callbacks: accumulates ? [GradientAccumulation(samples: 8)] : [])
                            _ = try? learner.on(event) { learner in
                                if learner.training, [0, 3].contains(learner.iter) { throw CancelSignal.batch }
                            }
                            return learner
                        }
                        let (alone, together) = (make(), make())
                        try alone.withoutLogging { try alone.fit(2) }
                        try together.withoutLogging {
                            try together.distributed(over: c, update: policy) { try together.fit(2) }
                        }
                        let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                        let what =
                            "given up in \(event.rawValue), batch norm \(norm), accumulation \(accumulates), \(policy)"
                        try require(close(many, one, 2e-5), "\(what): weights \(many), one process \(one)")
                        let losses = [together, alone].map { $0.recorder?.losses ?? [] }
                        try require(
                            close(losses[0], losses[1]), "\(what): losses \(losses[0]), one process \(losses[1])")
                    }
                }
            }
        }
    }

    @Sendable static func signalsAnywhere(_ c: any Communicator) throws {
        let events: [Event] = [
            .beforeEpoch, .beforeTrain, .beforeBatch, .afterPred, .afterLoss, .beforeStep, .afterStep, .afterBatch,
        ]
        for event in events {
            for signal in [CancelSignal.batch, .train, .epoch, .fit]
            where !(signal == .batch && [.beforeEpoch, .beforeTrain, .afterBatch].contains(event))
                && !(signal == .train && event == .beforeEpoch)
            {
                let learner = classifier(.crossEntropy, items: 12, norm: event != .afterPred)
                try learner.on(event) { learner in
                    let isTime = learner.epoch == 1 && (!event.isInner || (learner.training && learner.iter == 1))
                    if isTime, c.rank == c.size - 1 { throw signal }
                }
                try learner.withoutLogging {
                    try learner.distributed(over: c) {
                        try learner.fit(3)
                        let rows = (learner.recorder?.values ?? []).flatMap { $0.map { $0 ?? -1 } }
                        let own = [Double(learner.trainIter), Double(rows.count)] + rows
                        let all = try c.allGatherVariable(own, name: "history")
                        try require(
                            all.allSatisfy { $0 == all[0] },
                            "\(signal) in \(event.rawValue): steps and rows here \(own), not the same on all ranks")
                    }
                }
                let weights = try c.allGather(parameters(learner), name: "weights")
                let count = weights.count / c.size
                try require(
                    (0..<c.size).allSatisfy { weights[$0 * count..<($0 + 1) * count] == weights[0..<count] },
                    "\(signal) in \(event.rawValue): weights differ between ranks")
            }
        }
    }

    @Sendable static func caughtErrors(_ c: any Communicator) throws {
        let mistaken = classifier(.crossEntropy)
        try mistaken.distributed(over: c) {
            for _ in 0..<2 {
                do {
                    try mistaken.withoutLogging {
                        try mistaken.fit(1, callbacks: [EarlyStoppingCallback(monitor: "valid_los")])
                    }
                    throw CheckFailure("a column that does not exist was followed")
                } catch let error as CallbackError {
                    try require("\(error)".contains("valid_los"), "the error says: \(error)")
                }
            }
            try mistaken.withoutLogging { try mistaken.fit(1) }
        }
        try compare(c, "another learner afterwards") { classifier(.crossEntropy) }
    }

    @Sendable static func brokenRanks(_ c: any Communicator) throws {
        guard c.size > 1, let ranks = try c.split(color: 0, key: c.rank) else { return }
        struct Broken: Error, CustomStringConvertible { let description = "the disk is on fire" }
        let learner = classifier(.crossEntropy)
        let callback = try learner.on(.afterLoss) { _ in if c.rank == 1 { throw Broken() } }
        for attempt in 0..<2 {
            do {
                try learner.withoutLogging { try learner.distributed(over: ranks) { try learner.fit(1) } }
                throw CheckFailure("rank \(c.rank) went on after an error of rank 1")
            } catch let error as CheckFailure {
                throw error
            } catch {
                let text = "\(error)"
                try require(text.contains("the disk is on fire"), "attempt \(attempt): the error says: \(text)")
                try require(
                    text.contains("since collective") == (attempt > 0), "attempt \(attempt): the error says: \(text)")
            }
            learner.removeCallback(callback)
        }
        try c.barrier()
    }

    @Sendable static func ordinaryCallback(_ c: any Communicator) throws {
        let learner = classifier(
            .crossEntropy, items: 17, callbacks: [DistributedCallback(communicator: c)])
        try learner.withoutLogging { try learner.fit(1) }
        let found = try learner.predictions()
        try require(
            found.count == (c.rank == 0 ? 17 : 0), "rank \(c.rank) has \(found.count) predictions of 17")
        try require(
            learner.coordinator.isWriter == (c.rank == 0), "rank \(c.rank) writes: \(learner.coordinator.isWriter)")
        learner.removeCallbacks(ofType: DistributedCallback.self)
        try require(learner.coordinator.isWriter == (c.rank == 0), "afterwards rank \(c.rank) writes")
        try require(try learner.predictions().count == 17, "afterwards every rank predicts alone")
        // For one fit only, and for a scope.
        try learner.withoutLogging { try learner.fit(1, callbacks: [DistributedCallback(communicator: c)]) }
        try learner.withAddedCallbacks([DistributedCallback(communicator: c)]) {
            try require(
                try learner.predictions().count == (c.rank == 0 ? 17 : 0), "in a scope predictions are those of all")
        }
    }

    @Sendable static func bitwiseCorners(_ c: any Communicator) throws {
        guard [1, 2, 4, 8].contains(c.size) else { return }
        let weights = Tensor([1, 3, 9] as [Float])
        let cases: [(String, () -> Learner)] = [
            ("MixUp", { classifier(.crossEntropy, callbacks: [MixUp()]) }),
            ("smoothing", { classifier(.labelSmoothing(eps: 0.2, weight: weights), ignored: [1, 6]) }),
            ("ignored targets", { classifier(.crossEntropy(weight: weights), batchSize: 3, ignored: [0, 1, 2, 5]) }),
            ("a sum", { classifier(.crossEntropy(reduction: .sum)) }),
        ]
        for (what, make) in cases {
            func bits(_ learner: Learner, _ ranks: any Communicator) throws -> [UInt64] {
                try learner.withoutLogging {
                    try learner.distributed(over: ranks, reduction: .bitwise) { try learner.fit(2) }
                }
                let rows = (learner.recorder?.values ?? []).flatMap { $0.map { $0 ?? -1 } }
                let values = parameters(learner).map(Double.init) + (learner.recorder?.losses ?? []) + rows
                return values.map { $0.isNaN ? 0 : $0.bitPattern }
            }
            let (one, many) = (try bits(make(), SoloCommunicator()), try bits(make(), c))
            try require(one == many, "\(what): other bits on \(c.size) ranks than on one")
            // And to rounding those of an ordinary run.
            let plain = make()
            try plain.withoutLogging { try plain.fit(2) }
            let weights = parameters(plain).map { Double($0).bitPattern }
            try require(
                close(
                    one.prefix(weights.count).map(Double.init(bitPattern:)), weights.map(Double.init(bitPattern:)), 1e-4
                ),
                "\(what): weights are not those of an ordinary run")
        }
        let learner = classifier(.crossEntropy)
        let losses = try learner.distributed(over: c, reduction: .bitwise) {
            try learner.predictions(withLoss: true).losses?.count ?? 0
        }
        try require(losses == (c.rank == 0 ? 11 : 0), "\(losses) losses of 11 items")
    }
}
