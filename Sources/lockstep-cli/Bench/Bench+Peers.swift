// SPDX-License-Identifier: Apache-2.0
// `lockstep bench … --peers PYTHON`: every case beside PyTorch, fastai and JAX, in one run.

import ArgumentParser
import Foundation
import Lockstep
import LockstepBench

/// How a comparison is run, and where its report goes.
struct PeerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Compare with PyTorch, fastai and JAX, run by this Python: everyone once per round, on 1 and on 2 ranks.",
            valueName: "python"))
    var peers: String?

    @Option(help: ArgumentHelp("Folder with torch_peer.py and jax_peer.py.", valueName: "folder"))
    var peerScripts = "Tests/Peers"

    @Option(help: ArgumentHelp("Rounds of a comparison.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("Where a comparison leaves table.md, table.json and table.svg.", valueName: "folder"))
    var report = "bench-report"

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds \(rounds): at least 1 is needed") }
        if rounds > 1_000_000 { throw ValidationError("--rounds \(rounds): at most 1000000 are possible") }
        try Output.checkName("--report", report, isFolder: true)
    }

    /// Measures `cases` beside the peers, prints the table as it grows and writes the report.
    func compare(_ cases: [BenchmarkCase], python: String) throws {
        try Failure.requireReadable(peerScripts + "/torch_peer.py", option: "--peer-scripts")
        try Output.check("--report", folder: report)
        let programs = PeerPrograms(lockstep: Launcher.programPath, python: python, scripts: peerScripts)
        var table = ComparisonTable([])
        for benchmark in cases {
            for ranks in benchmark == .linreg ? [1] : [1, 2] {
                table.cases.append(
                    CaseComparison(benchmark, ranks: ranks, rounds: rounds, programs: programs) { contender, round in
                        let place = "\(benchmark.rawValue), \(ranks) rank\(ranks > 1 ? "s" : "")"
                        Console.standardError.write("\(place), round \(round + 1): \(contender.rawValue)\n")
                    })
                try write(table)
            }
        }
        try say(table.markdown, terminator: "")
        try say("report: \(report)/table.md, table.json, table.svg")
    }

    private func write(_ table: ComparisonTable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Output.write(table.markdown, to: "\(report)/table.md")
        try Output.write(table.svg, to: "\(report)/table.svg")
        try Output.write(String(decoding: encoder.encode(table), as: UTF8.self), to: "\(report)/table.json")
    }
}
