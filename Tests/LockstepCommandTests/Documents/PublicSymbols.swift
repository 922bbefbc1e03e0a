// SPDX-License-Identifier: Apache-2.0
// What the library's sources declare for others, read off their lines: swift format has put each declaration on its own.

import Foundation

/// A public declaration.
struct PublicSymbol: Hashable, CustomStringConvertible {
    var module: String
    /// The type it is a member of, outermost first; empty for what stands by itself.
    var container: String
    /// As `func`, `case`, `class`.
    var kind: String
    var name: String
    /// What can be written as `.name`.
    var isStatic: Bool
    /// Whether it has type parameters.
    var isGeneric = false
    /// The labels of an initializer's parameters.
    var labels: [String] = []

    var isType: Bool { ["class", "struct", "enum", "protocol", "actor", "typealias"].contains(kind) }
    var description: String { container.isEmpty ? name : "\(container).\(name)" }
}

/// Reads declarations without a parser: containers by their indentation, names after their keyword.
struct SymbolScanner {
    private struct Container {
        var indentation: Int
        var kind: String
        var name: String
        /// Whether members need no `public` of their own.
        var exposesMembers: Bool
        var isVisible: Bool
    }

    private static let typeWords: Set = ["class", "struct", "enum", "protocol", "actor", "extension"]
    private static let memberWords: Set = ["func", "var", "let", "typealias", "case", "subscript", "init"]
    private static let modifiers: Set = [
        "public", "open", "package", "internal", "private", "fileprivate", "static", "final", "override", "required",
        "convenience", "mutating", "nonisolated", "lazy", "weak", "unowned", "prefix", "postfix", "infix", "indirect",
        "consuming", "borrowing", "class", "unsafe", "dynamic", "isolated", "nonmutating",
    ]

    private let module: String
    private var containers: [Container] = []
    private var insideText = false
    private var readingLabels = false
    private(set) var symbols: [PublicSymbol] = []

    init(module: String) { self.module = module }

