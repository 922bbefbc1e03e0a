// SPDX-License-Identifier: Apache-2.0
// The run in which a fault happens: which rank, at which step, and the training around it.

import Glibc
import Lockstep

/// The ranks, the one at fault, and the step at which it fails.
struct FaultScene {
    let ranks: any Communicator
    let culprit: Int
    let step: Int

    /// Runs `NAME RANK STEP` on this rank.
    static func run(arguments: ArraySlice<String>) -> Never {
        let words = Array(arguments)
        guard words.count == 3, let fault = Fault.all.first(where: { $0.name == words[0] }),
            let culprit = Int(words[1]), let step = Int(words[2])
        else {
            Console.standardError.write("usage: lockstep-rank-tests --fault NAME RANK STEP   (--faults lists them)\n")
            exit(64)
        }
        World.runOnEveryRank { ranks in
            let scene = FaultScene(ranks: ranks, culprit: culprit, step: step)
            if fault.endsWell { scene.announce(on: 0) }
            try fault.body(scene)
        }
        exit(0)
    }

    /// Whether this is the rank and the step; says when it happened.
    func strikes(at step: Int) -> Bool {
        guard ranks.rank == culprit, step == self.step else { return false }
        announce(on: culprit)
        return true
    }

    /// Prints the time, from which the script counts.
    func announce(on rank: Int = 0) {
        guard ranks.rank == rank else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        Console.standardError.write("fault at \(now.tv_sec * 1000 + now.tv_nsec / 1_000_000) ms\n")
    }

    /// Twenty collectives of one's own.
    func repeatedly(_ body: (_ step: Int, _ isStruck: Bool) throws -> Void) throws {
        for step in 0..<20 {
            ranks.note(step: step, event: "fault test")
            try body(step, strikes(at: step))
        }
    }

    /// Twenty sums of 16 MiB; `body` runs where a piece has become whole and others are on their way.
    func exchange(_ body: @escaping () throws -> Void) throws {
        let count = 4 << 20
        let reducer = try SharedReducer(over: ranks, floatCount: count)
        try repeatedly { _, isStruck in
            var isDone = false
            try reducer.reduceOwned(weight: 1, count: count) { range, _ in
                guard isStruck, !isDone, range.lowerBound > count / 3 else { return }
                isDone = true
                try body()
            }
        }
    }

    // MARK: Training

    /// The events in which something may go wrong in the middle of a batch.
    private static let events: [Event] = [.beforeBatch, .afterPred, .afterLoss, .beforeStep, .afterStep, .afterBatch]

    /// Trains; `body` runs in a callback of the rank and step at fault.
    func train(_ body: @escaping () throws -> Void) throws {
        try fit { learner in
            try learner.on(FaultScene.events[(step + culprit) % FaultScene.events.count]) { learner in
                if learner.training, strikes(at: learner.trainIter) { try body() }
            }
        }
    }

    /// Trains; `body` runs in the validation of the rank at fault, in the first batch after the step.
    func validate(_ body: @escaping () throws -> Void) throws {
        try fit { learner in
            var isDone = false
            try learner.on(.afterPred) { learner in
                guard !learner.training, !isDone, ranks.rank == culprit, learner.trainIter >= step else { return }
                isDone = true
                announce(on: culprit)
                try body()
            }
        }
    }

    /// One rank's loss becomes NaN; what it does about that, all do.
    func trainUntilNaN() throws {
        try fit { learner in
            var isNaN = false
            try learner.on(.afterLoss) { learner in
                isNaN = strikes(at: learner.trainIter)
                if isNaN { learner.lossGrad = learner.lossGrad.map { $0 * Double.nan } }
            }
            try learner.on(.beforeBackward) { learner in
                guard isNaN, learner.lossGrad?.item().isNaN ?? false else { return }
                throw CancelSignal.fit
            }
            try learner.on(.afterFit) { learner in
                let steps = try ranks.allGather([Int64(learner.trainIter)])
                guard ranks.isRankZero else { return }
                Console.standardOutput.write(
                    "rank \(culprit) saw a loss of nan; all \(ranks.size) ranks stopped at steps \(steps)\n")
                if Set(steps).count != 1 || steps[0] >= 30 { exit(1) }
            }
        }
    }

    /// One rank is asked to stop; all do, with a checkpoint and the code that says so.
    func trainUntilStopped() throws {
        let preemption = PreemptionCallback(saving: "/tmp/lockstep-fault-\(getppid())")
        var path = ""
        try fit { learner in
            try learner.addCallback(preemption)
            try learner.on(.afterLoss) { learner in
                if learner.training, strikes(at: learner.trainIter) { raise(SIGTERM) }
            }
            try learner.on(.afterFit) { _ in path = preemption.file + ".safetensors" }
        }
        let steps = try ranks.allGather([Int64(preemption.signal ?? 0)])
        guard Set(steps) == [Int64(SIGTERM)] else { exit(1) }
        if ranks.isRankZero { unlink(path) }
        World.end(code: World.stopRequestedCode)
    }

    /// Thirty steps of a small model on all ranks.
    func fit(inputs: Int = 4, _ prepare: (Learner) throws -> Void = { _ in }) throws {
        let x = Tensor.linspace(-1, 1, count: 60 * inputs).reshaped([60, inputs])
        let data = DataLoader(TensorDataset(inputs: [x], targets: [x.sum(axis: 1, keepDims: true)]), batchSize: 6)
        let learner = Learner(
            dls: DataLoaders(data, data), model: Sequential { Linear(inputs, 1) }, loss: .mse, optimizer: .sgd(),
            lr: 0.01, defaultCallbacks: .core)
        try prepare(learner)
        try learner.withoutLogging { try learner.distributed(over: ranks) { try learner.fit(3) } }
    }
}
