// SPDX-License-Identifier: Apache-2.0
// Sentences are for people: a job whose ranks put everything in other words ends with the same code, and the same rank is blamed.
import Foundation
import Lockstep
import LockstepChecks
import Testing

@Suite("Command: launch goes by no sentence", .serialized)
struct RewordedTests {
    /// Runs a rank whose every line on standard error becomes another one. The records for the launcher, which begin with a
    /// character that no text has, stay.
    private static let reword = #"""
        #!/bin/bash
        exec 2> >(trap '' TERM INT USR1; exec sed -u 's/^[^\x1e][^\x1e]*/other words/' >&2)
        exec "$@"
        """#

    /// A fault for each cause that a record can have, and the ends that only mpirun sees.
    @Test(
        "whatever the ranks say, the code and the rank to blame are the same",
        arguments: [
            "throws", "throws-across-nodes", "leaves-early", "exits-with-a-code", "skips-a-collective", "other-model",
            "killed",
            "never-comes", "asked-to-stop", "collective-on-rank-0-only",
        ])
    func fault(name: String) throws {
        let command = try Command()
        let program = try #require(Command.program)
        let wrapper = command.folder.appending(path: "reword")
        try writeExecutable(Self.reword, to: wrapper)
        let faults = try command.finish(command.start(["--faults"], program: program + "-rank-tests")).lines
        let fault = try #require(faults.first { $0.hasPrefix(name + "|") }, "there is no such fault")
        let variables = fault.split(separator: "|", omittingEmptySubsequences: false)[3].split(separator: " ").map(
            String.init)

        func launch(_ words: [String]) throws -> Command.Result {
            let rank = words + [program + "-rank-tests", "--fault", name, "1", "4"]
            let job = variables + [program, "launch", "-n", "2", "--"] + rank
            return try command.finish(command.start(job, program: "/usr/bin/env"))
        }
        let (plain, reworded) = (try launch([]), try launch([wrapper.path]))
        #expect(reworded.errors.contains("other words"), "\(reworded.errors)")
        #expect(!reworded.errors.contains("lockstep: rank 1:"), "\(reworded.errors)")
        #expect(reworded.status == plain.status, "\(plain.errors)\n\(reworded.errors)")
        #expect(plain.status != 0)
        // The last line is the launcher's own. Different models are found by all ranks alike: whoever speaks first is named.
        if name == "other-model" { return }
        #expect(reworded.errors.split(separator: "\n").last == plain.errors.split(separator: "\n").last)
    }

    @Test("a program's code follows from what kind of error it is, whatever the error says", arguments: 1...12)
    func codes(number: Int32) {
        func code(_ message: String) -> Int32? {
            exitCode(of: CommunicatorError(CommunicatorError.Code(rawValue: number), rank: 1, message))
        }
        for message in ["", "rank 1 has died", "Fatal error", "lockstep: rank 1: exit(3)", "64"] {
            #expect(code(message) == code("other words"), "\(message)")
        }
    }

    @Test("what a program prints that looks like ours or mpirun's is shown line by line, and blames nobody")
    func innocent() throws {
        let dashes = [60, 74, 75].map { String(repeating: "-", count: $0) }
        let lines = [
            dashes[0], "rank 1: loaded 300 rows", dashes[0], dashes[1], "rank 0 has died. It was last seen in July",
            dashes[1],
            "lockstep: rank 1: loaded 300 rows", dashes[1], dashes[2], "lockstep: rank 0 failed first: a joke",
            "the end",
        ]
        let command = try Command()
        try command.write(lines.joined(separator: "\n").utf8 + [10], to: "lines")
        let file = command.folder.appending(path: "lines").path
        let well = try command("launch", "-n", "1", "--", "/bin/sh", "-c", "cat \(file) >&2")
        #expect(well.status == 0)
        #expect(well.errors.split(separator: "\n").map(String.init) == lines)
        // Rank 0 prints it all, rank 1 fails.
        let script = "[ $OMPI_COMM_WORLD_RANK = 1 ] || { cat \(file) >&2; sleep 5; }; sleep 0.5; exit 3"
        let failed = try command("launch", "-n", "2", "--", "/bin/sh", "-c", script)
        #expect(failed.status == 3)
        #expect(
            failed.errors.split(separator: "\n").map(String.init)
                == lines + ["lockstep: rank 1 failed first: it ended with code 3"])
    }
}
