// SPDX-License-Identifier: Apache-2.0
// What is found in a file, as a tree: printed for people and as JSON from the same values.

import Foundation

/// A value that was found, or several.
package indirect enum Fact: Equatable, Sendable {
    case nothing
    case flag(Bool)
    case number(Int)
    case real(Double)
    case text(String)
    case list([Fact])
    /// Named facts in the order of a page for people; JSON sorts them.
    case group([Named])

    /// A fact and what it is called.
    package struct Named: Equatable, Sendable {
        package let name: String
        package let fact: Fact

        package init(_ name: String, _ fact: Fact) { (self.name, self.fact) = (name, fact) }
        init(_ name: String, _ text: String?) { self.init(name, text.map { .text($0) } ?? .nothing) }
        init(_ name: String, _ number: Int?) { self.init(name, number.map { .number($0) } ?? .nothing) }
    }

    /// The fact of a group that is called `name`.
    package subscript(name: String) -> Fact? {
        guard case .group(let members) = self else { return nil }
        return members.first { $0.name == name }?.fact
    }
}

extension Fact: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .list(let values):
            var container = encoder.unkeyedContainer()
            for value in values { try container.encode(value) }
        case .group(let members):
            var container = encoder.container(keyedBy: Key.self)
            for member in members { try container.encode(member.fact, forKey: Key(stringValue: member.name)) }
        case .nothing, .flag, .number, .real, .text:
            var container = encoder.singleValueContainer()
            switch self {
            case .flag(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            // JSON has no number for those.
            case .real(let value) where !value.isFinite: try container.encode("\(value)")
            case .real(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            default: try container.encodeNil()
            }
        }
    }
}
