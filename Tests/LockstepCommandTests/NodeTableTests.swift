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

    @Test("what networks have sent is counted, and the loop to oneself is not")
    func sent() {
        let numbers = " 1 2 0 0 0 0 0 0 4711 10 0 0 0 0 0 0"
        for name in ["  eth0", "enp0s31f6", " wg-lo", "silo"] {
            #expect(ProcessFacts.sent(inLine: name + ":" + numbers) == 4711, "\(name)")
        }
        for line in ["    lo:" + numbers, "lo:" + numbers, " face |bytes    packets", "  eth0: 1 2 3", ""] {
            #expect(ProcessFacts.sent(inLine: line) == 0, "\(line)")
        }
    }

    @Test("a Python that lives on beyond its node's agent holds nobody up")
    func livesOn() throws {
        let command = try Command()
        let nodes = command.folder.appending(path: "nodes").path
        // The second node's agent leaves a program behind that has its output; the first one's fails.
        let script = """
            #!/bin/sh
            case $2 in
                node2) sleep 60 & echo $! > "$0.pid"; wait ;;
                *) until [ -s "$0.pid" ]; do sleep 0.01; done; exit 1 ;;
            esac
            """
        try command.write(Data(script.utf8), to: "nodes")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: nodes)
        let programs = NodePrograms(lockstep: "", link: "", python: "python", peerScripts: "", nodes: nodes)
        let start = ContinuousClock.now
        #expect(programs.together(.ddp, .mlp, batches: 1, hosts: "") == nil)
        #expect(ContinuousClock.now - start < .seconds(30))
        let text = try String(contentsOfFile: nodes + ".pid", encoding: .utf8)
        let sleeper = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(kill(sleeper, SIGKILL) == 0, "it lived on")
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
