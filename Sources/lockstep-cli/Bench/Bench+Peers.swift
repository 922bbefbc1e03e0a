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
    var peerScripts = "launch/peers"

    @Option(help: ArgumentHelp("Rounds of a comparison.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("Where a comparison leaves table.md, table.json and table.svg.", valueName: "folder"))
    var report = "bench-report"

    func validate() throws {
        if rounds < 1 { throw ValidationError("--rounds \(rounds): at least 1 is needed") }
    }

    /// Measures `cases` beside the peers, prints the table as it grows and writes the report.
    func compare(_ cases: [BenchmarkCase], python: String) throws {
        try Failure.requireReadable(peerScripts + "/torch_peer.py", option: "--peer-scripts")
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
        print(table.markdown, terminator: "")
        print("report: \(report)/table.md, table.json, table.svg")
    }

    private func write(_ table: ComparisonTable) throws {
        let folder = URL(filePath: report, directoryHint: .isDirectory)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(table.markdown.utf8).write(to: folder.appending(path: "table.md"))
            try Data(table.svg.utf8).write(to: folder.appending(path: "table.svg"))
            try encoder.encode(table).write(to: folder.appending(path: "table.json"))
        } catch {
            throw Failure(description: "--report \(report): \(error.localizedDescription)", code: 1)
        }
    }
}
