// SPDX-License-Identifier: Apache-2.0
// settings.json: what a run was told.

import Foundation
import LockstepData

/// What settings.json of a run's folder says. Nothing in it is trusted.
struct SettingsFile {
    static let name = "settings.json"
    let path: String
    private let values: [String: SettingScalar]
    /// More bytes than any run is told.
    private static let longest = 1 << 20

    /// - Throws: ``Failure`` (66) that names the file.
    init(run folder: String) throws {
        path = "\(folder)/\(Self.name)"
        let data: Data
        do { data = Data(try Files.read(path, limit: Self.longest)) } catch {
            throw Failure.noInput("--resume \(folder): no run was begun there: \(path) cannot be read as settings")
        }
        let text = String(decoding: data, as: UTF8.self)
        if let (key, literal) = Self.badLiteral(in: text) {
            throw Failure.noInput("\(path): \(key) is \(literal), which is no number")
        }
        do { values = try JSONDecoder().decode([String: SettingScalar].self, from: data) } catch {
            throw Failure.noInput("\(path): cannot be read as settings: it is no JSON object")
        }
    }

    /// What the file says of `key`; nil when nothing.
    subscript(key: String) -> SettingScalar? { values[key] }

    /// A sentence about one of its values.
    func refusal(_ key: String, _ value: SettingScalar, _ problem: String) -> Failure {
        Failure.noInput("\(path): \(key) is \(value): \(problem)")
    }

    /// Refuses keys that are not among `known`: training without them would not be that run's.
    func check(known: Set<String>) throws {
        guard let unknown = values.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let version = values["lockstep"].map { " (\($0.bare))" } ?? ""
        throw Failure.noInput(
            "\(path): \(unknown) is no setting of this recipe: another version of lockstep\(version) wrote the file, or someone else"
        )
    }

    /// The first value that is no list, no text and no number: `NaN`, which is no JSON, or `1e400`.
    private static func badLiteral(in text: String) -> (key: Substring, literal: Substring)? {
        text.matches(of: /"([^"\\]+)"\s*:\s*([^\s,"{}\[\]]+)/).first { match in
            if ["true", "false", "null"].contains(match.2) { return false }
            let number = try? JSONDecoder().decode(Double.self, from: Data(match.2.utf8))
            return number?.isFinite != true
        }.map { ($0.1, $0.2) }
    }

    /// Indented, keys in alphabetical order.
    static func json(_ values: [String: SettingScalar]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(values), as: UTF8.self)
    }
}
