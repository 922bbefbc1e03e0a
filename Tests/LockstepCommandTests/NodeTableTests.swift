// SPDX-License-Identifier: Apache-2.0
// Cases between nodes: what is ideal, what is kept of each round, and how it is told.

import Foundation
import Testing

@testable import LockstepBench

@Suite("Bench between nodes") struct NodeTableTests {
    private func measured(_ milliseconds: Double..., bytes: Double? = nil) -> [NodeMeasurement] {
        milliseconds.map { NodeMeasurement(milliseconds: $0, sentBytes: bytes, parameterCount: 1_000_000) }
    }

    private var row: NodeRow {
        var row = NodeRow(.mlp, .hundredMegabit, nodes: 2)
        // A million parameters are 4 MB: 333 ms at 12 MB a second.
        (row.bytesPerSecond, row.latency) = ([12e6, 11e6, 90e6], [100e-6, 50e-6, 60e-6])
        row.alone = ["Lockstep": measured(30, 20, 10), "PyTorch": measured(400, 500, 450)]
        row.steps = [
            "Lockstep, float32": measured(500, 400, 300, bytes: 4_100_000), "PyTorch DDP": measured(900, 900, 900),
        ]
        return row
    }

    @Test("an ideal step is the longer of computing alone and of the least bytes at the measured rate")
    func ideal() throws {
        #expect(try abs(#require(row.ideal(.float32)) - 1000 / 3) < 1e-6)
        #expect(try abs(#require(row.ratio(.float32)) - 1.2) < 1e-6)
        #expect(row.ideal(.ddp) == 450)
        #expect(row.ratio(.ddp) == 2)
        #expect(row.ideal(.bf16) == nil && row.ratio(.bf16) == nil)
        var more = row
        more.nodes = 4
        more.steps["Lockstep, bf16"] = measured(1)
        #expect(try abs(#require(more.ideal(.float32)) - 500) < 1e-6)
        #expect(try abs(#require(more.ideal(.bf16)) - 250) < 1e-6)
    }

    @Test("the table has a line for each case and network; JSON keeps every round")
    func table() throws {
        let table = NodeTable([row])
        let lines = table.markdown.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[3] == "| mlp | 100M | 96 | 60 | 20.0 | 400.0 | 1.20 | 4.10 |  |  |  | 900.0 | 2.00 |  | 0.88 |")
        let json = try JSONEncoder().encode(table)
        #expect(try JSONDecoder().decode(NodeTable.self, from: json) == table)
    }

    @Test("a line of bench is read, whatever else stands in it")
    func line() throws {
        let text = #"{"case": "mlp", "ranks": 2, "ms": 22.5, "params": 669706, "sent_bytes": 2690000}"#
        let found = try JSONDecoder().decode(NodeMeasurement.self, from: Data(text.utf8))
        #expect(found == NodeMeasurement(milliseconds: 22.5, sentBytes: 2_690_000, parameterCount: 669_706))
    }

    @Test("without nodes it says what starts them; names that are none are listed")
    func refused() throws {
        let command = try Command()
        expectRefused(try command("bench", "nodes"), 66, "no nodes are up; make bench-nodes starts two")
        let wrong = try command("bench", "nodes", "--only", "10M")
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("--only 10M: must be one of mlp, resnet20, gpt, none, 1G, 100M"))
    }
}
