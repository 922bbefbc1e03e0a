// SPDX-License-Identifier: Apache-2.0
// Facts as lines for a person, in which no file can hide what a terminal obeys.

extension Fact {
    /// One fact a line; groups are indented, lists of groups are tables.
    package static func lines(_ members: [Named], indent: String = "") -> [String] {
        let simple = members.filter { $0.fact.word != nil }
        let width = simple.map { visible($0.name).count }.max() ?? 0
        return members.flatMap { member -> [String] in
            let name = visible(member.name)
            if let word = member.fact.word {
                return word.isEmpty ? [] : [indent + padded(name, width + 2) + word]
            }
            switch member.fact {
            case .group(let inner): return [indent + name] + lines(inner, indent: indent + "  ")
            case .list(let values): return [indent + name] + table(values).map { indent + "  " + $0 }
            default: return []
            }
        }
    }

    /// On one line; nil for what needs several.
    private var word: String? {
        switch self {
        case .nothing: return ""
        case .flag(let value): return value ? "yes" : "no"
        case .number(let value): return "\(value)"
        case .real(let value): return "\(value)"
        case .text(let value): return Fact.visible(value)
        case .group(let members): return members.isEmpty ? "" : nil
        case .list(let values):
            let words = values.map(\.word)
            guard words.allSatisfy({ $0 != nil }) else { return nil }
            return words.compactMap(\.self).joined(separator: ", ")
        }
    }

    /// Groups of the same names as columns.
    private static func table(_ values: [Fact]) -> [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for case .group(let members) in values {
            for member in members where seen.insert(member.name).inserted { names.append(member.name) }
        }
        let rows = values.map { value in names.map { value[$0]?.word ?? "…" } }
        let used = names.indices.filter { column in rows.contains { !$0[column].isEmpty } }
        let all = [names.map(visible)] + rows
        let widths = used.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = zip(used, widths).map { padded(row[$0], $1 + 2) }.joined()
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `text` with control characters, line ends and marks of direction spelled out.
    package static func visible(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        if isPlain { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
