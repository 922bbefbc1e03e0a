// SPDX-License-Identifier: Apache-2.0
// Predictions for every row by the one model that has not been trained on it.

import Lockstep
import LockstepData

/// Puts together what the folds predicted.
enum FoldPredictions {
    /// Writes for every row the line of its fold's own predictions, in the table's order.
    ///
    /// - Parameter folds: For each row the fold in which it is for validation.
    /// - Throws: ``Failure`` when a fold has predicted another number of rows.
    static func write(_ folds: [Int], folder: String, folds count: Int, to path: String) throws {
        var (header, lines) = ([UInt8](), [ArraySlice<UInt8>](repeating: [], count: folds.count))
        for fold in 0..<count {
            let file = "\(folder)/\(FoldFolder.name(fold))/predictions.csv"
            let records = records(of: try Files.read(file))
            guard records.count == folds.count + 1 else {
                throw Failure.noInput("\(file): holds \(records.count - 1) predictions for \(folds.count) rows")
            }
            header = Array(records[0])
            // Copied, so that the other lines of the file can go.
            for (row, own) in folds.enumerated() where own == fold { lines[row] = ArraySlice(Array(records[row + 1])) }
        }
        let output = try OutputFile(path)
        try output.write(header + lines.joined())
        try output.finish()
    }

    /// The records of a table with their ends: a line break within quotes ends none.
    static func records(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var (records, start, isQuoted) = ([ArraySlice<UInt8>](), 0, false)
        for (place, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard byte == UInt8(ascii: "\n"), !isQuoted else { continue }
            records.append(bytes[start...place])
            start = place + 1
        }
        return start < bytes.count ? records + [bytes[start...]] : records
    }
}
