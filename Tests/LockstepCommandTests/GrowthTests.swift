// SPDX-License-Identifier: Apache-2.0
// Tests of `lockstep bench growth`: what an exponent is, and that every work can be done at a small size.

import Foundation
import LockstepLearner
import LockstepTesting
import Testing

@testable import LockstepBench

@Suite("Growth") struct GrowthTests {
    private static func series(_ power: Double, bytes: Double = 1, least: Double = 0.1) -> GrowthSeries {
        GrowthSeries(
            .rows,
            [1000, 4000, 16_000].map {
                GrowthPoint(
                    size: $0, seconds: least * pow(Double($0) / 1000, power),
                    bytes: Int(1e8 * pow(Double($0) / 1000, bytes)))
            })
    }

    @Test("an exponent is that of the power by which time and memory grow") func exponents() throws {
        for power in [0.5, 1, 1.5, 2] {
            #expect(abs(try #require(Self.series(power).timeExponent) - power) < 1e-9)
            #expect(abs(try #require(Self.series(1, bytes: power).memoryExponent) - power) < 1e-4)
        }
        #expect(Self.series(1.1).isLinear && !Self.series(1.3).isLinear && !Self.series(1, bytes: 2).isLinear)
        var disk = Self.series(2)
        disk.work = .save
        #expect(disk.isLinear, "the disk's time")
        // What is done at once, and what needs nothing, says nothing.
        #expect(Self.series(2, least: 1e-6).timeExponent == nil)
        #expect(GrowthSeries(.rows, [GrowthPoint(size: 1, seconds: 1, bytes: 1)]).timeExponent == nil)
    }

    @Test("costs that grow faster than their work are named, and peers stand beside the same size") func report() {
        let peer = [GrowthPoint(size: 16_000, seconds: 9.5, bytes: 3 << 20)]
        var slow = Self.series(2)
        slow.work = .report
        var fast = Self.series(1)
        fast.peer = peer
        let report = GrowthReport([fast, slow])
        #expect(report.beyond == [.report])
        let lines = report.markdown.split(separator: "\n")
        #expect(lines.count == 4 && lines[2].hasSuffix("| 9.500 s | 3 MiB |") && lines[3].hasSuffix("| - | - |"))
        #expect(lines[3].contains("| 2.00 |"), "\(lines[3])")
        #expect(report.plot.curves.count == 2)
    }

    @Test("every work can be done at a small size", arguments: GrowthCase.allCases) func works(
        work: GrowthCase
    ) throws {
        let sizes: [GrowthCase: Int] = [.blocks: 1 << 20, .characters: 1 << 16, .names: 12, .texts: 8000]
        let size = sizes[work] ?? 600
        let point = try withTemporaryFolder { try work.run(size: size, folder: $0.path) }
        #expect(point.size == size && point.seconds > 0)
        #expect(work.sizes.count == 4 && zip(work.sizes, work.sizes.dropFirst()).allSatisfy { $1 == 4 * $0 })
    }
}
