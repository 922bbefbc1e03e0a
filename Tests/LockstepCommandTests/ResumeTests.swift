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
        #expect(command.exists("out/resume.safetensors") && !command.exists("out/model.safetensors"))
        let before = history(command).count
        expectRefused(try command("train", "digits", "--resume", "out", "--lr", "0.7"), 64, "--lr")
        expectRefused(try command("train", "digits", "--resume", "out", "--model", "cnn"), 64, "trains mlp")
        expectRefused(try command("train", "digits", "--resume", "out", "--run", "x"), 64, "--run")
        let resumed = try command("train", "digits", "--resume", "out")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(!command.exists("out/resume.safetensors"))
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
