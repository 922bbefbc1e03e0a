// SPDX-License-Identifier: Apache-2.0
// How near a case's step comes to what the core could do at best.

import Lockstep

/// A case's step beside its floor: the sum over its parts of the time each takes at the core's ceilings.
///
/// After Williams, Waterman & Patterson, "Roofline: an insightful visual performance model" (2009), applied part by part.
public struct Roofline: Sendable, Equatable {
    public let name: String
    /// Floating-point operations of the products of one step.
    public let flops: Double
    /// Bytes one step moves at least.
    public let bytes: Double
    public let ceilings: Ceilings
    /// The time of a step at the ceilings, and the median and the best that were measured.
    public let floorMilliseconds, milliseconds, bestMilliseconds: Double

    /// Measures the ceilings before and after the case, on one rank.
    public init(_ benchmark: BenchmarkCase, batches: Int? = nil) throws {
        var ceilings = Ceilings()
        ceilings.measure()
        let result = try Benchmark(benchmark, batches: batches).run(over: SoloCommunicator())
        ceilings.measure()
        self.init(name: benchmark.rawValue, work: benchmark.work, ceilings: ceilings, result: result)
    }

    init(name: String, work: [Work], ceilings: Ceilings, result: BenchmarkResult) {
        (self.name, self.ceilings) = (name, ceilings)
        flops = work.map(\.flops).reduce(0, +)
        bytes = work.map(\.bytes).reduce(0, +)
        floorMilliseconds = work.map(ceilings.seconds).reduce(0, +) * 1e3
        (milliseconds, bestMilliseconds) = (result.milliseconds, result.bestMilliseconds)
    }

    /// The floor's share of the median step, 0 to 1: 1 is the limit.
    public var share: Double { floorMilliseconds / milliseconds }

    /// The columns of ``row``.
    public static let header = row(
        ["case", "GFLOP", "MB", "GFLOP/s at best", "GB/s 64 kB … 64 MB", "floor ms", "ms", "best ms", "share"])

    /// One line for a person.
    public var row: String {
        Self.row([
            name, decimal(flops / 1e9, 3), decimal(bytes / 1e6, 2), decimal(ceilings.flops / 1e9, 1),
            ceilings.copies.map { "\(Int(($0.rate / 1e9).rounded()))" }.joined(separator: " "),
            decimal(floorMilliseconds, 4),
            decimal(milliseconds, 4), decimal(bestMilliseconds, 4), decimal(share * 100, 1) + " %",
        ])
    }

    /// One line of JSON.
    public var json: String {
        let rates = ceilings.copies.map { "[\(Int($0.bytes)), \(Int($0.rate))]" }.joined(separator: ", ")
        return "{\"case\": \"\(name)\", \"flops\": \(Int(flops)), \"bytes\": \(Int(bytes)), "
            + "\"product_ceiling\": \(Int(ceilings.flops)), \"copy_ceilings\": [\(rates)], "
            + "\"floor_ms\": \(decimal(floorMilliseconds, 4)), \"ms\": \(decimal(milliseconds, 4)), "
            + "\"best_ms\": \(decimal(bestMilliseconds, 4)), \"share\": \(decimal(share, 4))}"
    }

    private static func row(_ cells: [String]) -> String {
        zip(cells, [9, 9, 9, 16, 20, 10, 10, 10, 8]).enumerated().map { index, cell in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + space : space + cell.0
        }.joined(separator: "  ")
    }
}
