// SPDX-License-Identifier: Apache-2.0
// The code blocks of a document, and the comments that say how they are tested.

import Foundation

/// What stands between two fences.
///
/// A comment before it, which readers do not see, says what is not obvious:
///
/// - `<!-- not run: why -->`
/// - `<!-- before: code -->`: code that the block needs and the reader does not
/// - `<!-- stands in: Tests/….swift -->`: the same lines are there, in a test
/// - `<!-- manifest -->`: a `Package.swift`
/// - `<!-- printed -->`: what the program above prints, numbers to some percent
struct CodeBlock: CustomStringConvertible, Sendable {
    enum Mark: Equatable, Sendable {
        case notRun(String)
        case before(String)
        case standsIn(String)
        case manifest
        case printed
    }

    var document: String
    /// Of the first line of code, from 1.
    var line: Int
    /// As `swift`; empty for what is no code: output, a drawing.
    var language: String
    var code: String
    var marks: [Mark]

    var description: String { "\(document):\(line)" }

    /// Why it is not run, if it is not.
    var reason: String? {
        for case .notRun(let reason) in marks { return reason }
        return nil
    }

    static func blocks(of document: String) throws -> [CodeBlock] {
        try blocks(in: Repository.text(document), document: document)
    }

    /// Throws where a comment means nothing, a fence is not closed, or code is hidden in an indentation.
    static func blocks(in text: String, document: String) throws -> [CodeBlock] {
        var (blocks, marks, comment) = ([CodeBlock](), [Mark](), [String]?.none)
        var open: CodeBlock?
        var previous: Substring = ""
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            defer { previous = line }
            if var block = open {
                if line.hasPrefix("```") {
                    blocks.append(block)
                    (open, marks) = (nil, [])
                } else {
                    block.code += line + "\n"
                    open = block
                }
            } else if comment != nil || line.hasPrefix("<!--") {
                comment = (comment ?? []) + [String(line)]
                guard line.hasSuffix("-->") else { continue }
                marks.append(try mark((comment ?? []).joined(separator: "\n"), at: "\(document):\(number + 1)"))
                comment = nil
            } else if line.hasPrefix("```") {
                open = CodeBlock(
                    document: document, line: number + 2, language: line.dropFirst(3).trimmed, code: "", marks: marks)
            } else if !line.isEmpty {
                if line.hasPrefix("    "), previous.isEmpty {
                    throw DocumentError(
                        "\(document):\(number + 1): code by indentation; write a fence and the language")
                }
                if let mark = marks.first {
                    throw DocumentError("\(document):\(number + 1): nothing to run follows \(mark)")
                }
            }
        }
        if let open { throw DocumentError("\(open): the fence is not closed") }
        return blocks
    }

    private static func mark(_ comment: String, at place: String) throws -> Mark {
        let text = comment.dropFirst(4).dropLast(3).trimmed
        for (word, make) in [("not run:", Mark.notRun), ("before:", Mark.before), ("stands in:", Mark.standsIn)]
        where text.hasPrefix(word) {
            let rest = text.dropFirst(word.count).trimmed
            if rest.isEmpty { throw DocumentError("\(place): \(word) and nothing") }
            return make(rest)
        }
        if text == "printed" { return .printed }
        if text == "manifest" { return .manifest }
        throw DocumentError("\(place): a comment that means nothing: \(text)")
    }
}

/// What is wrong with a document.
struct DocumentError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
