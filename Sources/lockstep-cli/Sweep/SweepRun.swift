// SPDX-License-Identifier: Apache-2.0
// A sweep on its way: starts trials, takes note of their ends, and leaves the table.

import Foundation
import Lockstep
import LockstepData

/// Trains the trials of a plan in a folder.
final class SweepRun {
    private let plan: SweepPlan
    private var search: SweepSearch { plan.search }
    private let folder: String
    private let jobs: Int
    private let log: RunLog
    private var results: [SweepResult] = []
    /// Trials that were asked to stop by somebody else.
    private var stopped: [SweepTrial] = []

    init(_ plan: SweepPlan, folder: String, jobs: Int, log: RunLog) {
        (self.plan, self.folder, self.jobs, self.log) = (plan, folder, jobs, log)
    }

    /// - Throws: ``Failure``: 75 when it was asked to stop; what one trial failed with when all have.
    func run() throws {
        try Output.check("--out", folder: folder)
        try Files.createFolder(folder)
        let lock = try FolderLock(folder)
        try withExtendedLifetime(lock) {
            try plan.begin(in: folder)
            tell("\(plan.recipe): \(search.description), \(jobs) at a time, in \(folder)")
            log.event(
                "begin",
                [
                    ("recipe", .text(plan.recipe)), ("trials", .whole(search.points.count)),
                    ("search", .text(search.strategy.rawValue)), ("folder", .text(folder)),
                ])
            var numbers = Array(search.points.indices)
            for round in search.rounds.indices {
                try train(plan.trials(numbers, round: round, folder: folder))
                guard stopped.isEmpty, round + 1 < search.rounds.count else { break }
                numbers = better(ofRound: round, search.count(inRound: round + 1))
            }
            try conclude()
        }
    }

    /// Says something to people; where nobody reads any more, trials go on.
    private func tell(_ text: String, terminator: String = "\n") { log.tell(text + terminator) }

    /// Trains those of a round that are not finished.
    private func train(_ trials: [SweepTrial]) throws {
        let known = trials.map(\.result)
        var waiting = zip(trials, known).filter { $1 == nil }.map(\.0)
        let finished = known.compactMap { $0 }
        results += finished
        if !finished.isEmpty { tell("\(finished.count) of \(trials.count) trials are finished") }
        try checkColumn(SweepTable(results, plan))
        var running: [SweepJob] = []
        var isStopping = false
        do {
            while !running.isEmpty || (!waiting.isEmpty && !isStopping) {
                if !isStopping, StopSignals.received != nil {
                    isStopping = true
                    for job in running { job.stop() }
                }
                while !isStopping, running.count < jobs, !waiting.isEmpty {
                    let trial = waiting.removeFirst()
                    try Output.write(plan.configuration(of: trial), to: trial.configuration)
                    running.append(try SweepJob(trial, recipe: plan.recipe))
                }
                var left: [SweepJob] = []
                for job in running {
                    guard let code = job.code else {
                        left.append(job)
                        continue
                    }
                    try record(job.trial, endedWith: code, isStopping)
                }
                running = left
                if !running.isEmpty { usleep(20_000) }
            }
        } catch {
            for job in running { job.stop() }
            for job in running { while job.code == nil { usleep(20_000) } }
            throw error
        }
        if isStopping { try endStopped(trials.count) }
    }

    /// Takes note of a trial's end.
    private func record(_ trial: SweepTrial, endedWith code: Int32, _ isStopping: Bool) throws {
        guard let result = try trial.result(endedWith: code, wasAsked: isStopping) else {
            if !isStopping { stopped.append(trial) }
            return
        }
        results.append(result)
        let table = SweepTable(results, plan)
        try Output.write(table.csv, to: folder + "/sweep.csv")
        let values = zip(search.axes, trial.values).map { "\($0.name) \($1.bare)" }.joined(separator: ", ")
        let column = plan.ranking.column
        let end =
            code == 0
            ? result[column].map { "\(column) \(decimals($0, 6))" } ?? "done" : "failed (\(code)): \(result.error)"
        tell("trial \(trial.name): \(values): \(end)")
        log.event("trial", result.pairs(search.axes))
        try checkColumn(table)
    }

    /// Refuses to rank by a column that the first trial which is finished does not have.
    private func checkColumn(_ table: SweepTable) throws {
        let columns = table.columns
        guard !columns.isEmpty, !columns.contains(plan.ranking.column) else { return }
        throw Failure.usage(
            "--by \(plan.ranking.column): history.csv has no such column, but \(columns.joined(separator: ", "))")
    }

    /// The better ones of a round that has come to its end.
    private func better(ofRound round: Int, _ count: Int) -> [Int] {
        results.filter { $0.trial.round == round && $0.code == 0 }.sorted(by: plan.ranking.precedes)
            .prefix(count).map(\.trial.number).sorted()
    }

    private func endStopped(_ count: Int) throws {
        let signal = StopSignals.received.map { StopSignals.name(of: $0) + ": " } ?? ""
        throw Failure(
            description:
                "\(signal)stopped with \(results.count) finished trials; the same command goes on in \(folder)",
            code: World.stopRequestedCode)
    }

    /// The table, and an end that says whether there is anything in it.
    private func conclude() throws {
        let table = SweepTable(results, plan)
        try Output.write(table.csv, to: folder + "/sweep.csv")
        tell(table.text, terminator: "")
        let way = plan.ranking.mode == .min ? "smallest" : "greatest"
        if let best = table.best {
            tell("best by \(plan.ranking.column) (\(way)): trial \(best.trial.name) in \(best.trial.folder)")
        }
        tell("the table lies in \(folder)/sweep.csv")
        log.event(
            "end",
            [
                ("by", .text(plan.ranking.column)), ("mode", .text(plan.ranking.mode.rawValue)),
                ("best", table.best.map { .object($0.pairs(search.axes)) } ?? .number(nil)),
                ("failed", .whole(results.count { $0.code != 0 })), ("folder", .text(folder)),
            ])
        if let trial = stopped.first {
            throw Failure(
                description: "trial \(trial.name) was stopped; the same command goes on in \(folder)",
                code: World.stopRequestedCode)
        }
        let failures = results.filter { $0.code != 0 }
        guard let first = failures.min(by: { $0.trial.number < $1.trial.number }) else { return }
        let sentence = "\(failures.count) of \(results.count) trials failed"
        if table.best == nil { throw Failure(description: "\(sentence): \(first.error)", code: first.code) }
        Console.standardError.write("lockstep: \(sentence); trial \(first.trial.name): \(first.error)\n")
    }
}
