// SPDX-License-Identifier: Apache-2.0
// The callbacks of a run that is watched, can be stopped, and resumed.

import Foundation
import Lockstep
import LockstepData

/// Watches one run on one rank.
struct RunWatch {
    private let preemption: PreemptionCallback
    private let checkpoints: CheckpointCallback
    let log: RankLog?
    private let tensorboard: TensorBoardCallback?
    private let plan: RunPlan
    private let runLog: RunLog
    private let whole: String?
    let callbacks: [Callback]

    /// - Parameters:
    ///   - folder: Where the run's files lie.
    ///   - start: When the program began, from which a time limit counts.
    ///   - whole: The folder of the run that this one is a part of, which goes on in its place; nil for a run by itself.
    init(
        _ options: WatchOptions, _ plan: RunPlan, in folder: String, since start: ContinuousClock.Instant,
        partOf whole: String?, over ranks: any Communicator, saidIn runLog: RunLog
    ) throws {
        (self.plan, self.runLog, self.whole) = (plan, runLog, whole)
        checkpoints = CheckpointCallback(every: options.interval, keep: options.keep ?? WatchOptions.keep.initial)
        preemption = PreemptionCallback(
            until: options.timeLimit.map { .earlier(.after(.seconds($0 * 60), since: start), .ofJob) } ?? .ofJob)
        log = try options.logDir.map { try RankLog(folder: $0, over: ranks) }
        var callbacks: [Callback] = [CSVLogger(), preemption, checkpoints]
        if let trace = options.trace { callbacks.append(TraceCallback(trace)) }
        let times = TimeReport(console: options.times ? .standardOutput : Console { _ in })
        callbacks += [times, RankRecord(times, in: folder, over: ranks)]
        if let log { callbacks.append(log) }
        tensorboard = options.tensorboard.map {
            TensorBoardCallback(folder: absolute($0), histogramsEvery: options.histogramsEvery ?? 0)
        }
        if let tensorboard { callbacks.append(tensorboard) }
        self.callbacks = callbacks
    }

    /// Whether logs of this rank are not whole: it has been said.
    var hasLostLogs: Bool { log?.failure != nil || tensorboard?.failure != nil }

    /// Whether the run was asked to stop, and has.
    var isStopped: Bool { preemption.hasEndedFit }

    /// Ends a run that is asked to stop when its fit is over and its outputs are not: what is left is made when it goes on. Collective.
    func endIfAskedLate(over ranks: any Communicator, in files: RunFolder) throws {
        guard try ranks.anyRank(StopSignals.received != nil, name: "stop") else { return }
        if ranks.isRankZero {
            let signal = StopSignals.received.map { StopSignals.name(of: $0) + ": " } ?? ""
            Console.standardError.write("lockstep: \(signal)stopped after training, before all outputs were made\n")
        }
        try end(over: ranks, in: files)
    }

    /// Trains, from the start or from where the run was interrupted. Collective.
    ///
    /// - Parameter freezeEpochs: Epochs of the last parameter group alone before those of all; nil for none.
    func fit(_ learner: Learner, _ settings: TrainingSettings, freezeEpochs: Int?) throws {
        do {
            if let freezeEpochs {
                return try learner.fineTune(
                    settings.epochs, baseLR: settings.lr, freezeEpochs: freezeEpochs, resume: plan.policy)
            }
            try learner.fitOneCycle(settings.epochs, lrMax: .value(settings.lr), resume: plan.policy)
        } catch {
            log?.note("\(error)")
            throw error
        }
    }

    /// Ends a program that was asked to stop before it could begin to train. Collective.
    static func endIfAsked(
        over ranks: any Communicator, when: String = "before training had begun"
    ) throws {
        guard try ranks.anyRank(StopSignals.received != nil, name: "stop") else { return }
        let signal = StopSignals.received.map { StopSignals.name(of: $0) + ": " } ?? ""
        if ranks.isRankZero {
            Console.standardError.write("lockstep: \(signal)stopped \(when); start it again\n")
        }
        try endTold(World.stopRequestedCode, over: ranks)
    }

    /// Ends a program that was stopped with the code that says so, on every rank.
    func endIfStopped(over ranks: any Communicator, in files: RunFolder) throws {
        if isStopped { try end(over: ranks, in: files) }
    }

    private func end(over ranks: any Communicator, in files: RunFolder) throws {
        let folder = whole ?? files.folder
        log?.note("stopped; --resume \(folder) goes on")
        if ranks.isRankZero { runLog.event("stopped", [("folder", .text(folder))]) }
        if ranks is InProcessCommunicator {
            throw Failure(description: "stopped as asked; go on with --resume \(folder)", code: World.stopRequestedCode)
        }
        if ranks.isRankZero { Console.standardError.write("lockstep: go on with --resume \(folder)\n") }
        World.end(code: World.stopRequestedCode)
    }
}
