// SPDX-License-Identifier: Apache-2.0
// The programs that `lockstep bench allreduce` starts one after the other: our ranks, MPI without CMA, and Gloo.

import Foundation
import Lockstep

/// Runs all that is compared and puts it together.
struct AllReducePeers {
    let ranks: Int
    /// A Python with torch and the script that measures Gloo; nil leaves it out.
    let gloo: [String]?

    /// One result for each size, smallest first.
    func run() throws -> [AllReduceResult] {
        // Rows appear when everyone has been measured.
        Console.standardError.write("\(ranks) ranks, one program after the other: ours and MPI …\n")
        var results = try measure(.all)
        Console.standardError.write("MPI without CMA …\n")
        let withoutCMA = try measure(.mpi, ["OMPI_MCA_btl_vader_single_copy_mechanism": "none"])
        if gloo != nil { Console.standardError.write("Gloo …\n") }
        let times = try gloo.map(measureGloo) ?? [:]
        for index in results.indices {
            if let other = withoutCMA.first(where: { $0.bytes == results[index].bytes }) {
                results[index].add(withoutCMA: other)
            }
            results[index].gloo = times[results[index].bytes]
        }
        return results
    }

    /// This program again, on ranks: its rows.
    private func measure(
        _ part: AllReduceBench.Part, _ settings: [String: String] = [:]
    ) throws -> [AllReduceResult] {
        let own = [Launcher.programPath, "bench", "allreduce", "--part", part.rawValue]
        let words = ranks > 1 ? try Launcher.command(ranks: ranks, running: own) : own
        let lines = try output(of: words, Mpirun.environment.merging(settings) { $1 })
        return try lines.map { try JSONDecoder().decode(AllReduceResult.self, from: Data($0.utf8)) }
    }

    private struct GlooTime: Decodable {
        var bytes: Int
        var best: Double
        var median: Double
    }

    private func measureGloo(_ program: [String]) throws -> [Int: AllReduceResult.Time] {
        let words = program + ["\(ranks)", "\(AllReduceBench.secondsPerSize)"]
        let lines = try output(of: words + AllReduceBench.byteCounts.map { "\($0)" }, [:])
        let rows = try lines.map { try JSONDecoder().decode(GlooTime.self, from: Data($0.utf8)) }
        return Dictionary(
            rows.map { ($0.bytes, AllReduceResult.Time(best: $0.best, median: $0.median)) }, uniquingKeysWith: { $1 })
    }

    /// What a program prints, line by line. What it says on standard error is shown.
    private func output(of words: [String], _ settings: [String: String]) throws -> [Substring] {
        fflush(nil)
        let (child, pipe) = (Process(), Pipe())
        child.executableURL = URL(filePath: words[0])
        child.arguments = Array(words.dropFirst())
        child.environment = ProcessInfo.processInfo.environment.merging(settings) { $1 }
        child.standardOutput = pipe
        do { try child.run() } catch {
            throw Failure.noInput("\(words[0]) cannot be started: \(error.localizedDescription)")
        }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        child.waitUntilExit()
        guard child.terminationStatus == 0 else {
            throw Failure(description: "bench allreduce: \(words[0]) failed", code: max(1, child.terminationStatus))
        }
        return text.split(whereSeparator: \.isNewline)
    }
}
