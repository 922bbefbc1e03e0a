// SPDX-License-Identifier: Apache-2.0
// What fuzzing has found, and what it begins with, through the readers they are for.
import Foundation
import LockstepChecks
import Testing

@Suite("Fuzzing: kept cases")
struct FuzzCorpusTests {
    @Test("what fuzzing begins with is taken", arguments: FuzzTarget.all.map(\.name))
    func seeds(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = try target.seeds()
        #expect(!seeds.isEmpty)
        for (number, seed) in seeds.enumerated() {
            #expect(target.refusal(of: seed) == nil, "seed \(number)")
        }
    }

    @Test("what it once found ends in an answer or a typed error, and never in a trap")
    func found() async {
        // In a process of its own: a trap is then a failure.
        let ended = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
            for target in FuzzTarget.all {
                let folder = "\(FuzzTarget.folder)/\(target.name)"
                for name in (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] {
                    say("\(target.name)/\(name)")
                    let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
                    guard let problem = target.run(Array(bytes)) else { continue }
                    say("PROBLEM \(problem)")
                }
            }
            // What is wrong is told in the output, which is nil after a failure.
            exit(0)
        }
        let text = ended.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
        #expect(!text.contains("PROBLEM"), "\(text.suffix(2000))")
        if ended == nil { Issue.record("a file of Tests/Fuzz has ended the process; make fuzz says which") }
    }

    @Test("a folder of cases belongs to a reader")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: FuzzTarget.folder).sorted()
        let known = FuzzTarget.all.map(\.name) + ["seeds", "seeds.py"]
        #expect(names.filter { !known.contains($0) } == [])
    }
}
