// SPDX-License-Identifier: Apache-2.0
// The callbacks of a run that is watched, can be stopped, and resumed.

import Foundation
import Lockstep

/// Watches one run on one rank.
struct RunWatch {
    private let preemption: PreemptionCallback
    let log: RankLog?
    private let history: CSVLogger
    private let isResumed: Bool
    let callbacks: [Callback]

    init(_ options: WatchOptions, over ranks: any Communicator) throws {
        preemption = PreemptionCallback(saving: "resume", everyEpochs: options.checkpointEvery)
        log = try options.logDir.map { try RankLog(folder: $0, over: ranks) }
        isResumed = options.resume != nil
        history = CSVLogger(append: isResumed)
        var callbacks: [Callback] = [history, preemption]
        if let trace = options.trace { callbacks.append(TraceCallback(trace)) }
        if options.times { callbacks.append(TimeReport()) }
        if let log { callbacks.append(log) }
        self.callbacks = callbacks
    }

    /// Whether the system has asked the run to stop, and it has.
    var isStopped: Bool { preemption.signal != nil }

    /// Trains, from the start or from where the run was interrupted. Collective.
    func fit(_ learner: Learner, _ settings: TrainingSettings) throws {
        do {
            let point = isResumed ? try learner.loadResumePoint("resume") : nil
            history.resumesAt = point?.epoch
            try learner.fitOneCycle(
                settings.epochs, lrMax: .value(settings.lr), callbacks: point.map { [ResumeCallback($0)] } ?? [],
                startEpoch: point?.epoch ?? 0)
        } catch {
            log?.note("\(error)")
            throw error
        }
    }

    /// A run that is complete has nothing to resume from.
    func complete(_ learner: Learner, in files: RunFolder) throws {
        try learner.coordinator.write { _ = unlink(files.path("resume.safetensors")) }
    }

    /// Ends a program that was asked to stop before it could begin to train. Collective.
    static func endIfAsked(over ranks: any Communicator) throws {
        guard try ranks.anyRank(StopSignals.received != nil, name: "stop") else { return }
        let signal = StopSignals.received.map { StopSignals.name(of: $0) + ": " } ?? ""
        if ranks.isRankZero {
            Console.standardError.write("lockstep: \(signal)stopped before training had begun; start it again\n")
        }
        try endTold(World.stopRequestedCode, over: ranks)
    }

    /// Ends a program that was stopped with the code that says so, on every rank.
    func endIfStopped(over ranks: any Communicator, in files: RunFolder) throws {
        guard isStopped else { return }
        log?.note("stopped; --resume \(files.folder) goes on")
        if ranks is InProcessCommunicator {
            throw Failure(
                description: "stopped as asked; go on with --resume \(files.folder)", code: World.stopRequestedCode)
        }
        if ranks.isRankZero { Console.standardError.write("lockstep: go on with --resume \(files.folder)\n") }
        World.end(code: World.stopRequestedCode)
    }
}
