// SPDX-License-Identifier: Apache-2.0
// The exit codes: one table, in the page of help and in docs/command.md, which has every code that the sources use.
import Foundation
import Testing

@Suite("Command: exit codes")
struct ExitTableTests {
    /// Code and meaning, spaces as one.
    private func words(_ text: some StringProtocol) -> String {
        String(text.filter { $0 != "`" }).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func documented() throws -> [(code: String, meaning: String)] {
        let page = try String(contentsOf: Repository.root.appending(path: "docs/command.md"), encoding: .utf8)
        let lines = page.split(separator: "\n").drop { !$0.hasPrefix("| Code |") }.dropFirst(2)
        return lines.prefix { $0.hasPrefix("|") }.map { line in
            let cells = line.split(separator: "|").map(words)
            return (cells[0], cells[1])
        }
    }

    @Test("lockstep --help shows the table of docs/command.md") func same() throws {
        let help = try Command()("--help").output
        let table = try documented()
        #expect(table.count > 10)
        let shown = words(help)
        let all = table.map { "\($0.code) \($0.meaning)" }.joined(separator: " ")
        #expect(shown.contains(all), "the page of help has another table:\n\(help)\n\(all)")
    }

    @Test("every code that the command's sources end with is in it") func complete() throws {
        let known = Set(try documented().map(\.code))
        let folders = ["lockstep-cli", "Lockstep", "LockstepDistributed/Launch", "LockstepComm/World"]
        var found: Set<String> = []
        for folder in folders {
            let root = Repository.root.appending(path: "Sources/" + folder)
            let files = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
            for file in files where file.hasSuffix(".swift") {
                let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
                for match in text.matches(of: /(?:[cC]ode: |endTold\(|Code: Int32 = |stopRequestedCode[^=\n]*= )(\d+)/)
                {
                    if match.1 != "128" { found.insert(String(match.1)) }
                }
            }
        }
        #expect(found.isSuperset(of: ["64", "65", "66", "71", "73", "74", "75"]), "\(found)")
        #expect(known.isSuperset(of: found), "not in the table: \(found.subtracting(known))")
    }
}
