// SPDX-License-Identifier: Apache-2.0
// What the folds of a cross-validation measured, with mean and standard deviation.

import Foundation
import Lockstep
import LockstepData

/// Losses and metrics of every fold.
struct FoldsTable {
    static let file = "folds.csv"
    /// The columns of history.csv but epoch and time.
    let names: [String]
    /// A row for each fold, of the epoch that its model is of.
    let rows: [[Double]]

    /// - Parameter ofBest: Whether the models are those of the epochs with the smallest loss of validation, not of the last ones.
    /// - Throws: ``Failure`` when a fold has no history, or another one than the rest.
    init(folder: String, folds: Int, ofBest: Bool) throws {
        var (names, rows) = ([String](), [[Double]]())
        for fold in 0..<folds {
            let path = "\(folder)/\(FoldFolder.name(fold))/history.csv"
            let table = try CSV.read(path)
            let own = table.names.filter { $0 != "epoch" && $0 != "time" }
            if fold == 0 { names = own }
            let columns = try own.map { try table.column($0).doubles ?? [] }
            guard own == names, table.rowCount > 0, columns.allSatisfy({ $0.count == table.rowCount }) else {
                throw Failure.noInput("\(path): is no history of a run like those of the other folds")
            }
            let losses = own.firstIndex(of: "valid_loss").map { columns[$0] } ?? []
            let best = losses.indices.min { losses[$0] < losses[$1] }
            let epoch = ofBest ? best ?? table.rowCount - 1 : table.rowCount - 1
            rows.append(columns.map { $0[epoch] })
        }
        (self.names, self.rows) = (names, rows)
    }

    /// The mean of each column over folds.
    var means: [Double] {
        names.indices.map { column in rows.reduce(0) { $0 + $1[column] } / Double(rows.count) }
    }

    /// The standard deviation of each column over folds, with one fold less than there are as the divisor.
    var deviations: [Double] {
        zip(names.indices, means).map { column, mean in
            let squares = rows.reduce(0) { $0 + ($1[column] - mean) * ($1[column] - mean) }
            return (squares / Double(max(1, rows.count - 1))).squareRoot()
        }
    }

    /// For people: a line for each fold, then mean ± standard deviation.
    var text: String {
        let last = zip(means, deviations).map { "\(decimals($0, 4)) ± \(decimals($1, 4))" }
        let lines =
            [["fold"] + names] + rows.enumerated().map { ["\($0)"] + $1.map { decimals($0, 4) } } + [["mean"] + last]
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).enumerated().map { place, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return place == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// A line for each fold, then one of means and one of standard deviations.
    var csv: String {
        let lines =
            rows.enumerated().map { ["\($0)"] + $1.map { "\($0)" } } + [
                ["mean"] + means.map { "\($0)" }, ["deviation"] + deviations.map { "\($0)" },
            ]
        return ([["fold"] + names] + lines).map { $0.map(\.csvField).joined(separator: ",") + "\n" }.joined()
    }
}
