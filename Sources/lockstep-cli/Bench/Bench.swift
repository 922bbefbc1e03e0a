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
        discussion: "Cases, each with a fixed batch of random data and Adam; a process alone computes with one\n"
            + "thread, ranks with their share of the cores:\n"
            + BenchmarkCase.allCases.map {
                "  \($0.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0))\($0.summary)"
            }
            .joined(separator: "\n")
            + "\n  allreduce the reduction of gradients, 1 KiB to 64 MiB, beside MPI_Allreduce, Gloo and a copy (default: 2 ranks)"
            + "\n  checkpoint  what a checkpoint of 100 million parameters costs the steps beside it (--width for others)"
            + "\n  scaling   how speed grows with the batch, the width, the ranks and the threads, with tables and plots"
            + "\n  growth    how time and memory grow with rows, classes, parameters, texts; --peers PYTHON beside others"
            + "\n  nodes     training between nodes over slow networks; make bench-nodes starts the nodes"
            + "\n  convolutions  what each engine takes for each convolution, and what the rule between them costs"
    )

    /// A case, or every one.
    enum Choice: String, CaseIterable, ExpressibleByArgument {
        case linreg, mlp, mlp256, lenet, resnet20, tabular, gpt, lstm, all, allreduce, checkpoint, scaling,
            convolutions, growth, nodes
    }

    @Argument(help: ArgumentHelp("What to measure.", valueName: "case"))
    var choice: Choice = .all

    @Option(help: ArgumentHelp("Timed steps (default: as many as the peers time).", valueName: "n"))
    var batches: Int?

    @Option(help: ArgumentHelp("Samples per rank and step (default: as many as the peers take).", valueName: "n"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Units of each hidden layer of mlp (default: 512).", valueName: "n"))
    var width: Int?

    @Flag(help: "Run the steps in a Learner with the default callbacks.")
    var learner = false

    @Flag(help: "Let every rank update all parameters, as ranks of several nodes do.")
    var replicated = false

    @Flag(help: "Compare the step with what this core could do at best: its fastest product, its fastest copy.")
    var roofline = false

    @Flag(help: "Print one line of JSON per case.")
    var json = false

    @Option(help: .hidden)
    var part: AllReduceBench.Part?

    @Option(
        help: ArgumentHelp(
            "With growth: only this work; with nodes: only this case or network; again for more.", valueName: "name"))
    var only: [String] = []

    @Option(help: .hidden)
    var growthPart: String?

    @Option(help: .hidden)
    var growthSize: Int?

    @Flag(help: .hidden)
    var nodePart = false

    @Option(help: .hidden)
    var nodeProgram: String?

    @Option(
        help: ArgumentHelp(
            "With convolutions: measure nothing, but print the cost model fitted to the tables in this folder.",
            valueName: "folder"))
    var fit: String?

    @OptionGroup var compression: CompressionOption
    @OptionGroup var ranks: RankOptions
    @OptionGroup(title: "Peers") var peers: PeerOptions

    /// The case that was named; nil for all, and for other kinds of work.
    private var benchmark: BenchmarkCase? { BenchmarkCase(rawValue: choice.rawValue) }

    func validate() throws {
        if peers.peers != nil, ![.allreduce, .checkpoint, .growth, .nodes].contains(choice),
            learner || roofline || batches != nil || ranks.ranks != nil
        {
            throw ValidationError(
                "--peers compares bare steps on 1 and 2 ranks: no other measuring option goes with it")
        }
        try validateSizes()
        if let batches, !(1...1_000_000_000).contains(batches) {
            throw ValidationError("--batches \(batches): must be between 1 and 1000000000")
        }
        if choice == .allreduce, batches != nil || learner || replicated || compression.isOn {
            throw ValidationError("bench allreduce has none of --batches, --learner, --replicated and --compression")
        }
        if roofline, learner || choice == .allreduce || ranks.ranks ?? 1 > 1 || ranks.inProcess ?? 1 > 1 {
            throw ValidationError("--roofline measures a bare step on one rank: no --learner, --ranks, --in-process")
        }
        if choice == .all, Launcher.startedRanks != nil {
            throw ValidationError("bench all starts a program for each case; use --ranks instead of mpirun")
        }
    }

    private func validateSizes() throws {
        for (name, value) in [("--batch-size", batchSize), ("--width", width)] {
            guard let value else { continue }
            if value < 1 { throw ValidationError("\(name) \(value): at least 1 is needed") }
            if value > 65_536 { throw ValidationError("\(name) \(value): at most 65536 are possible") }
            if choice == .checkpoint, name == "--width" { continue }
            if benchmark == nil || roofline || peers.peers != nil {
                throw ValidationError("\(name) goes with one case, measured alone")
            }
        }
        if let benchmark, width != nil, !benchmark.hasWidth {
            throw ValidationError("--width: \(choice.rawValue) has no hidden layers to widen; mlp has")
        }
        if fit != nil, choice != .convolutions { throw ValidationError("--fit goes with bench convolutions") }
        if choice == .convolutions, batches != nil || learner || replicated || roofline || ranks.ranks != nil {
            throw ValidationError("bench convolutions takes --rounds, --report and --fit only")
        }
        let known = choice == .nodes ? Bench.nodeNames : GrowthCase.allCases.map(\.rawValue)
        for name in only + [growthPart].compactMap({ $0 }) where !known.contains(name) {
            throw ValidationError("--only \(name): must be one of \(known.joined(separator: ", "))")
        }
        if !only.isEmpty, ![.growth, .nodes].contains(choice) {
            throw ValidationError("--only goes with bench growth and bench nodes")
        }
        if choice == .nodes,
            batches != nil || learner || replicated || roofline || ranks.ranks != nil || compression.isOn
        {
            throw ValidationError("bench nodes takes --only, --peers, --rounds and --report only")
        }
        if choice == .growth, batches != nil || learner || replicated || roofline || ranks.ranks != nil {
            throw ValidationError("bench growth takes --only, --peers and --report only")
        }
        if choice == .scaling, batches != nil || learner || replicated || roofline || ranks.ranks != nil {
            throw ValidationError("bench scaling takes --rounds and --report only")
        }
    }

    func run() throws {
        if choice == .allreduce { return try runAllReduce() }
        if choice == .scaling { return try runScaling() }
        if choice == .convolutions { return try runConvolutions() }
        if choice == .growth { return try runGrowth() }
        if choice == .nodes { return try runNodes() }
        if choice == .checkpoint { return try runCheckpoint() }
        if let python = peers.peers {
            return try peers.compare(self.benchmark.map { [$0] } ?? BenchmarkCase.allCases, python: python)
        }
        guard let benchmark = self.benchmark else { return try runAll() }
        let task = Benchmark(
            benchmark, batches: batches, usesLearner: learner, update: replicated ? .replicated : .automatic,
            compression: compression.value, batchSize: batchSize, width: width)
        let json = json
        // The header of `bench all` comes from the program that starts the others.
        let wantsHeader = ProcessInfo.processInfo.environment["LOCKSTEP_BENCH_ROWS"] == nil
        if roofline {
            if !json, wantsHeader { try say(Roofline.header) }
            let result = try Roofline(benchmark, batches: batches)
            return try say(json ? result.json : result.row)
        }
        try ranks.run { communicator in
            let result = try task.run(over: communicator)
            guard communicator.isRankZero else { return }
            if !json, wantsHeader { try say(BenchmarkResult.header) }
            try say(json ? result.json : result.row)
        }
    }

    /// Each case in a process of its own: peak memory and start-up time are the case's.
    private func runAll() throws {
        if !json { try say(roofline ? Roofline.header : BenchmarkResult.header) }
        var environment = ProcessInfo.processInfo.environment
        environment["LOCKSTEP_BENCH_ROWS"] = "1"
        let options = CommandLine.arguments.dropFirst(2).filter { $0 != Choice.all.rawValue }
        for benchmark in BenchmarkCase.allCases {
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
