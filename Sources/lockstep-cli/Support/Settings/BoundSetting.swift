// SPDX-License-Identifier: Apache-2.0
// Settings in the groups of options that they are properties of.

import ArgumentParser

/// A setting and where its value lies in a `Group` of options, whatever its type.
struct BoundSetting<Group> {
    let key: String
    let onResume: OnResume
    /// What was given, or has been filled in; nil when neither.
    let given: (Group) -> SettingScalar?
    /// The value; `nothing` where there is none.
    let value: (Group) -> SettingScalar
    /// A value from a file as it would be given.
    /// - Throws: ``SettingProblem`` when it is of another kind or out of range.
    let checked: (SettingScalar) throws -> SettingScalar
    /// Sets a checked value.
    let set: (inout Group, SettingScalar) -> Void
    /// Fills in what was not given.
    let fillIn: (inout Group) -> Void

    /// `--block-length`.
    var option: String { "--" + key.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined() }

    /// An option that may be left out.
    /// - Parameter initial: What it is then; the setting's own when nil.
    init<Value>(
        _ setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>, initial: ((Group) -> Value)? = nil
    ) {
        self.init(
            setting, given: { $0[keyPath: path]?.scalar },
            value: { $0[keyPath: path]?.scalar ?? .nothing },
            set: { $0[keyPath: path] = $1 },
            fillIn: { $0[keyPath: path] = $0[keyPath: path] ?? initial?($0) ?? setting.initial })
    }

    /// An option that may be left out and is nothing then.
    init<Value>(optional setting: Setting<Value>, _ path: WritableKeyPath<Group, Value?>) {
        self.init(
            setting, isOptional: true, given: { $0[keyPath: path]?.scalar },
            value: { $0[keyPath: path]?.scalar ?? .nothing }, set: { $0[keyPath: path] = $1 }, fillIn: { _ in })
    }

    /// An option that must be given, or that has a value always.
    init<Value>(_ setting: Setting<Value>, _ path: WritableKeyPath<Group, Value>) {
        self.init(
            setting, given: { $0[keyPath: path].scalar }, value: { $0[keyPath: path].scalar },
            set: { if let value = $1 { $0[keyPath: path] = value } }, fillIn: { _ in })
    }

    /// A flag that says nothing when it is not there.
    init(flag setting: Setting<Bool>, _ path: WritableKeyPath<Group, Bool>) {
        self.init(
            setting, given: { $0[keyPath: path] ? .flag(true) : nil }, value: { $0[keyPath: path].scalar },
            set: { $0[keyPath: path] = $1 ?? false }, fillIn: { _ in })
    }

    private init<Value>(
        _ setting: Setting<Value>, isOptional: Bool = false, given: @escaping (Group) -> SettingScalar?,
        value: @escaping (Group) -> SettingScalar, set: @escaping (inout Group, Value?) -> Void,
        fillIn: @escaping (inout Group) -> Void
    ) {
        (key, onResume, self.given, self.value, self.fillIn) = (setting.key, setting.onResume, given, value, fillIn)
        checked = { scalar in
            if isOptional, scalar == .nothing { return scalar }
            let value = try Value(scalar)
            if let problem = setting.problem(value) { throw SettingProblem(text: problem) }
            return value.scalar
        }
        self.set = { set(&$0, try? Value($1)) }
    }

    /// The same setting in options that hold this group.
    func lifted<Outer>(_ path: WritableKeyPath<Outer, Group>) -> BoundSetting<Outer> {
        BoundSetting<Outer>(
            key: key, onResume: onResume, given: { given($0[keyPath: path]) }, value: { value($0[keyPath: path]) },
            checked: checked, set: { set(&$0[keyPath: path], $1) }, fillIn: { fillIn(&$0[keyPath: path]) })
    }

    private init(
        key: String, onResume: OnResume, given: @escaping (Group) -> SettingScalar?,
        value: @escaping (Group) -> SettingScalar, checked: @escaping (SettingScalar) throws -> SettingScalar,
        set: @escaping (inout Group, SettingScalar) -> Void, fillIn: @escaping (inout Group) -> Void
    ) {
        (self.key, self.onResume, self.given, self.value) = (key, onResume, given, value)
        (self.checked, self.set, self.fillIn) = (checked, set, fillIn)
    }
}

/// Options of which some decide how a run trains.
protocol SettingGroup: ParsableArguments {
    /// Those, in this group and the groups in it.
    static var settings: [BoundSetting<Self>] { get }
    /// The names of the properties that are none: they belong to one call, and change nothing about the training.
    static var elsewhere: [String] { get }
}

extension SettingGroup {
    static var elsewhere: [String] { [] }

    /// Refuses what was given out of range; for `validate()`.
    func checkGiven() throws {
        for setting in Self.settings {
            guard let value = setting.given(self) else { continue }
            do { _ = try setting.checked(value) } catch let problem as SettingProblem {
                throw ValidationError("\(setting.option) \(value.bare): \(problem.text)")
            }
        }
    }
}
