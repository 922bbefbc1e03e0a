// SPDX-License-Identifier: Apache-2.0
// One trial of a sweep: where it lies, and what came of it.

import Foundation
import Lockstep
import LockstepData

/// A combination of options in a round.
struct SweepTrial {
    /// From 0.
    let number: Int
    let round: Int
    /// The round's; nil where the options say how many.
    let epochs: Int?
    /// Of the options that differ.
    let values: [SettingScalar]
    /// Whether its model is that of its best epoch.
    let keepsBest: Bool
    /// `007`, `007-5-epochs`.
    let name: String
    private let base: String

    init(
        number: Int, round: Int, epochs: Int?, values: [SettingScalar], keepsBest: Bool, sweep folder: String,
        digits: Int
    ) {
        (self.number, self.round, self.epochs, self.values) = (number, round, epochs, values)
        self.keepsBest = keepsBest
        let digit = "\(number + 1)"
        let padded = String(repeating: "0", count: max(0, digits - digit.count)) + digit
        name = padded + (epochs.map { "-\($0)-epochs" } ?? "")
        base = "\(folder)/\(name)"
    }

    /// The folder of its run.
    var folder: String { base }
    /// What it is told.
    var configuration: String { base + ".yaml" }
    /// What it printed.
    var log: String { base + ".log" }
    /// What it failed with, if it would again.
    private var failure: String { base + ".failed.json" }

    /// What is kept of a failure.
    private struct Failed: Codable {
        var code: Int32
        var error: String
    }

    /// Codes of failures that would come again: of the options, of the data, of the program.
    private static let lasting: Set<Int32> = [1, 64, 65, 66, 70]

    /// What came of it; nil where it has not come to its end.
    var result: SweepResult? {
        if let bytes = try? Files.read(failure, limit: 1 << 20),
            let failed = try? JSONDecoder().decode(Failed.self, from: Data(bytes))
        {
            return SweepResult(self, code: failed.code, error: failed.error)
        }
        guard (try? RunState.read(in: folder))??.state == .complete else { return nil }
        let result = SweepResult(self, code: 0, error: "")
        // Its process said so when it ended, which nobody may have seen.
        guard result.hasDiverged else { return result }
        return SweepResult(self, code: 65, error: lastError)
    }

    /// What came of its process, which has ended with `code`; nil where it was stopped and can go on.
    /// - Parameter wasAsked: Whether it was asked to stop: that may have come before it listened.
    func result(endedWith code: Int32, wasAsked: Bool) throws -> SweepResult? {
        if code == World.stopRequestedCode || (wasAsked && code != 0 && !Self.lasting.contains(code)) { return nil }
        let error = code == 0 ? "" : lastError
        if Self.lasting.contains(code) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let failed = try encoder.encode(Failed(code: code, error: error))
            try Output.write(String(decoding: failed, as: UTF8.self) + "\n", to: failure)
        }
        return SweepResult(self, code: code, error: error)
    }

    /// The last sentence about a failure in its log.
    private var lastError: String {
        let lines = FileTail.lines(of: log) ?? []
        let line = lines.last { $0.hasPrefix("lockstep: ") } ?? lines.last ?? ""
        return String(line.hasPrefix("lockstep: ") ? line.dropFirst(10) : line)
    }
}

/// What came of a trial.
struct SweepResult {
    let trial: SweepTrial
    /// What its process ended with.
    let code: Int32
    /// Its last sentence, if that is not 0.
    let error: String
    /// The columns of its history.csv but epoch and time, of the epoch that its model is of; empty without one.
    let columns: [(name: String, text: String)]
    /// Whether a loss of the last epoch is no finite number.
    let hasDiverged: Bool

    init(_ trial: SweepTrial, code: Int32, error: String) {
        (self.trial, self.code, self.error) = (trial, code, error)
        let bytes = (try? Files.read(trial.folder + "/history.csv")) ?? []
        // A trial that has failed in its course has no model.
        let isWhole = (try? RunState.read(in: trial.folder))??.state == .complete
        let lines = String(decoding: isWhole ? bytes : [], as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        guard let names = lines.first, let last = lines.dropFirst().last else {
            (columns, hasDiverged) = ([], false)
            return
        }
        let loss = names.firstIndex(of: "valid_loss")
        func value(_ row: [String]) -> Double {
            let value = loss.flatMap { $0 < row.count ? Double(row[$0]) : nil }
            return value.map { $0.isNaN ? .infinity : $0 } ?? .infinity
        }
        // Of equal ones the first, as the model is.
        // The model is the best of the last fit, whose epochs begin at 0.
        let begin = lines.lastIndex { $0.first == "0" } ?? 1
        let row = trial.keepsBest ? lines[begin...].min { value($0) < value($1) } ?? last : last
        hasDiverged = ["train_loss", "valid_loss"].contains { name in
            names.firstIndex(of: name).flatMap { $0 < last.count ? Double(last[$0]) : nil }.map { !$0.isFinite }
                ?? false
        }
        columns = zip(names, row).filter { $0.0 != "epoch" && $0.0 != "time" }.map { (name: $0.0, text: $0.1) }
    }

    /// As JSON, with the options that differ.
    func pairs(_ axes: [SweepAxis]) -> [(String, JSONValue)] {
        [
            ("trial", .whole(trial.number + 1)),
            ("options", .object(zip(axes, trial.values).map { ($0.name, JSONValue($1)) })),
        ] + (trial.epochs.map { [("epochs", .whole($0))] } ?? []) + columns.map { ($0.name, .number(Double($0.text))) }
            + [("exit", .whole(Int(code))), ("error", .text(error)), ("folder", .text(trial.folder))]
    }

    /// A column as a number; nil where there is none.
    subscript(column: String) -> Double? {
        columns.first { $0.name == column }.flatMap { Double($0.text) }
    }
}
