// SPDX-License-Identifier: Apache-2.0
// `lockstep train text` and `lockstep sample`: losses that fall, the same on any number of ranks, text that repeats itself.
import Foundation
import Testing

@Suite("Command: train text", .serialized)
struct TextTests {
    /// A language of three sentences, which a tiny model learns in seconds.
    private var text: String {
        (0..<260).map {
            ["the cat sat on the mat.\n", "a dog ran to the red barn.\n", "who saw it?\n"][$0 * $0 % 3 + $0 % 2]
        }
        .joined()
    }

    private let small = ["--width", "32", "--layers", "1", "--block-length", "16", "--batch-size", "16", "--seed", "1"]

    private func losses(_ result: Command.Result) -> [Double] {
        result.lines.filter { $0.first?.isNumber == true }.compactMap { Double($0.split(separator: " ")[2]) }
    }

    @Test("a model learns, the same on 1 rank, 2 processes and 3 threads, and writes", arguments: ["gpt", "lstm"])
    func learns(model: String) throws {
        let command = try Command()
        try command.write(text.utf8, to: "t.txt")
        let base =
            ["train", "text", "t.txt", "--model", model, "--epochs", "4", "--lr", "0.01", "--sample", "40"] + small
        let alone = try command.finish(command.start(base + ["--run", "alone"]))
        #expect(alone.status == 0, "\(alone.errors)")
        let wanted = losses(alone)
        #expect(wanted.count == 4)
        #expect((wanted.last ?? 9) < 1.7 && (wanted.last ?? 9) < wanted[0], "\(wanted)")
        #expect(alone.output.contains("nats/character"))
        for (ranks, run) in [(["--ranks", "2"], "two"), (["--in-process", "3"], "three")] {
            let result = try command.finish(command.start(base + ranks + ["--run", run]))
            #expect(result.status == 0, "\(result.errors)")
            let others = losses(result)
            #expect(others.count == 4, "\(result.output)")
            for (a, b) in zip(wanted, others) { #expect(abs(a - b) <= 2e-4 * a, "\(ranks): \(wanted) \(others)") }
        }
        let first = try command("sample", "alone", "--count", "60", "--prompt", "the ", "--seed", "3")
        let second = try command("sample", "alone", "--count", "60", "--prompt", "the ", "--seed", "3")
        let other = try command("sample", "alone", "--count", "60", "--prompt", "the ", "--seed", "4")
        #expect(first.status == 0 && first.output.hasPrefix("the ") && first.output.count == 65, "\(first.errors)")
        #expect(first.output == second.output)
        #expect(first.output != other.output)
    }

    @Test("words are learnt, too") func words() throws {
        let command = try Command()
        try command.write(text.utf8, to: "t.txt")
        let result = try command.finish(
            command.start(
                [
                    "train", "text", "t.txt", "--tokens", "words", "--epochs", "6", "--lr", "0.02", "--temperature",
                    "0",
                    "--prompt", "who", "--sample", "8",
                ] + small))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("who saw it?") && result.output.contains("nats/word"), "\(result.output)")
    }

    @Test("mistakes are one sentence") func mistakes() throws {
        let command = try Command()
        try command.write("short".utf8, to: "t.txt")
        try command.write([0xFF, 0xFE], to: "b.txt")
        expectRefused(try command("train", "text", "none.txt"), 66, "none.txt")
        expectRefused(try command("train", "text", "t.txt"), 66, "t.txt", "too short")
        expectRefused(try command("train", "text", "b.txt"), 66, "b.txt: byte 0", "UTF-8")
        expectRefused(try command("sample", "."), 66, "text.json")
        try command.write("{\"model\":\"gpt\"}".utf8, to: "run/text.json")
        expectRefused(try command("sample", "run"), 66, "run/text.json", "missing")
        expectRefused(try command("sample", "run", "--temperature", "-1"), 64, "--temperature")
    }
}
