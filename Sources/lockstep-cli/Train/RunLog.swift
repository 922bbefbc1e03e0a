// SPDX-License-Identifier: Apache-2.0
// What a run says on standard output: a table for people, a line of JSON for each event, or nothing.

import ArgumentParser
import Lockstep

/// The form of what is printed.
enum LogForm: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case table, json
}

/// `--log` and `--quiet`.
struct LogOptions: SettingGroup {
    static let log = Setting(
        "log", LogForm.table,
        help:
            "What is printed: a table, or JSON, a line for the run, one for each epoch and one for the end; what is no number is null there."
    )
    @Option(LogOptions.log) var log: LogForm?

    static let quiet = Setting(
        "quiet", false, help: "Print nothing but errors and warnings.", showsDefault: false)
    @Flag(LogOptions.quiet) var quiet = false

    /// No settings of a run.
    static var calls: [BoundSetting<Self>] {
        [BoundSetting(optional: log, \.log), BoundSetting(flag: quiet, \.quiet)]
    }

    func validate() throws {
        if quiet, log == .json { throw ValidationError("--quiet and --log json exclude each other") }
    }

    var value: RunLog { quiet ? .quiet : log == .json ? .json : .table }
}

/// Says what happens to a run, on the rank that writes.
enum RunLog {
    case table, json, quiet

    /// A line of JSON.
    func event(_ name: String, _ pairs: [(String, JSONValue)]) {
        guard case .json = self else { return }
        Console.standardOutput.write(JSONValue.object([("event", .text(name))] + pairs).text + "\n")
    }

    /// A text for people.
    func tell(_ text: String) {
        if case .table = self { Console.standardOutput.write(text) }
    }

    /// What is going to be trained.
    func begin(_ task: TrainingTask, _ settings: TrainingSettings, _ ranks: any Communicator, folder: String) {
        tell(task.opening(settings, ranks))
        event(
            "begin",
            [
                ("recipe", .text(settings.recipe)), ("model", .text(settings.model)),
                ("parameters", .whole(task.model.parameterCount)),
                ("train_samples", .whole(task.dls.train.itemCount ?? 0)),
                ("valid_samples", .whole(task.dls.valid?.itemCount ?? 0)), ("ranks", .whole(ranks.size)),
                ("folder", .text(folder)),
                ("remarks", .list(task.remarks.split(separator: "\n").map { .text(String($0)) })),
                (
                    "settings",
                    .object(settings.values.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })
                ),
            ])
    }

    /// Has `learner` report its epochs in this form.
    func take(over learner: Learner) {
        if case .table = self { return }
        learner.showsProgress = false
        learner.logger = if case .json = self { JSONLogger(self) } else { SilentLogger() }
    }

    /// Where a callback prints.
    var console: Console {
        if case .table = self { .standardOutput } else { Console { _ in } }
    }
}

/// Writes each epoch as a line of JSON.
private final class JSONLogger: RowLogger {
    private let log: RunLog
    private var names: [String] = []
    private var began = ContinuousClock.now

    init(_ log: RunLog) { self.log = log }

    func begin(_ header: [String]) {
        (names, began) = (header.filter { $0 != "epoch" && $0 != "time" }, .now)
    }

    func log(_ row: EpochRow) {
        let values = zip(names, row.values).map { ($0, JSONValue.number($1)) }
        let now = ContinuousClock.now
        log.event(
            "epoch", [("epoch", .whole(row.epoch))] + values + [("seconds", .number((now - began) / .seconds(1)))])
        began = now
    }
}
