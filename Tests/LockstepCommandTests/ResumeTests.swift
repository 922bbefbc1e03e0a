// SPDX-License-Identifier: Apache-2.0
// `lockstep train` stopped by a signal, resumed, and watched.
import Foundation
import Testing

@Suite("Command: stop and resume", .serialized)
struct ResumeTests {
    /// Starts a long run and waits until it has trained a while.
    private func begin(_ command: Command, _ arguments: [String]) throws -> Process {
        let process = try command.start(["train", "digits", "--run", "out"] + arguments)
        for _ in 0..<3000 {
            if history(command).count > 2 || !process.isRunning { break }
            usleep(10_000)
        }
        return process
    }

    /// The files of checkpoints, the newest last.
    private func checkpoints(_ command: Command) -> [String] {
        let folder = command.folder.appending(path: "out/checkpoints").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("step-") }
            .sorted().map { "out/checkpoints/" + $0 }
    }

    /// The columns of history.csv but the times, a line each.
    private func history(_ command: Command, _ run: String = "out") -> [String] {
        let path = command.folder.appending(path: run + "/history.csv").path
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { $0.split(separator: ",").prefix(4).joined(separator: ",") }
    }

    @Test("a stopped run ends with 75 and, resumed, leaves the bytes and the history of an uninterrupted one")
    func resumed() throws {
        let command = try Command()
        let epochs = ["--epochs", "400"]
        let process = try begin(command, epochs)
        kill(process.processIdentifier, SIGTERM)
        let stopped = try command.finish(process)
        #expect(stopped.status == 75, "\(stopped.errors)")
        #expect(stopped.errors.contains("SIGTERM: stopped in epoch"))
        #expect(stopped.errors.contains("--resume out"))
        #expect(checkpoints(command).count == 1 && !command.exists("out/model.safetensors"))
        let before = history(command).count
        expectRefused(try command("train", "digits", "--resume", "out", "--lr", "0.7"), 64, "--lr")
        expectRefused(try command("train", "digits", "--resume", "out", "--model", "cnn"), 64, "trains mlp")
        expectRefused(try command("train", "digits", "--resume", "out", "--run", "x"), 64, "--run")
        let resumed = try command("train", "digits", "--resume", "out")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(checkpoints(command).isEmpty)
        #expect(try command.finish(command.start(["train", "digits", "--run", "whole"] + epochs)).status == 0)
        #expect(history(command).count == 401 && before < 401)
        #expect(history(command) == history(command, "whole"))
        func weights(_ run: String) throws -> Data {
            try Data(contentsOf: command.folder.appending(path: run + "/model.safetensors"))
        }
        #expect(try weights("out") == weights("whole"))
        expectRefused(try command("train", "digits", "--resume", "nothing"), 66, "nothing/settings.json")
    }

    @Test("a signal to mpirun stops all ranks, and more of them go on")
    func ranks() throws {
        let command = try Command()
        let process = try begin(command, ["--epochs", "300", "--ranks", "2"])
        kill(process.processIdentifier, SIGUSR1)
        let stopped = try command.finish(process)
        #expect(stopped.status == 75, "\(stopped.errors)")
        #expect(stopped.errors.components(separatedBy: "SIGUSR1: stopped").count == 2, "said once: \(stopped.errors)")
        let resumed = try command("train", "digits", "--resume", "out", "--in-process", "3")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(history(command).count == 301)
    }

    @Test("a run killed twice, the second time as it begins to go on, ends with the bytes of an undisturbed one")
    func killedTwice() throws {
        let command = try Command()
        let arguments = ["--epochs", "300", "--checkpoint-every", "1"]
        let process = try begin(command, arguments)
        for _ in 0..<1000 where checkpoints(command).isEmpty { usleep(10_000) }
        kill(process.processIdentifier, SIGKILL)
        _ = try command.finish(process)
        let before = try newest(command)
        let epoch = try Self.epoch(of: before)
        #expect(epoch > 0)
        let second = try command.start(["train", "digits", "--resume", "out", "--checkpoint-every", "1"])
        // As soon as it has written, or after a second: never an epoch that is done already.
        for _ in 0..<100 where try newest(command) == before { usleep(10_000) }
        kill(second.processIdentifier, SIGKILL)
        _ = try command.finish(second)
        #expect(try Self.epoch(of: newest(command)) >= epoch, "the checkpoint went back")
        let last = try command("train", "digits", "--resume", "out")
        #expect(last.status == 0, "\(last.errors)")
        #expect(
            try command.finish(command.start(["train", "digits", "--run", "whole", "--epochs", "300"])).status == 0)
        #expect(history(command) == history(command, "whole") && history(command).count == 301)
        for file in ["model.safetensors"] {
            let bytes = try ["out/", "whole/"].map { try Data(contentsOf: command.folder.appending(path: $0 + file)) }
            #expect(bytes[0] == bytes[1])
        }
    }

    private func newest(_ command: Command) throws -> Data {
        // It may be replaced by a newer one between the look and the reading.
        for _ in 0..<100 {
            if let name = checkpoints(command).last,
                let bytes = try? Data(contentsOf: command.folder.appending(path: name))
            {
                return bytes
            }
        }
        throw CocoaError(.fileNoSuchFile)
    }

    /// The epoch that a checkpoint goes on with, as its header says.
    private static func epoch(of bytes: Data) throws -> Int {
        let text = String(decoding: bytes.prefix(100_000), as: UTF8.self)
        return try #require(text.firstMatch(of: /"resume.epoch":"(\d+)"/).flatMap { Int($0.1) })
    }

    @Test("a damaged checkpoint is refused with its name and nothing is trained; auto takes the one before it")
    func damaged() throws {
        let command = try Command()
        let process = try begin(command, ["--epochs", "400"])
        kill(process.processIdentifier, SIGTERM)
        #expect(try command.finish(process).status == 75)
        let name = try #require(checkpoints(command).last)
        let file = command.folder.appending(path: name)
        let whole = try Data(contentsOf: file)
        // In the length, in what it says, in its tensors; and cut.
        for place in [1, 40, 300, 900, whole.count / 2, whole.count - 1] {
            var bytes = whole
            bytes[place] ^= 4
            try bytes.write(to: file)
            let result = try command("train", "digits", "--resume", "out")
            #expect(result.status == 66 || result.status == 65, "byte \(place): \(result.status)")
            #expect(result.errors.contains(name), "byte \(place): \(result.errors)")
            try whole.prefix(place).write(to: file)
            let cut = try command("train", "digits", "--resume", "out")
            #expect(cut.status == 66 || cut.status == 65, "\(cut.status)")
            #expect(cut.errors.contains(name), "\(cut.errors)")
        }
        #expect(!command.exists("out/model.safetensors"))
        // Two generations, of which the newer is no use: the older leads to the same end.
        let newer = command.folder.appending(path: "out/checkpoints/step-000099999999.safetensors")
        try whole.prefix(whole.count / 2).write(to: newer)
        try whole.write(to: file)
        let result = try command("train", "digits", "--run", "out", "--resume", "auto")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("step-000099999999.safetensors"), "\(result.errors)")
        #expect(history(command).count == 401)
    }

    @Test("a folder that holds a run is not begun anew without being told to")
    func refusals() throws {
        let command = try Command()
        #expect(try command("train", "digits", "--epochs", "2", "--run", "out").status == 0)
        expectRefused(try command("train", "digits", "--epochs", "2", "--run", "out"), 73, "--overwrite")
        for arguments in [["--resume", "out"], ["--run", "out", "--resume", "auto"]] {
            let again = try command.finish(command.start(["train", "digits"] + arguments))
            #expect(again.status == 0 && again.output == "the run in out is complete\n", "\(again)")
        }
        #expect(try command("train", "digits", "--epochs", "3", "--run", "out", "--overwrite").status == 0)
        #expect(history(command).count == 4)
        expectRefused(try command("train", "digits", "--resume", "auto"), 64, "--run")
        expectRefused(try command("train", "digits", "--resume", "out", "--overwrite"), 64, "--overwrite")
        let begun = try command("train", "digits", "--epochs", "2", "--run", "new", "--resume", "auto")
        #expect(begun.status == 0 && history(command, "new").count == 3)
        for interval in ["0steps", "x", "-1", "2 weeks", "nanmin", "0.0min"] {
            expectRefused(try command("train", "digits", "--checkpoint-every", interval), 64, "interval")
        }
    }

    @Test("two jobs in one folder: the second is told who works there")
    func twoJobs() throws {
        let command = try Command()
        let first = try begin(command, ["--epochs", "1000000"])
        let second = try command("train", "digits", "--run", "out", "--resume", "auto")
        expectRefused(second, 73, "process \(first.processIdentifier)")
        kill(first.processIdentifier, SIGTERM)
        #expect(try command.finish(first).status == 75)
    }

    @Test("a time limit ends the run with 75 in time, and it goes on")
    func budget() throws {
        let command = try Command()
        let result = try command("train", "digits", "--epochs", "1000000", "--run", "out", "--time-limit", "0.05")
        #expect(result.status == 75 && result.errors.contains("the time limit is near: stopped"), "\(result.errors)")
        let program = try #require(Command.program)
        let line =
            "SLURM_JOB_END_TIME=$(($(date +%s) + 4)) exec '\(program)' train digits --run out --resume auto --ranks 2"
        let job = try command.finish(command.start(["-c", line], program: "/bin/bash"))
        #expect(job.status == 75 && job.errors.contains("the time limit is near: stopped"), "\(job.errors)")
        expectRefused(try command("train", "digits", "--time-limit", "0"), 64, "--time-limit")
    }

    @Test("--trace, --log-dir and --times show every rank")
    func watched() throws {
        let command = try Command()
        let result = try command(
            "train", "digits", "--epochs", "2", "--ranks", "2", "--trace", "t/trace.json", "--log-dir", "logs",
            "--times",
            "--run", "out")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.lines.filter { $0.hasPrefix("rank 1 ") }.count == 2, "\(result.output)")
        let trace = try Data(contentsOf: command.folder.appending(path: "t/trace.json"))
        let parsed = try JSONSerialization.jsonObject(with: trace) as? [String: Any]
        let events = parsed?["traceEvents"] as? [[String: Any]] ?? []
        #expect(Set(events.compactMap { $0["pid"] as? Int }) == [0, 1])
        for rank in 0..<2 {
            let log = try String(contentsOf: command.folder.appending(path: "logs/rank-\(rank).log"), encoding: .utf8)
            #expect(log.contains("rank \(rank) of 2") && log.contains("epoch 1: train_loss"))
        }
    }
}
