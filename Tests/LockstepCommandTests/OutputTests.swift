// SPDX-License-Identifier: Apache-2.0
// What cannot be written, stopped or counted on ends with one sentence and the right code; Tests/Scripts/test-outputs.sh has the rest.
import Foundation
import Testing

@Suite("Command: outputs, stops and bounds", .serialized)
struct OutputTests {
    /// Runs a line of shell in which `$L` is the command.
    private func shell(_ command: Command, _ line: String) throws -> Command.Result {
        let program = try #require(Command.program)
        return try command.finish(command.start(["-c", "L='\(program)'; \(line)"], program: "/bin/bash"))
    }

    @Test("standard output on a full device is one sentence and 74, and a run leaves its files", arguments: [1, 2])
    func fullDevice(ranks: Int) throws {
        let command = try Command()
        let result = try shell(command, "exec $L train digits --epochs 1 --run out --ranks \(ranks) > /dev/full")
        expectRefused(result, 74, "standard output", "No space left on device")
        #expect(command.exists("out/export.bundle") && command.exists("out/history.csv"))
        expectRefused(try shell(command, "exec $L train digits --print-config >&-"), 74, "standard output")
        expectRefused(try shell(command, "exec $L --help > /dev/full"), 74, "standard output")
    }

    @Test(
        "a place that cannot be written to is found out before training", arguments: ["--save", "--export", "--trace"])
    func folder(option: String) throws {
        let command = try Command()
        try command.write([], to: "folder/file")
        expectRefused(
            try command("train", "digits", "--epochs", "1", "--run", "out", option, "folder"), 73, "\(option) folder",
            "is a folder, not a file")
        #expect(!command.exists("out"))
        expectRefused(try command("train", "digits", option, ""), 64, option, "name a file")
    }

    @Test("a run without a name, or at a file, is refused")
    func runFolder() throws {
        let command = try Command()
        try command.write([], to: "file")
        expectRefused(try command("train", "digits", "--run", ""), 64, "--run", "name a folder")
        expectRefused(try command("train", "digits", "--run", "file"), 73, "--run file", "is a file, not a folder")
        expectRefused(try command("lr-find", "digits", "--run", "file"), 73, "--run file")
    }

    @Test(
        "counts beyond reason are refused with the most that is possible",
        arguments: [
            ["train", "digits", "--in-process", "9223372036854775807"], ["train", "digits", "--in-process", "1000000"],
            ["train", "digits", "--ranks", "9223372036854775807"], ["train", "digits", "--ranks", "1000000"],
            ["launch", "-n", "9223372036854775807", "true"], ["train", "digits", "--workers", "1000000"],
            ["bench", "linreg", "--batches", "9223372036854775807"], ["bench", "linreg", "--in-process", "1000000"],
        ])
    func bounds(words: [String]) throws {
        let command = try Command()
        let result = try command.finish(command.start(words), within: 20)
        expectRefused(result, 64, words.last == "true" ? words[2] : words[words.count - 1])
    }

    @Test("a variable that cannot be is refused, on ranks as in one process")
    func variables() throws {
        let command = try Command()
        for ranks in [1, 2] {
            expectRefused(
                try shell(command, "LOCKSTEP_CONV=fast exec $L train digits --epochs 1 --run out --ranks \(ranks)"), 64,
                "LOCKSTEP_CONV is “fast”", "blas, onednn, direct, measured")
        }
        expectRefused(try shell(command, "LOCKSTEP_THREADS=0 exec $L doctor"), 64, "LOCKSTEP_THREADS")
    }

    @Test("a final loss that is no number ends with 65, and was told of once where it began", arguments: [1, 2])
    func diverged(ranks: Int) throws {
        let command = try Command()
        let result = try command(
            "train", "digits", "--epochs", "2", "--lr", "1e6", "--run", "out", "--ranks", "\(ranks)")
        #expect(result.status == 65)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 2, "\(result.errors)")
        #expect(lines.first?.hasPrefix("lockstep: the loss is not a number in epoch 0, training batch") == true)
        #expect(lines.last?.hasPrefix("lockstep: the final loss is not a number: the model in out") == true)
        #expect(command.exists("out/history.csv"))
    }

    @Test(
        "a request to stop before training has begun is 75 and one sentence",
        arguments: [SIGUSR1, SIGXCPU, SIGTERM], [1, 2])
    func early(signal: Int32, ranks: Int) throws {
        let command = try Command()
        // A pipe for a data set: the command waits there until it is closed.
        try command.write("a,y\n".utf8, to: "head.csv")
        let line = """
            mkfifo data; $L train csv --data data --target y --batch-size 8 --run out --ranks \(ranks) & job=$!
            exec 3> data; kill -\(signal) $job; sleep 0.2
            for i in {1..40}; do echo "$((i % 7)),$((i % 2))"; done | cat head.csv - >&3; exec 3>&-; wait $job
            """
        // With several ranks only the first reader gets the rows: what the others say comes after the signal's end.
        let result = try shell(command, ranks == 1 ? line : earlyRanks(signal))
        expectRefused(result, 75, "stopped before training had begun")
        #expect(!command.exists("out/checkpoints"))
    }

    private func earlyRanks(_ signal: Int32) -> String {
        "$L train digits --epochs 100000 --run out --ranks 2 & job=$!; sleep 0.15; kill -\(signal) $job; wait $job"
    }

    @Test("a limit of computing time, told again every second, stops the run in good order")
    func timeLimit() throws {
        let command = try Command()
        let result = try shell(command, "ulimit -St 2; exec $L train digits --epochs 1000000 --run out")
        #expect(result.status == 75 && result.errors.contains("SIGXCPU: stopped in epoch"), "\(result.errors)")
        #expect(command.exists("out/checkpoints"))
    }

    @Test("lines of dashes on a rank's standard error swallow nothing, and words blame nobody")
    func dashes() throws {
        let command = try Command()
        let script = """
            for n in 61 74 80 74 74; do printf -- '-%.0s' $(seq $n); echo; echo "after $n"; done >&2
            echo 'lockstep: rank 1: loaded 300 rows' >&2
            [ "$OMPI_COMM_WORLD_RANK" = 0 ] && exit 5
            sleep 2
            """
        try command.write(script.utf8, to: "rank.sh")
        let result = try shell(command, "exec $L launch -n 2 bash rank.sh")
        #expect(result.status == 5)
        for count in [61, 74, 80] { #expect(result.errors.count(of: "after \(count)") >= 2, "\(result.errors)") }
        #expect(result.errors.contains("lockstep: rank 0 failed first: it ended with code 5"), "\(result.errors)")
    }
}

extension String {
    fileprivate func count(of word: String) -> Int { components(separatedBy: word).count - 1 }
}
