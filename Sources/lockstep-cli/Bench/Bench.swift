// SPDX-License-Identifier: Apache-2.0
// `lockstep bench`: speed, memory and start-up time of the cases that the peers are measured on.

import ArgumentParser
import Foundation
import Lockstep
import LockstepBench

/// Measures one case, or all of them.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a training step: speed, memory, time to the first step.",
        discussion: "Cases, each with a fixed batch of random data, Adam and one thread per rank:\n"
            + BenchmarkCase.allCases.map {
                "  \($0.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0))\($0.summary)"
            }
            .joined(separator: "\n")
            + "\n  allreduce the reduction of gradients, 1 KiB to 64 MiB, beside MPI_Allreduce and a copy (default: 2 ranks)"
    )

    /// A case, or every one.
    enum Choice: String, CaseIterable, ExpressibleByArgument {
        case linreg, mlp, mlp256, lenet, resnet20, tabular, gpt, lstm, all, allreduce
    }

    @Argument(help: ArgumentHelp("What to measure.", valueName: "case"))
    var choice: Choice

    @Option(help: ArgumentHelp("Timed steps (default: as many as the peers time).", valueName: "n"))
    var batches: Int?

    @Flag(help: "Run the steps in a Learner with the default callbacks.")
    var learner = false

    @Flag(help: "Let every rank update all parameters, as ranks of several nodes do.")
    var replicated = false

    @Flag(help: "Print one line of JSON per case.")
    var json = false

    @OptionGroup var ranks: RankOptions

    func validate() throws {
        if let batches, batches < 1 { throw ValidationError("--batches \(batches): at least 1 is needed") }
        if choice == .allreduce, batches != nil || learner || replicated {
            throw ValidationError("bench allreduce has none of --batches, --learner and --replicated")
        }
        if choice == .all, Launcher.startedRanks != nil {
            throw ValidationError("bench all starts a program for each case; use --ranks instead of mpirun")
        }
    }

    func run() throws {
        if choice == .allreduce { return try runAllReduce() }
        guard let benchmark = BenchmarkCase(rawValue: choice.rawValue) else { return try runAll() }
        let task = Benchmark(
            benchmark, batches: batches, usesLearner: learner, update: replicated ? .replicated : .automatic)
        let json = json
        // The header of `bench all` comes from the program that starts the others.
        let wantsHeader = ProcessInfo.processInfo.environment["LOCKSTEP_BENCH_ROWS"] == nil
        try ranks.run { communicator in
            let result = try task.run(over: communicator)
            guard communicator.isRankZero else { return }
            if !json, wantsHeader { print(BenchmarkResult.header) }
            print(json ? result.json : result.row)
        }
    }

    /// Two ranks unless told otherwise: one has nothing to reduce.
    private func runAllReduce() throws {
        let json = json
        var ranks = ranks
        if ranks.ranks == nil, ranks.inProcess == nil, Launcher.startedRanks == nil { ranks.ranks = 2 }
        try ranks.run { communicator in
            let isWriter = communicator.isRankZero
            if isWriter, !json { print(AllReduceResult.header) }
            try AllReduceBench().run(over: communicator) { result in
                if isWriter { Console.standardOutput.write((json ? result.json : result.row) + "\n") }
            }
        }
    }

    /// Each case in a process of its own: peak memory and start-up time are the case's.
    private func runAll() throws {
        if !json { print(BenchmarkResult.header) }
        var environment = ProcessInfo.processInfo.environment
        environment["LOCKSTEP_BENCH_ROWS"] = "1"
        let options = CommandLine.arguments.dropFirst(2).filter { $0 != Choice.all.rawValue }
        for benchmark in BenchmarkCase.allCases {
            fflush(nil)
            let child = Process()
            child.executableURL = URL(filePath: Launcher.programPath)
            child.arguments = ["bench", benchmark.rawValue] + options
            child.environment = environment
            try child.run()
            child.waitUntilExit()
            if child.terminationStatus != 0 {
                throw Failure(description: "bench \(benchmark.rawValue) failed", code: child.terminationStatus)
            }
        }
    }
}
