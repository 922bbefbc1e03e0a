// SPDX-License-Identifier: Apache-2.0
// The Swift of a page as one program: each block sees what those above it have declared, and may declare it anew.

import Foundation

enum PageProgram {
    /// The program's text; errors of the compiler and traps name the document's lines.
    ///
    /// The first block stands at the top level, as in a file of the reader's own; each of the others in a scope within
    /// that of the block above.
    static func source(of blocks: [CodeBlock]) -> String {
        var imports: [String] = []
        var body = ""
        for (index, block) in blocks.enumerated() {
            if index > 0 { body += "do {\n" }
            for case .before(let code) in block.marks { body += code + "\n" }
            body += "#sourceLocation(file: \"\(block.document)\", line: \(block.line))\n"
            for line in block.code.split(separator: "\n", omittingEmptySubsequences: false) {
                // An import is right at the top only; the others keep their lines.
                if line.hasPrefix("import ") { imports.append(String(line)) }
                body += (line.hasPrefix("import ") ? "" : line) + "\n"
            }
            body += "#sourceLocation()\n"
        }
        body += String(repeating: "}\n", count: max(0, blocks.count - 1))
        return (["import Foundation", "import Lockstep"] + imports).joined(separator: "\n") + "\n" + body
    }
}
