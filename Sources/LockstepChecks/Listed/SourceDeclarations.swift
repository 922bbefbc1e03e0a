// SPDX-License-Identifier: Apache-2.0
// What the sources declare, read as text: a list that forgets a type cannot tell of it, and neither can a type of itself.

import Foundation

/// Types with what they inherit from or conform to, wherever it says so, and what they let others set.
package struct SourceDeclarations {
    /// What each type names after its colon, in its declaration or in an extension. What a file keeps to itself is no type.
    package private(set) var parents: [String: Set<String>] = [:]
    /// Types and functions with a configuration.
    package private(set) var described: Set<String> = []
    /// Names of the parameters of each type's initialisers, inside and outside.
    private var parameters: [String: Set<String>] = [:]
    /// Variables of each type that a program cannot set.
    private var closed: [String: Set<String>] = [:]

    /// Those of the whole library.
    package static func library() throws -> SourceDeclarations { try read.get() }

    /// Read once.
    private static let read = Result { try readAll() }

    private static func readAll() throws -> SourceDeclarations {
        var all = SourceDeclarations()
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        for module in [
            "LockstepNN", "LockstepOptim", "LockstepData", "LockstepModels", "LockstepLearner", "LockstepTransfer",
            "LockstepTensorBoard", "LockstepDistributed",
        ] {
            let folder = sources.appending(path: module)
            let files = FileManager.default.enumerator(atPath: folder.path)
            while let file = files?.nextObject() as? String {
                guard file.hasSuffix(".swift") else { continue }
                all.read(try String(contentsOf: folder.appending(path: file), encoding: .utf8))
            }
        }
        return all
    }

    package init() {}

    /// The types that inherit from one of `roots` or conform to it, over any number of steps.
    package func types(below roots: String...) -> Set<String> {
        var found: Set<String> = []
        while true {
            let more = parents.filter { name, parents in
                !found.contains(name) && parents.contains { roots.contains($0) || found.contains($0) }
            }
            if more.isEmpty { return found }
            found.formUnion(more.keys)
        }
    }

    /// Whether a variable of `type` is what values keep, and no option: no program can set it and no initialiser takes it.
    package func isState(_ property: String, of type: String) -> Bool {
        closed[type]?.contains(property) == true && parameters[type]?.contains(property) != true
    }

    /// Takes in a file.
    package mutating func read(_ file: String) {
        let text = SourceDeclarations.withoutComments(file)
        for match in text.matches(of: /[Cc]onfiguration\(\s*(?:of: |codable: |function: ")?(\w+)(?:\.self|")/) {
            described.insert(String(match.1))
        }
        for match in text.matches(
            of: /(private |fileprivate )?(?:final )?(?:class|struct|actor|enum) (\w+)(?:<[^>]*>)?\s*:([^{]*)\{/)
        where match.1 == nil {
            add(parents: match.3, of: match.2)
        }
        for match in text.matches(of: /extension ([\w.]+)(?:<[^>]*>)?\s*:([^{]*)\{/) {
            add(parents: match.2, of: match.1.split(separator: ".").last ?? match.1)
        }
        readMembers(text)
    }

    private mutating func add(parents list: Substring, of type: Substring) {
        let list = list.split(separator: " where ").first ?? list
        for parent in list.split(separator: ",") {
            let name = parent.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: " ").last ?? ""
            parents[String(type), default: []].insert(
                String(name.prefix { $0 != "<" }.split(separator: ".").last ?? ""))
        }
    }

    /// Follows the braces, so that it is known which type a line belongs to.
    private mutating func readMembers(_ text: String) {
        var (depth, open) = (0, [(name: String, depth: Int)]())
        var waiting: String?
        var rest = Substring(text)
        while let line = rest.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first {
            if let match = line.firstMatch(
                of: /\b(?:class|struct|actor|enum|protocol|extension) (?!var |func )([A-Z][\w.]*)/)
            {
                waiting = String(match.1.split(separator: ".").last ?? match.1)
            }
            if let type = open.last?.name {
                if let match = line.firstMatch(of: /^\s*(?:@\w+(?:\([^)]*\))? )*((?:[a-z]+(?:\(set\))? )*)var (\w+)/),
                    depth == open.last?.depth, SourceDeclarations.isClosed(match.1)
                {
                    closed[type, default: []].insert(String(match.2))
                }
                if line.contains(/\binit[?(<]/), depth == open.last?.depth,
                    let list = rest.firstMatch(of: /init[^(]*\(([^{]*)/)
                {
                    for match in list.1.matches(of: /(?:(\w+) )?(\w+):/) {
                        parameters[type, default: []].insert(String(match.2))
                        if let label = match.1 { parameters[type, default: []].insert(String(label)) }
                    }
                }
            }
            for letter in line.replacing(/"(\\.|[^"\\])*"/, with: "") {
                if letter == "{" {
                    depth += 1
                    if let type = waiting { (open, waiting) = (open + [(type, depth)], nil) }
                } else if letter == "}" {
                    if open.last?.depth == depth { open.removeLast() }
                    depth -= 1
                }
            }
            guard line.endIndex < rest.endIndex else { return }
            rest = rest[rest.index(after: line.endIndex)...]
        }
    }

    /// A variable is open when it is public and nothing is said of setting it.
    private static func isClosed(_ modifiers: Substring) -> Bool {
        let words = modifiers.split(separator: " ")
        return !(words.contains("public") || words.contains("open")) || words.contains { $0.hasSuffix("(set)") }
    }

    /// `text` without comments, also those at the end of a line.
    private static func withoutComments(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // Not the slashes of an address in a string.
            line.replacing(/(^|\s)\/\/.*$/, with: "")
        }.joined(separator: "\n")
    }
}
