// SPDX-License-Identifier: Apache-2.0
// Groups of options, and which of them are settings.

import ArgumentParser

/// Options of which some decide how a run trains.
protocol SettingGroup: ParsableArguments {
    /// Those, in this group and the groups in it.
    static var settings: [BoundSetting<Self>] { get }
    /// Those that belong to one call and change nothing about the training: in no settings.json, but a file for --config may
    /// say them.
    static var calls: [BoundSetting<Self>] { get }
    /// The names of the properties that are neither: they say where settings come from.
    static var elsewhere: [String] { get }
}

extension SettingGroup {
    static var settings: [BoundSetting<Self>] { [] }
    static var calls: [BoundSetting<Self>] { [] }
    static var elsewhere: [String] { [] }

    /// Refuses what was given out of range; for `validate()`.
    func checkGiven() throws {
        for setting in Self.settings + Self.calls {
            guard let value = setting.given(self) else { continue }
            do { _ = try setting.checked(value) } catch let problem as SettingProblem {
                throw ValidationError("\(setting.option) \(value.bare): \(problem.text)")
            }
        }
    }
}

/// `blockLength` as an option and in a file for --config: `block-length`.
func optionName(_ key: String) -> String {
    key.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
}
