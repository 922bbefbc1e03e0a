// SPDX-License-Identifier: Apache-2.0
// Settings in the groups of options that they are properties of.

import ArgumentParser

/// What is the same of a setting in whatever options it lies.
private struct SettingFacts {
    let key: String
    let onResume: OnResume
    let need: SettingNeed
    let isList: Bool
    /// A value from a file as it would be given.
    let checked: (SettingScalar) throws -> SettingScalar
}

/// Whether a command can do without a value, and what it asks for if not.
private enum SettingNeed {
    case none
    case option(valueName: String)
    /// A word that has no option's name.
    case argument(valueName: String)
}

/// A setting and where its value lies in a `Group` of options, whatever its type.
struct BoundSetting<Group> {
    private let facts: SettingFacts
    /// What was given, or has been filled in; nil when neither.
    let given: (Group) -> SettingScalar?
    /// The value; `nothing` where there is none.
    let value: (Group) -> SettingScalar
    /// Sets a checked value.
    let set: (inout Group, SettingScalar) -> Void
    /// Fills in what was not given.
    let fillIn: (inout Group) -> Void

    var key: String { facts.key }
    var onResume: OnResume { facts.onResume }
    /// Whether a list in a file makes sense.
    var isList: Bool { facts.isList }
    /// `block-length`: the option, and the key in a file for --config.
    var name: String { optionName(key) }
    /// `--block-length`.
    var option: String { "--" + name }
    /// What is asked for where there is no value, as a page of help writes it; nil where none is needed.
    var request: String? {
        switch facts.need {
        case .none: nil
        case .option(let valueName): "\(option) <\(valueName)>"
        case .argument(let valueName): "<\(valueName)>"
        }
    }

    /// A value from a file as it would be given.
    /// - Throws: ``SettingProblem`` when it is of another kind or out of range.
    func checked(_ scalar: SettingScalar) throws -> SettingScalar { try facts.checked(scalar) }

    /// An option that may be left out.
    /// - Parameter initial: What it is then; the setting's own when nil.
    init<Value>(
        _ setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>, initial: ((Group) -> Value)? = nil
    ) {
        self.init(
            Self.facts(of: setting), path,
            fillIn: { $0[keyPath: path] = $0[keyPath: path] ?? initial?($0) ?? setting.initial })
    }

    /// An option that may be left out.
    /// - Parameter initial: What it is then, where it is anything.
    init<Value>(
        optional setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>,
        initial: @escaping (Group) -> Value? = { _ in nil }
    ) {
        self.init(
            Self.facts(of: setting, isOptional: true), path,
            fillIn: { $0[keyPath: path] = $0[keyPath: path] ?? initial($0) })
    }

    /// An option that must be given: on the command line, in a file, or by the run that goes on.
    init<Value>(required setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>) {
        self.init(
            Self.facts(of: setting, need: .option(valueName: setting.help.valueName ?? setting.key)), path,
            fillIn: { _ in })
    }

    /// The same for a word that has no option's name.
    init<Value>(argument setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>) {
        self.init(
            Self.facts(of: setting, need: .argument(valueName: setting.help.valueName ?? setting.key)), path,
            fillIn: { _ in })
    }

    /// A flag that says nothing when it is not there.
    init(flag setting: Setting<Bool>, _ path: WritableKeyPath<Group, Bool>) {
        facts = Self.facts(of: setting)
        given = { $0[keyPath: path] ? .flag(true) : nil }
        value = { $0[keyPath: path].scalar }
        set = { $0[keyPath: path] = (try? Bool($1)) ?? false }
        fillIn = { _ in }
    }

    private init<Value: SettingValue>(
        _ facts: SettingFacts, _ path: WritableKeyPath<Group, Value?>, fillIn: @escaping (inout Group) -> Void
    ) {
        (self.facts, self.fillIn) = (facts, fillIn)
        given = { $0[keyPath: path]?.scalar }
        value = { $0[keyPath: path]?.scalar ?? .nothing }
        set = { $0[keyPath: path] = try? Value($1) }
    }

    private static func facts<Value>(
        of setting: Setting<Value>, isOptional: Bool = false, need: SettingNeed = .none
    ) -> SettingFacts {
        SettingFacts(
            key: setting.key, onResume: setting.onResume, need: need, isList: Value.self is any SettingListKind.Type
        ) { scalar in
            if isOptional, scalar == .nothing { return scalar }
            let value = try Value(scalar)
            if let problem = setting.problem(value) { throw SettingProblem(text: problem) }
            return value.scalar
        }
    }

    /// The same setting in options that hold this group.
    func lifted<Outer>(_ path: WritableKeyPath<Outer, Group>) -> BoundSetting<Outer> {
        BoundSetting<Outer>(
            facts: facts, given: { given($0[keyPath: path]) }, value: { value($0[keyPath: path]) },
            set: { set(&$0[keyPath: path], $1) }, fillIn: { fillIn(&$0[keyPath: path]) })
    }

    private init(
        facts: SettingFacts, given: @escaping (Group) -> SettingScalar?, value: @escaping (Group) -> SettingScalar,
        set: @escaping (inout Group, SettingScalar) -> Void, fillIn: @escaping (inout Group) -> Void
    ) {
        (self.facts, self.given, self.value, self.set, self.fillIn) = (facts, given, value, set, fillIn)
    }
}
