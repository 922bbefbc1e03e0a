// SPDX-License-Identifier: Apache-2.0
// `lockstep export --onnx` and `train --tensorboard`, as a person uses them, read by onnxruntime and TensorBoard.

import Foundation
import LockstepChecks
import LockstepData
import Testing

@Suite("Command: files for other programs", .serialized) struct ReadersCommandTests {
    private static func table() -> String {
        var lines = ["the age,job,built,answer"]
        for index in 0..<150 {
            let job = ["nurse", "smith", "baker"][index * 5 % 3]
            let age = index % 13 == 3 ? "" : "\(20 + index * 7 % 41).5"
            lines.append(
                "\(age),\(job),\(1950 + index % 60)-0\(1 + index % 9)-1\(index % 10),\(job == "smith" ? "yes" : index % 4 == 0 ? "no" : "perhaps")"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test(
        "onnxruntime predicts what predictions.csv says",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func table() throws {
        let command = try Command()
        try command.write(Self.table().utf8, to: "t.csv")
        let trained = try command(
            "train", "csv", "--data", "t.csv", "--target", "answer", "--dates", "none", "--ignore", "built", "--epochs",
            "3", "--run", "my run")
        #expect(trained.status == 0, "\(trained.errors)")
        let exported = try command("export", "my run", "--onnx", "out/case/model.onnx")
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(exported.output.contains("the age: float64 [batch, 1]"), "\(exported.output)")
        #expect(exported.output.contains("job: string [batch, 1]") && exported.output.contains("opset 18"))
        #expect(exported.output.hasSuffix("the model is in out/case/model.onnx\n"))
        let rows = Self.table().split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        let ages = try #require(
            NumericArray(shape: [rows.count, 1], elements: .float64(rows.map { Double($0[0]) ?? .nan })))
        try NPY.write(ages, to: command.folder.appending(path: "out/case/ages.npy").path)
        let answers = try String(contentsOf: command.folder.appending(path: "my run/predictions.csv"), encoding: .utf8)
            .split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        let shares = answers.flatMap { $0.dropFirst().compactMap { Float($0) } }
        let names = ["no", "perhaps", "yes"]
        try NPY.write(
            try #require(NumericArray(shape: [rows.count, 3], elements: .float32(shares))),
            to: command.folder.appending(path: "out/case/shares.npy").path)
        let numbers = answers.compactMap { names.firstIndex(of: String($0[0])).map(Int64.init) }
        try NPY.write(
            try #require(NumericArray(shape: [rows.count], elements: .int64(numbers))),
            to: command.folder.appending(path: "out/case/numbers.npy").path)
        let text: [String: Any] = [
            "inputs": [
                ["name": "job", "strings": rows.map { String($0[1]) }, "shape": [rows.count, 1]],
                ["name": "the age", "npy": "ages.npy"],
            ],
            "outputs": [
                ["name": "output", "npy": "shares.npy"], ["name": "decision", "npy": "numbers.npy"],
                ["name": "label", "strings": answers.map { String($0[0]) }, "shape": [rows.count]],
            ], "counts": [0, 1],
        ]
        try command.write(JSONSerialization.data(withJSONObject: text), to: "out/case/case.json")
        let found = try Readers.output(of: "onnx_reader.py", about: command.folder.appending(path: "out").path)
        let verdict = try #require(try JSONSerialization.jsonObject(with: found.output) as? [String: Any])
        #expect(verdict["error"] as? Double ?? 1 < 1e-5, "\(verdict) \(found.errors)")
    }

    @Test("a run without an export, a file that is none, a place that cannot be written to") func refused() throws {
        let command = try Command()
        try FileManager.default.createDirectory(
            at: command.folder.appending(path: "empty"), withIntermediateDirectories: true)
        expectRefused(try command("export", "empty", "--onnx", "m.onnx"), 66, "empty", "export.bundle")
        expectRefused(try command("export", "nowhere", "--onnx", "m.onnx"), 66, "nowhere", "no such file")
        try command.write("no bundle".utf8, to: "text.bundle")
        expectRefused(try command("export", "text.bundle", "--onnx", "m.onnx"), 66, "text.bundle")
        let trained = try command("train", "digits", "--epochs", "1", "--run", "r", "--quiet")
        #expect(trained.status == 0, "\(trained.errors)")
        expectRefused(try command("export", "r", "--onnx", "empty"), 73, "--onnx empty")
        expectRefused(try command("export", "r", "--onnx", "text.bundle/m.onnx"), 73, "text.bundle")
        expectRefused(try command("export", "r", "--onnx", ""), 64, "--onnx")
        #expect(try command("export", "r", "--onnx", "/dev/stdout").output.contains("lockstep"))
        #expect(try command("export", "r", "--onnx", "/dev/full").status == 74)
        let plain = try command("export", "r/export.bundle", "--onnx", "m.onnx")
        #expect(
            plain.status == 0 && plain.output.contains("takes  input: float32 [batch, 64]"),
            "\(plain.output)\(plain.errors)")
    }

    @Test("--tensorboard writes one file, on rank 0, and goes on in another", arguments: [1, 2])
    func events(ranks: Int) throws {
        let command = try Command()
        let words = [
            "train", "digits", "--epochs", "2", "--run", "r", "--tensorboard", "my logs", "--histograms-every", "10",
            "--ranks", "\(ranks)",
        ]
        let trained = try command.finish(command.start(words))
        #expect(trained.status == 0, "\(trained.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: command.folder.appending(path: "my logs").path)
        #expect(files.count == 1 && files[0].hasPrefix("events.out.tfevents."))
        guard Readers.isThere else { return }
        let found = try Readers.output(
            of: "tensorboard_reader.py", about: command.folder.appending(path: "my logs").path)
        let shown = try #require(try JSONSerialization.jsonObject(with: found.output) as? [String: Any])
        let scalars = try #require(shown["scalars"] as? [String: [[Double]]])
        let steps = try #require(scalars["train_loss"]).map { $0[0] }
        #expect(steps == (1...steps.count).map(Double.init) && steps.count == 44)
        #expect(scalars["accuracy"]?.count == 2 && scalars["lr_0"]?.count == 44)
        #expect((shown["histograms"] as? [String: Any])?.keys.contains("parameters/0.weight") == true)
    }

    @Test("--tensorboard without a place, and --histograms-every without --tensorboard, are refused") func words()
        throws
    {
        let command = try Command()
        try command.write("file".utf8, to: "file")
        expectRefused(try command("train", "digits", "--tensorboard", "file"), 73, "--tensorboard file", "not a folder")
        expectRefused(try command("train", "digits", "--tensorboard", ""), 64, "--tensorboard")
        expectRefused(
            try command("train", "digits", "--histograms-every", "5"), 64, "--histograms-every", "--tensorboard")
    }
}
