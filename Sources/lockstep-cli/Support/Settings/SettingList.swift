// SPDX-License-Identifier: Apache-2.0
// Settings that are lists: on the command line and in settings.json one text with commas in it.

import ArgumentParser

/// Something that a list of settings can hold.
protocol SettingElement: Equatable, Sendable {
    init?(listed text: String)
    var listed: String { get }
    /// What is needed, for a sentence.
    static var need: String { get }
}

extension String: SettingElement {
    init?(listed text: String) {
        if text.isEmpty { return nil }
        self = text
    }
    /// Quoted as in a CSV file where it must be.
    var listed: String {
        contains { ",\"".contains($0) } || first == " " || last == " "
            ? "\"" + replacing("\"", with: "\"\"") + "\"" : self
    }
    static var need: String { "names with commas between, those with commas in them in double quotes" }
}

extension Int: SettingElement {
    init?(listed text: String) { self.init(text) }
    var listed: String { "\(self)" }
    static var need: String { "whole numbers with commas between" }
}

extension Double: SettingElement {
    init?(listed text: String) { self.init(text) }
    var listed: String { "\(self)" }
    static var need: String { "numbers with commas between" }
}

/// A type of settings that are lists.
protocol SettingListKind {}

/// `a,b,"c,d"`, `200,100`.
struct SettingList<Element: SettingElement>: SettingValue, SettingListKind, ExpressibleByArgument {
    let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    init?(argument: String) {
        let found = settingFields(argument)?.map { Element(listed: $0) } ?? [nil]
        guard !found.isEmpty, !found.contains(where: { $0 == nil }) else { return nil }
        elements = found.compactMap { $0 }
    }

    init(_ scalar: SettingScalar) throws {
        guard case .word(let word) = scalar, let list = Self(argument: word) else {
            throw SettingProblem(text: "needs \(Element.need)")
        }
        self = list
    }

    var scalar: SettingScalar { .word(elements.map(\.listed).joined(separator: ",")) }
}

/// What stands between commas, without spaces around; nil for quotes that are not closed.
func settingFields(_ text: String) -> [String]? {
    var (fields, field, isQuoted, wasQuoted) = ([String](), "", false, false)
    func ended() -> String { wasQuoted ? field : field.trimmed }
    var rest = Substring(text)
    while let character = rest.popFirst() {
        if isQuoted {
            if character != "\"" {
                field.append(character)
            } else if rest.first == "\"" {
                field.append("\"")
                rest = rest.dropFirst()
            } else {
                isQuoted = false
            }
        } else if character == "\"", field.trimmed.isEmpty, !wasQuoted {
            (field, isQuoted, wasQuoted) = ("", true, true)
        } else if character == "," {
            fields.append(ended())
            (field, wasQuoted) = ("", false)
        } else if !wasQuoted || character != " " {
            field.append(character)
        }
    }
    return isQuoted ? nil : fields + [ended()]
}

extension String {
    /// Without spaces at its ends.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
