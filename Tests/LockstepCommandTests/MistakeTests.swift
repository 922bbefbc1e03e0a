// SPDX-License-Identifier: Apache-2.0
// A wrong option or a bad file is one sentence and an exit code, on one rank and on several.
import Foundation
import Testing

@Suite("Command: mistakes", .serialized)
struct MistakeTests {
    @Test(
        "a wrong option, value or command is one sentence and 64",
        arguments: [
            (["train", "digits", "--bogus"], "--bogus"), (["train", "digits", "--epochs", "0"], "--epochs 0"),
            (["train", "digits", "--epochs", "many"], "many"), (["train", "digits", "--lr", "-1"], "--lr"),
            (["train", "digits", "--ranks", "2", "--in-process", "2"], "exclude each other"),
            (["train", "digits", "--ranks", "0"], "--ranks 0"), (["train", "digits", "--model", "tree"], "tree"),
            (["train", "digits", "--resume", "x", "--run", "y"], "--resume"), (["train", "mnist"], "--data"),
            (["train", "digits", "--batch-size", "5000"], "--batch-size 5000"), (["frobnicate"], "frobnicate"),
            (["bench", "quicksort"], "resnet20"), (["bench", "mlp", "--batches", "0"], "--batches 0"),
        ])
    func usage(_ words: [String], _ expected: String) throws {
        let command = try Command()
        expectRefused(try command.finish(command.start(words)), 64, expected)
    }

    @Test("a missing file is one sentence and 66, before any rank is started")
    func missingFile() throws {
        let command = try Command()
        expectRefused(try command("train", "mnist", "--data", "nowhere"), 66, "--data nowhere", "no such file")
        expectRefused(try command("train", "mnist", "--data", "nowhere", "--ranks", "2"), 66, "--data nowhere")
        expectRefused(try command("train", "csv", "--data", "x.csv", "--target", "y"), 66, "--data x.csv")
    }

    @Test("an IDX file that is garbage, cut short or boastful is named with the place", arguments: [1, 2])
    func badIDX(ranks: Int) throws {
        let command = try Command()
        func train() throws -> Command.Result { try command("train", "mnist", "--data", "idx", "--ranks", "\(ranks)") }
        let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 3, 4]
        try command.write(labels, to: "idx/train-labels-idx1-ubyte")
        let images = "idx/train-images-idx3-ubyte"
        try command.write([UInt8](repeating: 0x9e, count: 100), to: images)
        expectRefused(try train(), 66, images, "byte 0")
        try command.write([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4, 1, 2, 3], to: images)
        expectRefused(try train(), 66, images, "byte")
        try command.write([0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], to: images)
        expectRefused(try train(), 66, images, "byte")
        try FileManager.default.removeItem(at: command.folder.appending(path: images))
        try command.write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2], to: images + ".gz")
        expectRefused(try train(), 66, images + ".gz")
    }

    @Test("a CSV file that is garbage is named with the line", arguments: [1, 2])
    func badCSV(ranks: Int) throws {
        let command = try Command()
        func train(_ target: String) throws -> Command.Result {
            try command("train", "csv", "--data", "t.csv", "--target", target, "--ranks", "\(ranks)")
        }
        try command.write("a,b\n1,2\n3\n".utf8, to: "t.csv")
        expectRefused(try train("b"), 66, "t.csv: line 3")
        try command.write("a,b\n1,2\n\"3,4\n".utf8, to: "t.csv")
        expectRefused(try train("b"), 66, "t.csv: line")
        try command.write("a,b\n1,2\n3,4\n".utf8, to: "t.csv")
        expectRefused(try train("c"), 66, "t.csv", "c")
    }

    @Test("a run folder that cannot be made is one sentence and 73")
    func badFolder() throws {
        let command = try Command()
        try command.write([], to: "taken")
        expectRefused(try command("train", "digits", "--run", "taken/run"), 73, "taken/run")
        expectRefused(try command("train", "digits", "--run", "taken/run", "--ranks", "2"), 73, "taken/run")
    }
}
