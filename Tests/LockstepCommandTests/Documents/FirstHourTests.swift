// SPDX-License-Identifier: Apache-2.0
// What a newcomer writes: it compiles and runs, or the compiler says the name to use.

import Foundation
import LockstepTesting
import Testing

@Suite("The first hour") struct FirstHourTests {
    @Test("every line of the first hour compiles and does what it says") func firstHour() throws {
        try withTemporaryFolder { folder in
            let text = try Repository.text("Tests/Documents/FirstHour.swift")
            let program = try Toolchain.compile([("main.swift", text)], in: folder)
            let outcome = try Toolchain.run(program.path, in: folder)
            #expect(outcome.status == 0, "\(outcome.output)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.first == "train 1438 items, 22 batches of 64, shuffled; valid 359 items, 6 batches of 64")
            #expect(lines.contains("model      Sequential, 2,410 parameters"))
            #expect(lines.last == "64 items: inputs [64, 64] float32; targets [64] int64")
        }
    }

    /// Lines of a file of mistakes, with what their comments expect the compiler to say.
    static func expectations(_ document: String) throws -> [Int: Substring] {
        var expected: [Int: Substring] = [:]
        let lines = try Repository.text(document).split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            // The file begins with a comment, and the others stand behind code.
            guard let place = line.range(of: "  // ", options: .backwards), !line.hasPrefix("//") else { continue }
            expected[number + 1] = line[place.upperBound...]
        }
        return expected
    }

    @Test(
        "the compiler says what is wrong, and the name to use, of other libraries' names and of ordinary mistakes",
        arguments: ["ForeignNames", "OrdinaryMistakes"])
    func diagnostics(name: String) throws {
        let document = "Tests/Documents/\(name).swift"
        let expected = try Self.expectations(document)
        let found = try withTemporaryFolder { try Toolchain.errors(of: try Repository.text(document), in: $0) }
        for (line, words) in expected.sorted(by: { $0.key < $1.key }) {
            let said = found.filter { $0.line == line }.map(\.message)
            #expect(said.count == 1, "\(document):\(line): the compiler says \(said.count) things: \(said)")
            #expect(said.first?.contains(words) == true, "\(document):\(line): the compiler says \(said)")
        }
        let others = found.filter { expected[$0.line] == nil }
        #expect(others.isEmpty, "\(document): nobody expects \(others)")
    }

    @Test("every unavailable name is tried, and leads to one that there is") func coverage() throws {
        let document = "Tests/Documents/ForeignNames.swift"
        // The words of each line that is tried, before what the compiler says of it.
        let lines = try Repository.text(document).split(separator: "\n").compactMap { line -> String? in
            line.firstRange(of: "  // ").map { String(line[..<$0.lowerBound]) }
        }
        let words = Set(lines.flatMap { $0.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init) })
        let symbols = Set(try Repository.publicSymbols().map(\.name))
        var count = 0
        // Those of MPI are names of an older version of its own.
        for module in Repository.modules where module != "Comm" {
            for file in try Repository.files(under: "Sources/Lockstep\(module)", ending: ".swift") {
                for match in try Repository.text(file).matches(of: SymbolScanner.unavailable) {
                    count += 1
                    let name = match.output.name.replacing("`", with: "")
                    // Those with arguments of another name are as many as the lines that are tried.
                    let isCall = ["init", "fit", "fitOneCycle", "fineTune"].contains(name)
                    let isTried = isCall || words.contains("\(name)")
                    #expect(isTried, "\(file): \(name) is not tried in Tests/Documents/ForeignNames.swift")
                    guard match.output.kind == "renamed" else { continue }
                    let words = match.output.words.prefix { $0 != "(" }.split(separator: ".")
                    #expect(
                        words.last.map { symbols.contains(String($0)) } == true,
                        "\(file): \(name) leads to \(match.output.words), which there is not")
                }
            }
        }
        #expect(try count == Self.expectations(document).count)
    }
}
