// SPDX-License-Identifier: Apache-2.0
// The code in the comments of the library's declarations, as one program.

import Foundation

enum DocComments {
    /// The blocks of Swift in a source file's documentation comments.
    static func blocks(of file: String) throws -> [CodeBlock] {
        var (blocks, open) = ([CodeBlock](), CodeBlock?.none)
        let lines = try Repository.text(file).split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = line.drop { $0 == " " }
            guard text.hasPrefix("///") else { continue }
            let code = text.dropFirst(3)
            if var block = open {
                if code.trimmed == "```" {
                    blocks.append(block)
                    open = nil
                } else {
                    block.code += code + "\n"
                    open = block
                }
            } else if code.trimmed.hasPrefix("```") {
                let language = code.trimmed.dropFirst(3)
                open = CodeBlock(
                    document: file, line: number + 2, language: String(language), code: "", marks: [])
            }
        }
        if let open { throw DocumentError("\(open): the fence is not closed") }
        return blocks.filter { $0.language == "swift" }
    }

    static func all() throws -> [CodeBlock] {
        try Repository.modules.flatMap { try Repository.files(under: "Sources/Lockstep\($0)", ending: ".swift") }
            .flatMap { try blocks(of: $0) }
    }

    /// Compiled and not run, with the reason.
    static let notRun: KeyValuePairs = [
        "Launcher.swift": "starts mpirun, with this program",
        "Learner+Segmentation.swift": "takes weights that nobody has here, of 87 megabytes",
        "Learner+Vision.swift": "takes weights that nobody has here, of 87 megabytes",
    ]

    /// Each block is a `check` of its own, in the glossary's scene.
    static func program(_ blocks: [CodeBlock]) -> String {
        var text = "import Foundation\nimport Lockstep\ntry setScene()\n"
        for block in blocks {
            text += "check(\"\(block)\") {\n"
            if notRun.contains(where: { block.document.hasSuffix("/" + $0.key) }) {
                text += "guard CommandLine.argc > 9 else { return }\n"
            }
            text += "#sourceLocation(file: \"\(block.document)\", line: \(block.line))\n"
            text += block.code + "#sourceLocation()\n}\n"
        }
        return text + "finish()\n"
    }
}
