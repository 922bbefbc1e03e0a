// SPDX-License-Identifier: Apache-2.0
// One line of JSON, its keys in the order given.

import Foundation

/// A value in a line.
enum JSONValue {
    case text(String)
    case whole(Int)
    case large(UInt64)
    /// `null` for what is no finite number: JSON has no word for it.
    case number(Double?)
    case flag(Bool)
    case list([JSONValue])
    case object([(String, JSONValue)])

    init(_ scalar: SettingScalar) {
        switch scalar {
        case .nothing, .compound: self = .number(nil)
        case .flag(let value): self = .flag(value)
        case .whole(let value): self = .whole(value)
        case .large(let value): self = .large(value)
        case .number(let value): self = .number(value)
        case .word(let value): self = .text(value)
        }
    }

    var text: String {
        switch self {
        case .text(let value): Self.quoted(value)
        case .whole(let value): "\(value)"
        case .large(let value): "\(value)"
        case .number(let value): value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
        case .flag(let value): "\(value)"
        case .list(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let pairs):
            "{" + pairs.map { Self.quoted($0.0) + ":" + $0.1.text }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A text can always be encoded.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}
