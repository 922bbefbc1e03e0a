// SPDX-License-Identifier: Apache-2.0
// How cost grows: what is measured, with which commands, and how it is told.

import Foundation
import LockstepLearner
import Testing

@testable import LockstepBench

@Suite("Command: bench scaling")
struct ScalingTests {
    private func measured(_ axis: ScalingSeries.Axis, _ sizes: [Int], _ speeds: [[Double]]) -> ScalingSeries {
        var series = ScalingSeries(.mlp, axis, sizes)
        for index in speeds.indices { series.points[index].rounds = speeds[index] }
        return series
    }

    @Test("the table has medians, multiples of the first and the command of each number")
    func table() {
        let report = ScalingReport([measured(.batchSize, [16, 32], [[100, 300, 200], [500]])], cores: 2)
        let lines = report.markdown.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0] == "**mlp**, samples per batch (medians of 3 rounds)")
        #expect(lines[3] == "| 16 | 200 | 1.00 | `lockstep bench mlp --batch-size 16` |")
        #expect(lines[4] == "| 32 | 500 | 2.50 | `lockstep bench mlp --batch-size 32` |")
    }

    @Test("more ranks or threads than cores take turns, and the table says so")
    func turns() {
        let ranks = ScalingReport([measured(.ranks, [1, 2, 4], [[1], [2], [2]])], cores: 2).markdown
        #expect(ranks.contains("| 2 | 2 |") && ranks.contains("| 4 (taking turns) | 2 | 2.00 |"))
        let threads = ScalingReport([measured(.threads, [1, 2], [[1], [2]])], cores: 1).markdown
        #expect(threads.contains("| 2 (taking turns) | 2 | 2.00 | `LOCKSTEP_THREADS=2 lockstep bench mlp` |"))
        #expect(!ScalingReport([measured(.width, [64], [[1]])], cores: 1).markdown.contains("turns"))
    }

    @Test("what has not been measured is a dash in the table and no point of the picture")
    func gaps() {
        let report = ScalingReport([measured(.width, [64, 128, 256], [[10], [5]])], cores: 2)
        #expect(report.markdown.contains("| 256 | - | - |"))
        #expect(report.plot(.width).pointCount == 2)
        #expect(report.plot(.ranks).curves.isEmpty)
    }

    @Test("a size that is asked for is measured, one that makes no sense is refused")
    func commands() throws {
        let command = try Command()
        let small = try command("bench", "mlp", "--width", "16", "--batch-size", "4", "--batches", "2", "--json")
        #expect(small.status == 0 && small.output.contains("\"params\": 13002"), "\(small.output)\(small.errors)")
        for words in [
            ["bench", "lenet", "--width", "3"], ["bench", "mlp", "--batch-size", "0"],
            ["bench", "all", "--batch-size", "8"], ["bench", "scaling", "--batches", "3"],
        ] {
            let refused = try command.finish(command.start(words))
            #expect(refused.status == 64, "\(words): \(refused.errors)")
        }
    }
}
