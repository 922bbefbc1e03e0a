// SPDX-License-Identifier: Apache-2.0
// What a sweep was told: sweep.json in its folder, by which the same command is known again.

import Foundation
import Lockstep
import LockstepData

/// Everything that decides what a sweep's trials train.
struct SweepPlan {
    let recipe: String
    /// What trials are told, each by its option's name.
    let told: [(name: String, value: SettingScalar, isList: Bool)]
    /// Those of the names that decide a training.
    let settings: Set<String>
    let search: SweepSearch
    let ranking: SweepRanking
    /// Whether every trial's model is that of its best epoch.
    let keepsBest: Bool

    static let file = "sweep.json"

    /// As in the file.
    private var values: [String: SettingScalar] {
        var values: [String: SettingScalar] = [:]
        for (name, value, _) in told where settings.contains(name) { values[name] = value }
        values["lockstep"] = .word(LockstepVersion.current)
        values["recipe"] = .word(recipe)
        values["search"] = .word(search.strategy.rawValue)
        values["trials"] = .whole(search.points.count)
        values["seed"] = search.seed.scalar
        for axis in search.axes { values["over " + axis.name] = .word(axis.words) }
        // Otherwise it changes the table and no trial.
        if search.strategy == .halving {
            values["by"] = .word(ranking.column)
            values["mode"] = ranking.mode.scalar
        }
        return values
    }

    /// Begins a sweep in `folder`, which is locked, or checks that it is this one that lies there.
    ///
    /// - Throws: ``Failure``: 64 where another one does, 66 for a file that is none, 73 where something else lies there.
    func begin(in folder: String) throws {
        let path = "\(folder)/\(Self.file)"
        guard Files.exists(path) else {
            let others = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            if let other = others.filter({ $0 != FolderLock.name }).min() {
                throw Failure(
                    description: "--out \(folder): holds no sweep, but \(other); name another folder", code: 73)
            }
            return try Output.write(SettingsFile.json(values) + "\n", to: path)
        }
        guard let bytes = try? Files.read(path, limit: 1 << 20),
            let stored = try? JSONDecoder().decode([String: SettingScalar].self, from: Data(bytes))
        else { throw Failure.noInput("\(path): does not say which sweep it is; name another folder") }
        let own = values
        let keys = Set(stored.keys).union(own.keys).subtracting(["lockstep"])
        guard let key = keys.sorted().first(where: { stored[$0] != own[$0] }) else { return }
        func words(_ value: SettingScalar?) -> String { value.map { "\($0)" } ?? "not given" }
        let option = key == "recipe" ? key : "--" + key
        throw Failure.usage(
            "--out \(folder): holds the sweep of another command: there, \(option) is \(words(stored[key])), and here \(words(own[key])); name another folder"
        )
    }

    /// The trials of a round; `numbers` are those that take part.
    func trials(_ numbers: [Int], round: Int, folder: String) -> [SweepTrial] {
        numbers.map { number in
            let values = search.points[number]
            let isOwn = zip(search.axes, values).contains { $0.name == "best" && $1 == .flag(true) }
            return SweepTrial(
                number: number, round: round, epochs: search.strategy == .halving ? search.rounds[round] : nil,
                values: values, keepsBest: keepsBest || isOwn, sweep: folder,
                digits: max(3, "\(search.points.count)".count))
        }
    }

    /// The file for --config of a trial.
    func configuration(of trial: SweepTrial) throws -> String {
        typealias Line = (name: String, value: SettingScalar, isList: Bool)
        let own = zip(search.axes, trial.values).map { Line(name: $0.name, value: $1, isList: $0.isList) }
        let epochs = trial.epochs.map { [Line(name: "epochs", value: .whole($0), isList: false)] } ?? []
        let places = [
            Line(name: "run", value: .word(trial.folder), isList: false),
            Line(name: "resume", value: .word("auto"), isList: false),
        ]
        let kept = told.filter { line in !epochs.contains { $0.name == line.name } }
        let recipe = Line(name: "recipe", value: .word(recipe), isList: false)
        return try configurationText([recipe] + kept + own + epochs + places)
    }
}
