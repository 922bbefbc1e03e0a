// SPDX-License-Identifier: Apache-2.0
// Cases beside the peers: who runs, what is kept, and how it is told.

import Foundation
import LockstepChecks
import Testing

@testable import LockstepBench

@Suite("Comparison") struct ComparisonTests {
    private func measured(_ speeds: Double...) -> [StepMeasurement] {
        speeds.map { StepMeasurement(samplesPerSecond: $0, mebibytes: Int($0) / 10, firstStepSeconds: 1) }
    }

    @Test("medians over rounds, the best peer, and the ratio to it")
    func ratio() throws {
        let one = CaseComparison(
            name: "mlp", ranks: 1,
            [.lockstep: measured(300, 100, 200), .torch: measured(90, 110, 100), .jax: measured(160, 150, 170)])
        #expect(one.own?.samplesPerSecond == 200)
        #expect(one.bestPeer?.contender == .jax)
        #expect(one.ratio == 1.25)
        #expect(one.rounds["PyTorch"] == [90, 110, 100])
        #expect(CaseComparison(name: "mlp", ranks: 1, [.lockstep: measured(1)]).ratio == nil)
    }

    @Test("the table has a line for each case, with its ratios; the picture a bar for each measurement")
    func table() throws {
        let single = CaseComparison(name: "mlp", ranks: 1, [.lockstep: measured(12_000), .torch: measured(10_000)])
        let double = CaseComparison(name: "mlp", ranks: 2, [.lockstep: measured(23_400), .jax: measured(20_000)])
        let table = ComparisonTable([single, double])
        let lines = table.markdown.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[2] == "| mlp | 1 | 12,000 | 10,000 |  |  |  | 1.20 |  | 1200 | 1000 |")
        #expect(lines[3] == "| mlp | 2 | 23,400 |  |  |  | 20,000 | 1.17 | 1.95 | 2340 | 2000 |")
        #expect(table.svg.components(separatedBy: "<rect x=").count == 5)
        let json = try JSONEncoder().encode(table)
        #expect(try JSONDecoder().decode(ComparisonTable.self, from: json) == table)
    }

    @Test(
        "numbers are grouped by thousands",
        arguments: [(0.4, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")])
    func groups(value: Double, expected: String) { #expect(grouped(value) == expected) }

    @Test("everyone is measured once per round; who is missing is left out")
    func rounds() throws {
        // A Python that prints a measurement for torch_peer.py and fails for jax_peer.py.
        let folder = FileManager.default.temporaryDirectory.appending(path: "peers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let python = folder.appending(path: "python")
        let script = """
            #!/bin/sh
            case "$*" in *jax_peer*) exit 3;; esac
            echo "a warning"
            echo '{"case": "mlp", "engine": "torch", "ranks": 1, "samples_per_s": 50.0, "rss_mib": 7, "first_step_s": 0.5}'
            """
        try writeExecutable(script, to: python)
        let programs = PeerPrograms(lockstep: python.path, python: python.path, scripts: folder.path)
        var calls: [String] = []
        let one = CaseComparison(.mlp, ranks: 1, rounds: 2, programs: programs) { contender, round in
            calls.append("\(round) \(contender.rawValue)")
        }
        #expect(calls == ["0 lockstep", "0 PyTorch", "0 fastai", "0 JAX", "1 lockstep", "1 PyTorch", "1 fastai"])
        #expect(one.rounds["PyTorch"] == [50, 50] && one.medians["JAX"] == nil)
        #expect(one.ratio == 1)
    }
}
