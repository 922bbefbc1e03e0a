// SPDX-License-Identifier: Apache-2.0
// The rows of the glossary, and the program that their Swift makes.

import Foundation

/// A piece of Swift of the glossary.
struct GlossarySpan: CustomStringConvertible, Sendable {
    var section: String
    var line: Int
    var code: String
    /// All of ours that stands in the same row.
    var row: String

    var description: String { "docs/glossary.md:\(line): `\(code)`" }

    /// What a span is, by its looks.
    enum Form: Equatable {
        /// `Dataset`, `DataLoader.Options`
        case type
        /// `afterFit`: a member of a type that the row or the section is about
        case member
        /// `CSVLogger.readLog`: a member of this type
        case memberOf(String, String)
        /// `path:`, `beta: nil`, `CustomLoss(flattening:)`: labels of parameters
        case labels([String])
        /// Anything else.
        case code
    }

    var form: Form {
        if code.wholeMatch(of: /[A-Z]\w*(\.[A-Z]\w*)*/) != nil { return .type }
        if code.wholeMatch(of: /[a-z]\w*/) != nil { return .member }
        if let match = code.wholeMatch(of: /([A-Z]\w*(?:\.[A-Z]\w*)*)\.([a-z]\w*)/) {
            return .memberOf(String(match.1), String(match.2))
        }
        if code.wholeMatch(of: /(\w+\()?(\w+:)+\)?/) != nil {
            return .labels(code.matches(of: /(\w+):/).map { String($0.1) })
        }
        if let match = code.wholeMatch(of: /([a-z]\w*): [^{}]*/) { return .labels([String(match.1)]) }
        return .code
    }
}

enum Glossary {
    /// Whose members stand in a section by their names alone.
    static let subjects = ["Callbacks and events": "Callback", "Metrics": "Metric", "Data": "DataLoader"]

    /// What stands in the columns on the right of the tables.
    static func spans() throws -> [GlossarySpan] {
        var (section, spans) = ("", [GlossarySpan]())
        let lines = try Repository.text("docs/glossary.md").split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            guard line.hasPrefix("| "), !line.hasPrefix("| fastai"), !line.hasPrefix("| PyTorch") else { continue }
            // | theirs | ours | a note |
            let cells = line.replacing("\\|", with: "\u{1}").split(separator: "|").dropFirst().joined(separator: "|")
            let row = cells.replacing("\u{1}", with: "|")
            for (index, part) in row.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            where index % 2 == 1 {
                spans.append(GlossarySpan(section: section, line: number + 1, code: String(part), row: row))
            }
        }
        return spans
    }

    // MARK: The program

    /// Compiled and not run, with the reason.
    static let notRun: KeyValuePairs = [
        "World.exit(": "ends the program", "World.end(": "ends the program", "Launcher.ensure(": "starts mpirun",
        "World.adopt(": "wants MPI to run", "Lockstep.run": "the frame of a whole program; pages run it",
    ]

    /// One call of `check` for each span; the compiler and traps name the glossary's lines.
    static func program(_ spans: [GlossarySpan], symbols: [PublicSymbol]) -> String {
        var text = "import Foundation\nimport Lockstep\ntry setScene()\n"
        for span in spans {
            guard let statement = statement(span, symbols) else { continue }
            let isRun = !notRun.contains { span.code.hasPrefix($0.key) }
            let body = isRun ? statement : "if CommandLine.argc > 9 { \(statement) }"
            text += "#sourceLocation(file: \"docs/glossary.md\", line: \(span.line))\n"
            text += "check(#\"\(span)\"#) { \(body) }\n#sourceLocation()\n"
        }
        return text + "finish()\n"
    }

    /// nil where there is nothing to compile: names are looked up instead.
    private static func statement(_ span: GlossarySpan, _ symbols: [PublicSymbol]) -> String? {
        let code = span.code
        switch span.form {
        case .type:
            let symbol = symbols.first { $0.isType && $0.description == code }
            guard let symbol, !symbol.isGeneric else { return nil }
            return symbol.kind == "protocol" ? "_ = (any \(code)).self" : "_ = \(code).self"
        case .memberOf(let type, let name):
            let isStatic = symbols.contains {
                $0.container == type && $0.name == name && $0.isStatic && $0.kind != "func"
            }
            return isStatic ? "_ = \(code)" : nil
        case .member, .labels: return nil
        case .code: break
        }
        if code.hasPrefix(".") {
            let context = [
                "Losses": "lossFunction", "Metrics": "metric", "Optimizers and schedules": "optimizerFactory",
            ]
            return "\(context[span.section] ?? "unknownContext")(\(code))"
        }
        if code.hasPrefix("@") {
            let symbol = symbols.first { $0.isType && $0.name == code.dropFirst() }
            return symbol?.isGeneric == false ? "_ = \(code.dropFirst()).self" : nil
        }
        if code.hasPrefix("final class ") { return code + " {}" }
        if code.hasPrefix("throw ") { return "let body: () throws -> Void = { \(code) }; try? body()" }
        let generator = code.contains("&generator") ? "var generator = PhiloxGenerator(seed: 1); " : ""
        return generator + (code.contains(" = ") && !code.hasPrefix("Tensor") ? code : "_ = try \(code)")
    }
}
