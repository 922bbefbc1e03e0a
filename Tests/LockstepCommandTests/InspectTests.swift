// SPDX-License-Identifier: Apache-2.0
// `lockstep inspect`: what it says of everything that Lockstep writes, and which code it ends with.
import Foundation
import LockstepChecks
import LockstepTensor
import Testing

@Suite("Command: inspect", .serialized)
struct InspectTests {
    /// The JSON that the command prints for `path`.
    private func inspect(
        _ command: Command, _ path: String
    ) throws -> (
        code: Int32, facts: [String: Any], content: [String: Any]
    ) {
        let result = try command("inspect", path, "--json")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let facts = try #require(json as? [String: Any], "\(result.output)\(result.errors)")
        return (result.status, facts, facts["content"] as? [String: Any] ?? [:])
    }

    @Test("everything that a training leaves is known, and whole")
    func everything() throws {
        let command = try Command()
        let trained = try command(
            "train", "digits", "--epochs", "1", "--run", "r", "--show-results", "--trace", "t.json", "--log-dir", "logs"
        )
        #expect(trained.status == 0, "\(trained.errors)")
        for (path, kind, checksum) in [
            ("r", "run", nil), ("r/model.safetensors", "weights", "verified"),
            ("r/export.bundle", "export bundle", "verified"), ("r/history.csv", "history", "none"),
            ("r/settings.json", "settings", "none"), ("r/results.html", "page of results", "none"),
            ("r/interpretation.json", "what a model gets wrong", "none"), ("r/ranks.json", "times of ranks", "none"),
            ("t.json", "trace", "none"), ("logs/rank-0.log", "log of a rank", "none"), ("logs", "logs of ranks", nil),
        ] {
            let (code, facts, _) = try inspect(command, path)
            #expect(code == 0, "\(path): \(facts)")
            #expect(facts["kind"] as? String == kind, "\(path)")
            #expect(facts["state"] as? String == "whole", "\(path): \(facts)")
            #expect(facts["checksum"] as? String == checksum, "\(path)")
        }
        let weights = try inspect(command, "r/model.safetensors").content
        let tensors = try #require(weights["tensors"] as? [[String: Any]])
        #expect(tensors.map { $0["name"] as? String } == ["0.weight", "0.bias", "2.weight", "2.bias"])
        #expect(tensors[0]["shape"] as? String == "[128, 64]" && tensors[0]["type"] as? String == "F32")
        let parts = try #require(weights["parts"] as? [[String: Any]])
        #expect(parts.count == 1 && parts[0]["bytes"] as? Int == 38440)
        let learner = try #require(try inspect(command, "r/export.bundle").content["learner"] as? [String: Any])
        #expect(learner["model"] as? String == "Sequential" && learner["loss"] as? String == "CrossEntropyFlat")
        #expect(try inspect(command, "r").content["resumes"] as? String == "no: the run is complete")
        #expect(try inspect(command, "r/history.csv").content["rows"] as? Int == 1)
        // For a person the same, in lines.
        let page = try command("inspect", "r/model.safetensors")
        #expect(page.status == 0 && page.lines.contains("state         whole"), "\(page.output)")
        #expect(page.lines.contains("  2.bias    F32   [10]       40"), "\(page.output)")
    }

    @Test("a table's run and its predictions are known")
    func table() throws {
        let command = try Command()
        let rows = (0..<40).map { "\($0),\($0 % 3),\($0 % 2 == 0 ? "a" : "b")\n" }.joined()
        try command.write(Array("x,y,z\n\(rows)".utf8), to: "t.csv")
        let trained = try command(
            "train", "csv", "--data", "t.csv", "--target", "z", "--epochs", "1", "--batch-size", "8", "--run", "r")
        #expect(trained.status == 0, "\(trained.errors)")
        let (code, facts, content) = try inspect(command, "r/predictions.csv")
        #expect(code == 0 && facts["kind"] as? String == "table of predictions" && content["rows"] as? Int == 40)
        #expect(try inspect(command, "r").code == 0)
    }

