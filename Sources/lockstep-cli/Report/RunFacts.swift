// SPDX-License-Identifier: Apache-2.0
// What a run's folder says of the run: for its page.

import Foundation
import Lockstep
import LockstepData

/// What is read of a run.
struct RunFacts {
    /// A column of `history.csv` with its number in each row; nil where nothing was computed.
    struct Column {
        let name: String
        let values: [Double?]
    }

    let folder: String
    /// What the run was told, by name.
    let settings: [(name: String, value: String)]
    let isComplete: Bool
    /// The epochs that `history.csv` has, and its columns but for `epoch` and `time`.
    let epochs: [Int]
    let columns: [Column]
    /// Seconds of all epochs; no more than a run can take.
    let seconds: Double
    private static let mostSeconds = Double(1 << 48)
    /// The last lines of each rank's log.
    let logs: [(name: String, lines: [String])]
    /// What its model gets wrong; nil where training was not asked to say.
    let interpretation: InterpretationFacts?
    /// What its ranks ran on, and their times; nil of a run that had no epoch, or an earlier version's.
    let ranks: RankFacts?
    /// Files with their bytes.
    let files: [(name: String, bytes: Int)]

    /// The folder's own name.
    var name: String { URL(filePath: folder).standardized.lastPathComponent }

    /// A column over rows: the epochs of a second fit follow those of the first.
    func curve(_ column: Column, name: String) -> ReportChart.Curve {
        ReportChart.Curve(
            name: name,
            points: zip(epochs.indices, column.values).compactMap { row, value in value.map { (Double(row), $0) } })
    }

    func setting(_ name: String) -> String? { settings.first { $0.name == name }?.value }

    /// - Parameter command: The name of the command that asks.
    /// - Throws: ``Failure`` (66) for what is no folder, a folder without a run, or whose files are damaged.
    init(of folder: String, for command: String) throws {
        guard Files.isFolder(folder) else {
            try Failure.requireReadable(folder, option: command)
            throw Failure.noInput("\(command) \(folder): is no folder; name that of a run")
        }
        guard RunState.holdsRun(folder) else {
            throw Failure.noInput("\(command) \(folder): holds no run, as far as settings.json and run.json tell")
        }
        self.folder = folder
        settings = try Self.settings("\(folder)/settings.json")
        isComplete = try RunState.read(in: folder)?.state == .complete
        let history = "\(folder)/history.csv"
        // A run that has just begun has none.
        let table = Files.exists(history) ? try CSV.read(history, options: .init(missing: [""])) : nil
        func numbers(_ name: String) -> [Double?] {
            table?.columns.first { $0.name == name }?.texts.map { $0.flatMap(Double.init) } ?? []
        }
        epochs = numbers("epoch").compactMap { $0.flatMap { Int(exactly: $0) } }
        columns = (table?.names ?? []).filter { $0 != "epoch" && $0 != "time" }.map {
            Column(name: $0, values: numbers($0))
        }
        let times = table?.columns.first { $0.name == "time" }?.texts ?? []
        seconds = times.reduce(0.0) { min($0 + Self.seconds($1 ?? ""), Self.mostSeconds) }
        interpretation = try InterpretationFacts(in: folder)
        ranks = try RankFacts(in: folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
        logs = names.filter { $0.wholeMatch(of: /(.*\/)?rank-\d+\.log/) != nil }.prefix(64).compactMap { name in
            guard let lines = FileTail.lines(of: "\(folder)/\(name)") else { return nil }
            return (name, lines.suffix(30).map(String.init))
        }
        files = names.compactMap { name in
            guard !name.hasPrefix("."), name != "report.html",
                let facts = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)"),
                facts[.type] as? FileAttributeType == .typeRegular, let bytes = facts[.size] as? Int
            else { return nil }
            return (name, bytes)
        }
    }

    private static func settings(_ path: String) throws -> [(name: String, value: String)] {
        guard Files.exists(path) else { return [] }
        let bytes = try Files.read(path, limit: 1 << 20)
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw Failure.noInput("\(path): is no JSON object, so what the run was told is not known")
        }
        return object.keys.sorted().map { name in (name, text(of: object[name] ?? NSNull())) }
    }

    private static func text(of value: Any) -> String {
        switch value {
        case is NSNull: "–"
        case let value as String: value
        case let values as [Any]: values.map(text).joined(separator: ", ")
        // Of the numbers of Foundation, only truths have this type.
        case let number as NSNumber where String(cString: number.objCType) == "c": number.boolValue ? "yes" : "no"
        default: "\(value)"
        }
    }

    /// `1:02:03` or `02:03` as seconds.
    private static func seconds(_ time: String) -> Double {
        let seconds = time.split(separator: ":").reduce(0.0) { $0 * 60 + Double(Int($1) ?? 0) }
        return seconds.isFinite ? max(0, seconds) : 0
    }
}
