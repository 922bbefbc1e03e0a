// SPDX-License-Identifier: Apache-2.0
// Values in a file for --config: from YAML to what an option takes, and back.

import Yams

/// A value as it is written; what it means says the setting.
enum ConfiguredValue: CustomStringConvertible {
    /// One value.
    struct Scalar {
        var text: String
        /// Without quotes: `2024` may be a number or a name.
        var isPlain: Bool
    }

    case scalar(Scalar)
    case list([Scalar])
    /// A mapping, or a list of lists.
    case compound

    init(_ node: Node) {
        switch node {
        case .scalar(let scalar): self = .scalar(Scalar(scalar))
        case .sequence(let sequence):
            let elements = sequence.map { node -> Scalar? in
                if case .scalar(let scalar) = node { Scalar(scalar) } else { nil }
            }
            self = elements.contains { $0 == nil } ? .compound : .list(elements.compactMap { $0 })
        case .mapping, .alias: self = .compound
        }
    }

    /// A list in brackets.
    /// - Throws: ``Failure`` (64) that begins with `place`.
    init(flow text: String, place: String) throws {
        guard let node = try? compose(yaml: text) else { throw Failure.usage("\(place): is no list in YAML") }
        self.init(node)
    }

    /// As in a sentence.
    var description: String {
        switch self {
        case .scalar(let scalar):
            scalar.isPlain ? SettingScalar(plain: scalar.text).description : SettingScalar.word(scalar.text).description
        case .list: "a list"
        case .compound: "a mapping or a list of lists"
        }
    }
}

extension ConfiguredValue.Scalar {
    fileprivate init(_ scalar: Node.Scalar) { self.init(text: scalar.string, isPlain: scalar.style == .plain) }
}

extension BoundSetting {
    /// A value of a file as it would be given.
    /// - Throws: ``SettingProblem`` when it is of another kind or out of range.
    func checked(_ value: ConfiguredValue) throws -> SettingScalar {
        switch value {
        case .compound: throw SettingProblem(text: isList ? "a list of values is needed" : "one value is needed")
        case .list(let elements):
            guard isList else { throw SettingProblem(text: "one value is needed") }
            return try checked(.word(elements.map(\.text.listed).joined(separator: ",")))
        case .scalar(let scalar):
            guard scalar.isPlain else { return try checked(.word(scalar.text)) }
            let typed = SettingScalar(plain: scalar.text)
            do { return try checked(typed) } catch {
                // A column may be called 2024, or true.
                if typed != .nothing, let word = try? checked(.word(scalar.text)) { return word }
                throw error
            }
        }
    }
}

extension SettingScalar {
    /// What a word without quotes is in YAML 1.2: nothing, true or false, a number, or a text.
    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .nothing
        case "true", "True", "TRUE": self = .flag(true)
        case "false", "False", "FALSE": self = .flag(false)
        default:
            let isNumber = text.wholeMatch(of: /[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?/) != nil
            if isNumber, let whole = Int(text) {
                self = .whole(whole)
            } else if isNumber, let large = UInt64(text) {
                self = .large(large)
            } else if isNumber, let number = Double(text), number.isFinite {
                self = .number(number)
            } else {
                self = .word(text)
            }
        }
    }

    /// As a part of a file for --config that is read as the same.
    private var node: Node {
        var text = self == .nothing ? "null" : bare
        // What YAML 1.1 takes for something else is written so that other programs read the same.
        if case .number = self, !text.contains(".") { text = text.replacing("e", with: ".0e") }
        let isSwitch = ["yes", "no", "on", "off"].contains(text.lowercased())
        let isPlain =
            SettingScalar(plain: text) == self && !isSwitch && !text.contains { $0.isNewline || $0 == "\t" }
        return Node.scalar(.init(text, Tag.implicit, isPlain ? .plain : .doubleQuoted))
    }

    /// The same, a list as one.
    fileprivate func node(isList: Bool) -> Node {
        guard isList, case .word(let word) = self, let elements = settingFields(word) else { return node }
        return Node.sequence(.init(elements.map { SettingScalar(element: $0).node }, .implicit, .flow))
    }

    /// An element of a list: a number stays one.
    private init(element text: String) {
        let plain = SettingScalar(plain: text)
        self = plain == .nothing ? .word(text) : plain.bare == text ? plain : .word(text)
    }
}

/// Keys and values as a file for --config, in their order.
func configurationText(_ entries: [(name: String, value: SettingScalar, isList: Bool)]) throws -> String {
    let pairs = entries.map { (Node($0.name), $0.value.node(isList: $0.isList)) }
    return try serialize(node: .mapping(.init(pairs)), width: -1, allowUnicode: true)
}
