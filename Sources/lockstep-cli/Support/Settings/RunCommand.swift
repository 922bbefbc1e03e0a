// SPDX-License-Identifier: Apache-2.0
// A command with settings: from what is given, or from the run that goes on, to values for all of them.

import ArgumentParser
import Lockstep
import LockstepNN

/// A command that runs a recipe.
protocol RunCommand: ParsableCommand, SettingGroup {
    associatedtype Source: Recipe
    /// The words before the recipe's name: `train`.
    static var verb: String { get }
    /// Keys of a file for --config that are another command's: they are left alone.
    static var foreign: Set<String> { get }
    var recipe: Source { get set }
    var common: RunOptions { get }
    /// The first settings that do not go together.
    var conflict: SettingConflict? { get }
    /// What of --config has been taken over, by key.
    var taken: TakenConfiguration { get set }
    /// What argument parsing checks of single groups, once more for what a file says.
    func checkGroups() throws
}

/// Which values are from --config or --set.
struct TakenConfiguration: Decodable {
    fileprivate var entries: [String: RunConfiguration.Entry] = [:]
    init() {}
    init(from decoder: any Decoder) throws {}

    /// What was said about a setting; nil when the command line says it itself, or nobody.
    subscript(key: String) -> RunConfiguration.Entry? { entries[key] }
}

extension RunCommand {
    static var foreign: Set<String> { [] }

    /// Takes over what --config and --set say and the command line does not.
    ///
    /// - Throws: ``Failure``: 66 for the file, 64 for words that make no sense or say the same thing twice.
    mutating func takeConfiguration() throws {
        let configuration = try RunConfiguration(file: common.config, sets: common.sets)
        let all = Self.settings + Self.calls
        let known = ["recipe", "model", "lockstep"] + all.map(\.name)
        for entry in configuration.entries {
            guard let setting = all.first(where: { $0.name == entry.name }) else {
                try checkName(entry, known)
                continue
            }
            let given = setting.given(self)
            if given != nil, entry.isSet {
                throw Failure.usage("\(entry.place): the command line says \(setting.option), too; give it once")
            }
            let value: SettingScalar
            do { value = try setting.checked(entry.value) } catch let problem as SettingProblem {
                throw entry.refusal(problem.text)
            }
            if given != nil { continue }
            setting.set(&self, value)
            taken.entries[setting.key] = entry
        }
        guard !configuration.entries.isEmpty else { return }
        do { try checkGroups() } catch let error as ValidationError {
            throw common.config.map { .noInput("\($0): \(error.message)") } ?? Failure.usage(error.message)
        }
    }

    /// The keys that are no options: whose file it is.
    private func checkName(_ entry: RunConfiguration.Entry, _ known: [String]) throws {
        let text = if case .scalar(let scalar) = entry.value { scalar.text } else { nil as String? }
        switch entry.name {
        case "lockstep": return
        case "recipe" where text == Source.name: return
        case "recipe": throw entry.refusal("this is \(Self.verb) \(Source.name)")
        case "model" where text == recipe.modelName: return
        case "model": throw entry.refusal("must be \(recipe.modelName)")
        default: break
        }
        if !entry.isSet, Self.foreign.contains(entry.name) { return }
        let problem = "\(Self.verb) \(Source.name) has no option --\(entry.name)\(similar(entry.name, known))"
        throw entry.isSet ? Failure.usage("\(entry.place): \(problem)") : Failure.noInput("\(entry.place): \(problem)")
    }

    /// Gives every setting a value: what is given, what the run in `folder` was told, or what is usual.
    ///
    /// - Throws: ``Failure``: 66 for a file that cannot be used, 64 for options that contradict it or each other.
    mutating func resolve(resuming folder: String?) throws -> [String: SettingScalar] {
        let settings = Self.settings
        let listed = (settings + Self.calls).map(\.key)
        let missing = optionNames(of: self).filter { !listed.contains($0) && !Self.elsewhere.contains($0) }
        // Then it would be forgotten when a run is resumed.
        precondition(missing.isEmpty, "\(Self.self): \(missing) are neither settings nor listed as none")
        let given = settings.filter { $0.given(self) != nil }.map(\.key)
        let file = try folder.map { try resume($0, settings) }
        if let request = settings.first(where: { $0.given(self) == nil && $0.request != nil })?.request {
            throw Failure.usage(
                "Missing expected argument '\(request)'; see 'lockstep \(Self.verb) \(Source.name) --help'")
        }
        for setting in settings { setting.fillIn(&self) }
        if let conflict {
            if let entry = taken[conflict.key] { throw entry.refusal(conflict.problem) }
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

    /// The whole configuration as a file for --config: every setting, and what else is given.
    func configuration(_ values: [String: SettingScalar]) throws -> String {
        typealias Line = (name: String, value: SettingScalar, isList: Bool)
        let own = Set(Self.settings.map(\.key))
        let head = ["lockstep", "recipe", "model"].filter { !own.contains($0) }
            .map { Line(name: $0, value: values[$0] ?? .nothing, isList: false) }
        let settings = Self.settings.map { Line(name: $0.name, value: $0.value(self), isList: $0.isList) }
        return try configurationText(head + settings + givenCalls)
    }

    /// What is given of what belongs to one call.
    private var givenCalls: [(name: String, value: SettingScalar, isList: Bool)] {
        Self.calls.compactMap { setting in setting.given(self).map { (setting.name, $0, setting.isList) } }
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
            let place = taken[setting.key].map { "\($0.place): " } ?? ""
            throw Failure.usage(
                "\(place)--resume \(folder): that run was begun with another \(setting.option), \(value) and not \(given); leave it out"
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

/// The end of a sentence about a name that is not among `known`: which one may have been meant.
func similar(_ name: String, _ known: [String]) -> String {
    (name.count > 2 ? nearest(to: name, among: known) : nil).map { "; did you mean \($0)?" } ?? ""
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