    @Test("NumPy's archives are looked at, each array by its name")
    func arrays() throws {
        let command = try Command()
        let bytes = try Reference.load("arrays").tensor("compressed/file").ints.map { UInt8($0) }
        try command.write(bytes, to: "a.npz")
        let (code, facts, content) = try inspect(command, "a.npz")
        #expect(code == 0 && facts["kind"] as? String == "arrays (.npz)", "\(facts)")
        let arrays = try #require(content["arrays"] as? [[String: Any]])
        #expect(
            arrays.count == 11 && arrays[0]["name"] as? String == "x" && arrays[0]["shape"] as? String == "[20, 30]")
        try command.write(Array(bytes.dropLast()), to: "cut.npz")
        #expect(try inspect(command, "cut.npz").code != 0)
    }

    @Test("PyTorch's weights are looked at without running anything; what is more than data is refused by its name")
    func torch() throws {
        let command = try Command()
        let reference = try Reference.load("torchfiles")
        for name in ["zip.training", "stream.training", "refused.zip.module"] {
            try command.write(try reference.tensor(name + "/file").ints.map { UInt8($0) }, to: name + ".pth")
        }
        let (code, facts, content) = try inspect(command, "zip.training.pth")
        #expect(
            code == 0 && facts["kind"] as? String == "PyTorch weights" && facts["checksum"] as? String == "verified",
            "\(facts)")
        #expect(content["key"] as? String == "state_dict" && content["format"] as? String == "zip")
        #expect((content["beside"] as? [String: Any])?["epoch"] as? String == "90")
        let tensors = try #require(content["tensors"] as? [[String: Any]])
        #expect(tensors.count == 9 && tensors[0]["name"] as? String == "module.conv.weight")
        #expect(tensors[0]["shape"] as? String == "[2, 3, 3, 3]" && tensors[0]["bytes"] as? Int == 216)
        let page = try command("inspect", "zip.training.pth")
        #expect(page.lines.contains("  module.norm.num_batches_tracked  I64   []            8"), "\(page.output)")
        let old = try inspect(command, "stream.training.pth")
        #expect(
            old.code == 0 && old.facts["checksum"] as? String == "none" && old.content["format"] as? String == "stream")
        expectRefused(try command("inspect", "refused.zip.module.pth"), 65, "“torch.nn.modules.linear.Linear”")
        try command.write(Array(#"{"weight_map": {"a": "../a.safetensors"}}"#.utf8), to: "model.safetensors.index.json")
        expectRefused(try command("inspect", "model.safetensors.index.json"), 65, "is not the name of a file beside")
    }

    @Test("what is damaged ends with 65, and what is not there or no file with 66; each with one sentence")
    func codes() throws {
        let command = try Command()
        try command.write([], to: "empty.safetensors")
        try command.write([], to: "empty")
        try command.write([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x7B, 0x7D], to: "huge.safetensors")
        try command.write(Array("MZ nothing of ours".utf8), to: "other.exe")
        try command.write(Array("epoch,train_loss\n0,1.5\n1,1.".utf8), to: "history.csv")
        try command.write(Array("epoch,train_loss\n0\n".utf8), to: "ragged/history.csv")
        try command.write(Array(#"{"recipe": "mlp","#.utf8), to: "settings.json")
        try command.write(Array(#"{"lr": 1}"#.utf8), to: "none/settings.json")
        try command.write(Array("<!DOCTYPE html>\n<html>".utf8), to: "results.html")
        try command.write(Array("2026-01-31 12:00:00.000  fit of 3".utf8), to: "rank-0.log")
        try command.write(Array(#"{"displayTimeUnit":"ms","traceEvents":["#.utf8), to: "t.json")
        try command.write([0x93] + Array("NUMPY\u{1}\u{0}".utf8), to: "p.npy")
        for (path, word) in [
            ("empty.safetensors", "is empty"), ("empty", "is empty"), ("huge.safetensors", "a header of"),
            ("other.exe", "nothing that Lockstep writes"), ("history.csv", "cut short"),
            ("ragged/history.csv", "line 2: 1 field, expected 2"), ("settings.json", "expected a JSON string"),
            ("none/settings.json", "does not say the recipe"), ("results.html", "cut short"),
            ("rank-0.log", "cut short"), ("t.json", "cut short"), ("p.npy", "ends inside"), ("ragged", "ragged"),
        ] {
            expectRefused(try command("inspect", path), 65, word)
            #expect(try inspect(command, path).facts["state"] as? String == "damaged", "\(path)")
        }
        #expect(mkfifo(command.folder.appending(path: "pipe").path, 0o600) == 0)
        symlink("loop", command.folder.appending(path: "loop").path)
        for path in ["nowhere", "empty/x", "pipe", "/dev/zero", "loop", ""] {
            expectRefused(try command("inspect", path), 66)
            #expect(try inspect(command, path).facts["state"] as? String == "unreadable", "\(path)")
        }
        if geteuid() != 0 {
            chmod(command.folder.appending(path: "other.exe").path, 0)
            expectRefused(try command("inspect", "other.exe"), 66, "ermission")
        }
    }

    @Test("what is in a file cannot move a terminal's cursor")
    func control() throws {
        let command = try Command()
        try command.write(Array(#"{"recipe": "a\u001b[2Jb\u202e", "x\n": 1}"#.utf8), to: "settings.json")
        let result = try command("inspect", "settings.json")
        #expect(result.status == 0)
        #expect(result.lines.contains(#"recipe    a\u{1b}[2Jb\u{202e}"#), "\(result.output)")
        #expect(!result.output.utf8.contains(0x1B))
        // JSON has escapes of its own.
        #expect(try inspect(command, "settings.json").content["recipe"] as? String == "a\u{1B}[2Jb\u{202E}")
    }
}