    /// A name that only says another: nobody can use it, and it is no symbol.
    nonisolated(unsafe) static let unavailable =
        /@available\(\s*\*,\s*unavailable,\s*(?<kind>renamed|message):\s*"(?<words>(?:[^"\\]|\\.)*)"\s*\)\s+(?:@propertyWrapper )?public (?:static |convenience )?(?:var |enum |typealias |func |struct )?(?<name>[\w`]+)/

    mutating func read(_ source: String) {
        (containers, insideText) = ([], false)
        let source = source.replacing(Self.unavailable) { "@unavailable \($0.output.name)" }
        for line in source.split(separator: "\n", omittingEmptySubsequences: false) { read(line: line) }
    }

    private mutating func read(line: Substring) {
        let quotes = line.components(separatedBy: "\"\"\"").count - 1
        defer { if quotes % 2 == 1 { insideText.toggle() } }
        if insideText { return }
        let code = line.drop { $0 == " " }
        let indentation = line.count - code.count
        if code.isEmpty || code.hasPrefix("//") { return }
        if readingLabels {
            // Parameters that stand on lines of their own.
            if code.first == ")" { readingLabels = false }
            symbols[symbols.count - 1].labels += Self.labels(code)
        }
        while let last = containers.last, indentation <= last.indentation,
            last.indentation != indentation || code.first == "}"
        {
            containers.removeLast()
        }
        // What stands deeper than a member's place is the body of a function.
        let place = containers.last.map { $0.indentation + 4 } ?? 0
        if indentation != place || code.first == "}" || code.first == ")" { return }
        declaration(code, indentation: indentation)
    }

    private mutating func declaration(_ code: Substring, indentation: Int) {
        if code.hasPrefix("@unavailable ") { return }
        var rest = Self.withoutAttributes(code)
        var seen: Set<String> = []
        while true {
            let word = rest.prefix { $0.isLetter }
            guard Self.modifiers.contains(String(word)) else { break }
            // `class` before a name is a type, before `func` or `var` a modifier.
            var after = rest.dropFirst(word.count)
            if after.first == "(" { after = after.drop { $0 != ")" }.dropFirst() }
            after = after.drop { $0 == " " }
            if word == "class", !["func", "var"].contains(String(after.prefix { $0.isLetter })) { break }
            seen.insert(word == "class" ? "static" : String(word))
            rest = after
        }
        let keyword = String(rest.prefix { $0.isLetter })
        let parent = containers.last
        let marked = seen.contains("public") || seen.contains("open")
        let hidden = !seen.isDisjoint(with: ["private", "fileprivate", "package", "internal"])
        let isVisible =
            (parent?.isVisible ?? true)
            && (marked || (parent?.exposesMembers ?? false && !hidden)) && !code.contains("@_spi")
        if Self.typeWords.contains(keyword) {
            let name = String(
                rest.dropFirst(keyword.count + 1).prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
            if isVisible, keyword != "extension" {
                add(
                    keyword, name, isStatic: false,
                    isGeneric: rest.dropFirst(keyword.count + 1 + name.count).first == "<")
            }
            let container =
                Container(
                    indentation: indentation, kind: keyword, name: name,
                    exposesMembers: keyword == "protocol" ? isVisible : keyword == "extension" && marked,
                    isVisible: keyword == "extension" ? parent?.isVisible ?? true : isVisible)
            containers.append(container)
            guard code.last == "}" else { return }
            // All on one line: cases, or what nobody else sees.
            if keyword == "enum", isVisible, let list = code.firstMatch(of: /{ case (.*) }$/) {
                for name in Self.cases(list.1) { add("case", name, isStatic: true) }
            }
            containers.removeLast()
        } else if keyword == "case", parent?.kind == "enum", parent?.isVisible == true {
            for name in Self.cases(rest.dropFirst(5)) { add("case", name, isStatic: true) }
        } else if Self.memberWords.contains(keyword), isVisible, keyword != "case", !seen.contains("override") {
            let name =
                keyword == "init" || keyword == "subscript"
                ? keyword : String(rest.dropFirst(keyword.count + 1).prefix { !" (<:=[{".contains($0) })
            let isOperator = keyword == "func" && !(rest.dropFirst(5).first?.isLetter ?? false)
            let spelled = isOperator ? String(rest.dropFirst(5).prefix { $0 != " " && $0 != "(" }) : name
            add(keyword, spelled.replacing("`", with: ""), isStatic: seen.contains("static"))
            if keyword == "init" {
                symbols[symbols.count - 1].labels = Self.labels(rest.dropFirst(4))
                readingLabels = code.last == "("
            }
        }
    }

    /// `a` and `b` of `a: Int, b name: String = "x"`: what stands before a colon, and what stands before that.
    private static func labels(_ list: Substring) -> [String] {
        list.matches(of: /(\w+)(?: (\w+))?:/).flatMap { [String($0.1), $0.2.map(String.init) ?? ""] }.filter {
            !$0.isEmpty
        }
    }

    private mutating func add(_ kind: String, _ name: String, isStatic: Bool, isGeneric: Bool = false) {
        if name.hasPrefix("_") { return }
        symbols.append(
            PublicSymbol(
                module: module, container: containers.map(\.name).joined(separator: "."), kind: kind, name: name,
                isStatic: isStatic, isGeneric: isGeneric))
    }

    /// Leaves out `@name` and `@name(…)` at the start.
    private static func withoutAttributes(_ code: Substring) -> Substring {
        var rest = code
        while rest.first == "@" {
            rest = rest.dropFirst().drop { $0.isLetter || $0.isNumber || $0 == "_" }
            if rest.first == "(" {
                var depth = 0
                repeat {
                    if rest.first == "(" { depth += 1 } else if rest.first == ")" { depth -= 1 }
                    rest = rest.dropFirst()
                } while depth > 0 && !rest.isEmpty
            }
            rest = rest.drop { $0 == " " }
        }
        return rest
    }

    /// The names in `a, b(Int, label: C), c = "x"`.
    private static func cases(_ list: Substring) -> [String] {
        var (names, depth, name, taking) = ([String](), 0, "", true)
        for character in list {
            if "([<".contains(character) { depth += 1 } else if ")]>".contains(character) { depth -= 1 }
            if depth == 0, character == "," {
                names.append(name)
                (name, taking) = ("", true)
            } else if taking, character.isLetter || character.isNumber || character == "_" {
                name.append(character)
            } else if !name.isEmpty {
                taking = false
            }
            if depth == 0, character == "/" { break }
        }
        return (names + [name]).filter { !$0.isEmpty }
    }
}
