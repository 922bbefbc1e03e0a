// SPDX-License-Identifier: Apache-2.0
// An option that decides how a run trains, declared once: for the command line, for settings.json and for resuming.

import ArgumentParser

/// What is known of an option but its value.
///
/// ```swift
/// static let size = Setting("size", 64, in: 4...1024, help: "Height and width that images are brought to.", valueName: "pixels")
/// @Option(ImagesRecipe.size) var size: Int?                                   // nil: not given
/// static var settings: [BoundSetting<Self>] { [BoundSetting(size, \.size)] }
/// ```
struct Setting<Value: SettingValue>: Sendable {
    /// The property's name and its key in settings.json; the option, and the key in a file for --config, are spelled after it:
    /// `blockLength`, `--block-length`.
    let key: String
    /// What it is when it is not given; for some options the recipe or the model knows better.
    let initial: Value
    let help: ArgumentHelp
    /// How it behaves when a run is resumed.
    let onResume: OnResume
    /// What is wrong with a value, after "--option value: "; nil when nothing is.
    let problem: @Sendable (Value) -> String?

    /// - Parameters:
    ///   - showsDefault: Whether the page of help says `initial`.
    init(
        _ key: String, _ initial: Value, help: String, valueName: String? = nil, showsDefault: Bool = true,
        onResume: OnResume = .same, problem: @escaping @Sendable (Value) -> String? = { _ in nil }
    ) {
        (self.key, self.initial, self.onResume, self.problem) = (key, initial, onResume, problem)
        self.help = ArgumentHelp(
            "\(help)\(showsDefault ? " (default: \(initial.scalar.bare))" : "")", valueName: valueName)
    }
}

/// What an option is when a run goes on.
enum OnResume {
    /// What it was; saying something else is refused. A file that does not say it cannot be resumed from without.
    case same
    /// The same, but a file that does not say it is older than the option's place there: the command line says it.
    case sameIfKnown
    /// What is given; otherwise what it was. It changes nothing about the training.
    case given
}

extension Setting where Value == Int {
    init(
        _ key: String, _ initial: Int, in range: ClosedRange<Int>, help: String, valueName: String? = "n",
        showsDefault: Bool = true, onResume: OnResume = .same
    ) {
        self.init(
            key, initial, help: help, valueName: valueName, showsDefault: showsDefault, onResume: onResume
        ) { value in
            if range.contains(value) { return nil }
            if range.upperBound < Setting.most { return "must be between \(range.lowerBound) and \(range.upperBound)" }
            return value < range.lowerBound
                ? "at least \(range.lowerBound) is needed" : "at most \(range.upperBound) is possible"
        }
    }

    /// The largest count that no size multiplied with it can overflow.
    static var most: Int { 1_000_000_000 }
}

extension Option {
    /// An option that may be left out.
    /// - Parameter parsing: `.unconditional` for a value that may begin with a dash.
    init<T: SettingValue & ExpressibleByArgument>(
        _ setting: Setting<T>, parsing: SingleValueParsingStrategy = .next
    ) where Value == T? {
        self.init(parsing: parsing, help: setting.help)
    }

}

extension Argument where Value == String? {
    /// A word without an option's name, which a file may say in its place.
    init(_ setting: Setting<String>) { self.init(help: setting.help) }
}

extension Flag {
    /// A flag that is on when it is given.
    init(wrappedValue: Bool, _ setting: Setting<Bool>) where Value == Bool {
        self.init(wrappedValue: wrappedValue, help: setting.help)
    }

    /// A flag that can be given as `--no-…`, too.
    init(_ setting: Setting<Bool>, inversion: FlagInversion) where Value == Bool? {
        self.init(inversion: inversion, help: setting.help)
    }
}
