// SPDX-License-Identifier: Apache-2.0
// Where the rows to predict come from: a file that every rank reads, or standard input, which one has.

import Lockstep
import LockstepData

/// The rows to predict.
enum RowsInput {
    static func isStandardInput(_ place: String) -> Bool { place == "-" || place == "/dev/stdin" }

    /// The table at `place`, the same on every rank. Collective.
    /// - Throws: `DataError`; on every rank for standard input that cannot be read.
    static func table(
        _ place: String, _ columns: TabularColumns, over ranks: any Communicator
    ) throws -> CSVTable {
        guard isStandardInput(place) else { return try columns.readRows(place) }
        return try columns.parseRows(standardInput(over: ranks), file: "standard input")
    }

    /// What one rank reads there, on every rank. Collective.
    /// - Throws: `DataError` on every rank.
    static func standardInput(over ranks: any Communicator) throws -> [UInt8] {
        let name = "standard input"
        var (bytes, problem): ([UInt8]?, String) = (nil, "")
        if ranks.isRankZero {
            do throws(DataError) { bytes = try Files.read("/dev/stdin") } catch { problem = error.reason }
        }
        problem = try ranks.broadcast(problem, name: name)
        guard problem.isEmpty else { throw DataError(.unreadable, file: name, problem) }
        return try ranks.broadcast(bytes: bytes, name: name)
    }
}
