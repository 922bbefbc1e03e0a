// SPDX-License-Identifier: Apache-2.0
// The frame of a program: an error ends it with one sentence and a code that says what kind it was.

import Foundation
import Lockstep
import LockstepTesting
import Testing

@Suite("Lockstep.run") struct ProgramTests {
    struct Own: ExitCodeError, CustomStringConvertible {
        let exitCode: Int32
        var description: String { "the oven is cold" }
    }

    @Test("gives back what its body returns, waiting or not") func results() async {
        #expect(Lockstep.run { 3 } == 3)
        #expect(
            await Lockstep.run {
                await Task.yield()
                return 4
            } == 4)
    }

    @Test("a file that is missing: its sentence and 66") func missing() async {
        let result = await #expect(processExitsWith: .exitCode(66), observing: [\.standardErrorContent]) {
            Lockstep.run { _ = try DataLoaders.mnist(path: "/nowhere") }
        }
        expectOneLine(result, "lockstep: /nowhere: holds neither train-images")
    }

    @Test("a program that waits, and an error with a code of its own") func waiting() async {
        let result = await #expect(processExitsWith: .exitCode(42), observing: [\.standardErrorContent]) {
            await Lockstep.run {
                await Task.yield()
                throw Own(exitCode: 42)
            }
        }
        expectOneLine(result, "lockstep: the oven is cold")
    }

    @Test("any other error: 1, also where an error says 0") func others() async {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            Lockstep.run { throw Own(exitCode: 0) }
        }
        expectOneLine(result, "lockstep: the oven is cold")
        let unknown = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            enum Stove: Error { case cold }
            Lockstep.run { throw Stove.cold }
        }
        expectOneLine(unknown, "lockstep: cold")
    }

    @Test("ranks that have not met: each names itself, and none waits") func beforeMeeting() async {
        let result = await #expect(processExitsWith: .exitCode(66), observing: [\.standardErrorContent]) {
            setenv("OMPI_COMM_WORLD_SIZE", "2", 1)
            setenv("OMPI_COMM_WORLD_RANK", "1", 1)
            Lockstep.run { _ = try CSV.read("/nowhere.csv") }
        }
        expectOneLine(result, "lockstep: rank 1: /nowhere.csv")
    }

    @Test(
        "under mpirun all ranks end with the code and one sentence, wherever it happens",
        arguments: ["early", "late", "early-alone", "late-alone", "fine"], [2, 3])
    func ranks(kind: String, ranks: Int) throws {
        let command = try Command()
        let program = try #require(Command.program) + "-rank-tests"
        let result = try command("launch", "-n", "\(ranks)", "--", program, "--program", kind)
        if kind == "fine" {
            #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
            return
        }
        #expect(result.status == 66, "\(result.errors)")
        // The launcher adds who failed first.
        let lines = result.errors.split(separator: "\n").filter { !$0.contains("failed first") }
        #expect(lines.count == 1, "\(result.errors)")
        let rank = kind.hasSuffix("-alone") ? "rank 1: " : "rank "
        #expect(lines.first?.hasPrefix("lockstep: " + rank) == true, "\(result.errors)")
        #expect(result.errors.contains("rows.csv: cannot be opened"), "\(result.errors)")
    }

    @Test("codes: of what a callback threw, of another rank, of data and files") func codes() {
        let file = DataError(.unwritable, file: "x", "is full")
        #expect(exitCode(of: file) == 73 && exitCode(of: DataError(.malformed, file: "x", "odd")) == 66)
        #expect(exitCode(of: Own(exitCode: 9)) == 9 && exitCode(of: CancellationError()) == nil)
        do {
            try InProcessWorld(2).run { ranks in if ranks.rank == 1 { throw file } }
        } catch { #expect(exitCode(of: error) == 73) }
    }

    private func expectOneLine(_ result: ExitTest.Result?, _ start: String) {
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("lockstep: ") }
        #expect(lines.count == 1 && lines.first?.hasPrefix(start) == true, "\(text)")
        #expect(!text.contains("Fatal error"), "\(text)")
    }
}
