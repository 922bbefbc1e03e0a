// SPDX-License-Identifier: Apache-2.0
// A training run as a value: what was chosen for each option.

internal import Foundation

/// What a training run consists of: a value for each ``Option``. Written as JSON it names only what is not plain.
public struct Configuration: Hashable, Sendable, CustomStringConvertible {
    /// The values that are not the plainest, by option.
    public internal(set) var chosen: [String: String] = [:]

    /// The plainest of all.
    public init() {}

    /// The plainest with these choices.
    init(_ chosen: KeyValuePairs<String, String>) { for (name, value) in chosen { self[name] = value } }

    /// The value of the option called `name`.
    public subscript(name: String) -> String {
        get { chosen[name] ?? Option.named(name)?.plain ?? "" }
        set { chosen[name] = newValue == Option.named(name)?.plain ? nil : newValue }
    }

    /// The value of an option that counts something.
    func number(_ name: String) -> Int { Int(self[name]) ?? 0 }

    /// Whether a yes-or-no option is chosen.
    func has(_ name: String) -> Bool { self[name] == "yes" }

    /// One line of JSON, options in the order of ``Option/all``.
    public var description: String {
        "{"
            + Option.all.compactMap { option in chosen[option.name].map { "\"\(option.name)\":\"\($0)\"" } }
            .joined(separator: ",") + "}"
    }

    /// Reads what ``description`` writes.
    ///
    /// - Throws: ``ConfigurationError`` for anything else, and for options or values that do not exist.
    public init(line: String) throws(ConfigurationError) {
        guard let values = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8)) else {
            throw ConfigurationError("“\(line)” is no configuration: a JSON object of words, {\"items\":\"7\"}")
        }
        for (name, value) in values {
            guard let option = Option.named(name) else { throw ConfigurationError("there is no option “\(name)”") }
            guard option.values.contains(value) else {
                throw ConfigurationError(
                    "“\(name)” cannot be “\(value)”, only \(option.values.joined(separator: ", "))")
            }
            self[name] = value
        }
    }

    /// Whether everything that `other` chooses is chosen here alike.
    public func contains(_ other: Configuration) -> Bool {
        other.chosen.allSatisfy { chosen[$0.key] == $0.value }
    }
}

/// What is wrong with a configuration that was written by hand.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}
