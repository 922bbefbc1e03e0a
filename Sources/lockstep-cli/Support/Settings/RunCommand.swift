// SPDX-License-Identifier: Apache-2.0
// A command with settings: from what is given, or from the run that goes on, to values for all of them.

import ArgumentParser
import Lockstep

/// A command that runs a recipe.
protocol RunCommand: ParsableCommand, SettingGroup {
    associatedtype Source: Recipe
    var recipe: Source { get set }
    var common: RunOptions { get }
    /// The first settings that do not go together.
    var conflict: SettingConflict? { get }
}

extension RunCommand {
    /// Gives every setting a value: what is given, what the run in `folder` was told, or what is usual.
    ///
    /// - Throws: ``Failure``: 66 for a file that cannot be used, 64 for options that contradict it or each other.
    mutating func resolve(resuming folder: String?) throws -> [String: SettingScalar] {
        let settings = Self.settings
        let listed = settings.map(\.key)
        let missing = optionNames(of: self).filter { !listed.contains($0) && !Self.elsewhere.contains($0) }
        // Then it would be forgotten when a run is resumed.
        precondition(missing.isEmpty, "\(Self.self): \(missing) are neither settings nor listed as none")
        let given = settings.filter { $0.given(self) != nil }.map(\.key)
        let file = try folder.map { try resume($0, settings) }
        for setting in settings { setting.fillIn(&self) }
        if let conflict {
            if let file, !given.contains(conflict.key), let value = file[conflict.key] {
                throw file.refusal(conflict.key, value, conflict.problem)
            }
            throw Failure.usage("\(conflict.words): \(conflict.problem)")
        }
        var values = ["recipe": .word(Source.name), "model": .word(recipe.modelName)] as [String: SettingScalar]
        values["lockstep"] = .word(LockstepVersion.current)
        for setting in settings { values[setting.key] = setting.value(self) }
        return values
    }

    /// Takes over what the run in `folder` was told.
    private mutating func resume(_ folder: String, _ settings: [BoundSetting<Self>]) throws -> SettingsFile {
        let file = try SettingsFile(run: folder)
        for key in ["recipe", "model"] where file[key] == nil {
            throw Failure.noInput("\(file.path): does not say the \(key), so it is no run's")
        }
        let names = (file["recipe"]?.bare ?? "", file["model"]?.bare ?? "")
        let own = settings.first { $0.key == "model" }
        // What the model was called is checked before it is compared.
        if names.0 == Source.name, let value = file["model"] {
            if let own { _ = try value.checked(by: own, in: file) }
            if own == nil, value != .word(recipe.modelName) {
                throw file.refusal("model", value, "must be \(recipe.modelName)")
            }
        }
        let model = own.map { $0.given(self)?.bare ?? names.1 } ?? recipe.modelName
        guard names == (Source.name, model) else {
            throw Failure.usage(
                "--resume \(folder): that run trains \(names.1) with the recipe \(names.0), not \(model) with \(Source.name)"
            )
        }
        try file.check(known: Set(settings.map(\.key)).union(["recipe", "model", "lockstep"]))
        for setting in settings {
            let given = setting.given(self)
            guard let stored = file[setting.key] else {
                if setting.onResume != .same || given != nil { continue }
                throw Failure.noInput(
                    "--resume \(folder): \(file.path) does not say \(setting.key): it was written before runs kept that; give \(setting.option) as it was then"
                )
            }
            let value = try stored.checked(by: setting, in: file)
            guard let given, given != value else {
                setting.set(&self, value)
                continue
            }
            if setting.onResume == .given { continue }
            throw Failure.usage(
                "--resume \(folder): that run was begun with another \(setting.option), \(value) and not \(given); leave it out"
            )
        }
        return file
    }
}

extension SettingScalar {
    /// This value of `setting` as it would be given.
    /// - Throws: ``Failure`` that names file, key and value.
    fileprivate func checked(by setting: BoundSetting<some Any>, in file: SettingsFile) throws -> SettingScalar {
        do { return try setting.checked(self) } catch let problem as SettingProblem {
            throw file.refusal(setting.key, self, problem.text)
        }
    }
}

/// Settings that do not go together.
struct SettingConflict {
    /// The setting to blame.
    let key: String
    /// As on the command line: `--width 30`.
    let words: String
    let problem: String
}

/// An option, flag or argument of the argument parser's.
private protocol ParsedOption {}
extension Option: ParsedOption {}
extension Flag: ParsedOption {}
extension Argument: ParsedOption {}

/// A group of them.
private protocol ParsedGroup { var options: Any { get } }
extension OptionGroup: ParsedGroup { fileprivate var options: Any { wrappedValue } }

/// The property names of all options of parsed `arguments`, those in groups too.
func optionNames(of arguments: Any) -> [String] {
    Mirror(reflecting: arguments).children.flatMap { child -> [String] in
        switch child.value {
        case let group as any ParsedGroup: optionNames(of: group.options)
        case is any ParsedOption: [String((child.label ?? "_").dropFirst())]
        default: []
        }
    }
}
