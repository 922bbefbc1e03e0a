// SPDX-License-Identifier: Apache-2.0
// What the sources declare: types by what they inherit from, and which of them say what they are made of.

import Foundation

/// What the sources of the library say, read as text: a list that forgets a type cannot tell of it.
struct DeclaredConfigurations {
    /// Types and functions with a configuration.
    private(set) var described: Set<String> = []
    /// What each type that others can see names after its colon.
    private var parents: [String: [String]] = [:]

    init() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources")
            .standardized
        for module in ["LockstepNN", "LockstepData", "LockstepLearner", "LockstepDistributed"] {
            let folder = sources.appending(path: module).path
            let files = FileManager.default.enumerator(atPath: folder)
            while let file = files?.nextObject() as? String {
                guard file.hasSuffix(".swift") else { continue }
                read(try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8))
            }
        }
    }

    private mutating func read(_ file: String) {
        let text = file.split(separator: "\n").filter { !$0.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") }
            .joined(separator: "\n")
        for match in text.matches(of: /[Cc]onfiguration\(\s*(?:of: |codable: |function: ")?(\w+)(?:\.self|")/) {
            described.insert(String(match.1))
        }
        for match in text.matches(
            of: /(?:public|open|package) (?:final )?(?:class|struct) (\w+)(?:<[^>]*>)?: ([^{]*)\{/)
        {
            parents[String(match.1)] = match.2.split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
    }

    /// The types that inherit from one of `roots`, or conform to it.
    func types(below roots: String...) -> Set<String> {
        var found: Set<String> = []
        while true {
            let more = parents.filter { name, parents in
                !found.contains(name) && parents.contains { roots.contains($0) || found.contains($0) }
            }
            if more.isEmpty { return found }
            found.formUnion(more.keys)
        }
    }
}
