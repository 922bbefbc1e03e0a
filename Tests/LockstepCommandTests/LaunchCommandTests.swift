// SPDX-License-Identifier: Apache-2.0
// `lockstep launch`: which rank failed, with which code, what is shown on the way, and scripts that run as they stand.
import Foundation
import LockstepChecks
import LockstepComm
import LockstepDistributed
import Testing

@Suite("Command: launch", .serialized)
struct LaunchCommandTests {
    /// What rank 1 does in a job of two ranks that know nothing of MPI. Again, at most twice, when mpirun has lost its own
    /// account of the job, which Open MPI 4.1 does now and then.
    private func launch(_ script: String) throws -> (Command.Result, Command) {
        let command = try Command()
        func attempt() throws -> Command.Result { try command("launch", "-n", "2", "--", "/bin/sh", "-c", script) }
        var result = try attempt()
        for _ in 0..<2 where result.errors.contains("it did not say whose") { result = try attempt() }
        return (result, command)
    }

    @Test("the rank that fails first is named, and its code is the job's")
    func code() throws {
        let (result, _) = try launch("[ $OMPI_COMM_WORLD_RANK = 0 ] || exit 3; sleep 5")
        expectRefused(result, 3, "rank 1 failed first: it ended with code 3")
    }

    @Test("a rank killed by a signal is named with it")
    func signal() throws {
        let (result, _) = try launch("[ $OMPI_COMM_WORLD_RANK = 0 ] || kill -9 $$; sleep 5")
        expectRefused(result, 137, "rank 1 failed first: it was killed by signal 9")
    }

    @Test("a job that goes well ends with 0, says nothing of its own, and passes on what ranks print")
    func success() throws {
        let (result, _) = try launch("echo out; [ $OMPI_COMM_WORLD_RANK = 0 ] && echo complaint >&2; exit 0")
        #expect(result.status == 0)
        #expect(result.lines == ["out", "out"])
        #expect(result.errors == "complaint\n")
    }

    @Test("what mpirun refuses to start is shown in its own words")
    func refusal() throws {
        let command = try Command()
        try command.write("localhost slots=1\n".utf8, to: "hosts")
        let result = try command("launch", "-n", "9", "--hosts", "hosts", "--", "/bin/true")
        #expect(result.status != 0)
        #expect(result.errors.contains("not enough slots"), "\(result.errors)")
    }

    @Test("a hostfile that is not there is one sentence, and --subnet alone makes no sense")
    func hosts() throws {
        expectRefused(
            try Command()("launch", "-n", "2", "--hosts", "nowhere", "--", "/bin/true"), 66, "--hosts nowhere")
        expectRefused(try Command()("launch", "-n", "2", "--subnet", "10.0.0.0/8", "--", "/bin/true"), 64, "--subnet")
    }

    @Test("no progress bars where the output of mpirun goes to a file")
    func noTerminal() throws {
        let command = try Command()
        let program = try #require(Command.program)
        let result = try command("launch", "-n", "2", "--", program, "train", "digits", "--epochs", "1")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("epoch  train_loss"))
        #expect(!result.output.utf8.contains(27), "\(result.output)")
    }

    // MARK: Scripts

    /// Runs a written script with launchers that only say how they were called.
    private func run(
        _ script: String, launchers: [String: String], _ environment: [String: String], words: [String] = [],
        status: Int32 = 0
    )
        throws -> String
    {
        let command = try Command()
        try command.write(script.utf8, to: "job")
        for (name, body) in launchers {
            try writeExecutable("#!/bin/sh\n\(body)\n", to: command.folder.appending(path: "bin/\(name)"))
        }
        let (shell, pipe) = (Process(), Pipe())
        shell.executableURL = URL(filePath: "/bin/bash")
        shell.arguments = ["job"] + words
        shell.currentDirectoryURL = command.folder
        shell.environment = ["PATH": command.folder.appending(path: "bin").path + ":/usr/bin:/bin"]
            .merging(environment.mapValues { $0.replacing("FOLDER", with: command.folder.path) }) { $1 }
        shell.standardOutput = pipe
        StopSignals.unblock()  // threads of tests block what the script is to hear, and it would inherit that
        try shell.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(shell.terminationStatus == status)
        return text
    }

    private func written(for batch: String) throws -> String {
        let result = try Command()("launch", "-n", "6", "--write", batch, "--", "./my train", "--note", "it's")
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    private let says = #"printf '%s|' "$(basename "$0")" "$@""#

    @Test("the Slurm script takes srun where it has PMIx, and mpirun where it has not")
    func slurm() throws {
        let script = try written(for: "slurm")
        #expect(script.contains("#SBATCH --ntasks=6\n"))
        let list = #"[ "$1" != --mpi=list ] || { echo "MPI plugin types are..."; echo "PLUGIN"; exit; }"#
        func ran(_ plugin: String, _ launcher: String = "", words: [String] = []) throws -> String {
            let srun = list.replacing("PLUGIN", with: plugin) + "\n" + says
            return try run(
                script, launchers: ["srun": srun, "mpirun": says], ["SLURM_NTASKS": "6", "LAUNCHER": launcher],
                words: words)
        }
        #expect(try ran("pmix_v4") == "srun|--mpi=pmix|./my train|--note|it's|")
        #expect(try ran("pmi2") == "mpirun|-n|6|--map-by|core|./my train|--note|it's|")
        #expect(try ran("pmix_v4", "mpirun") == "mpirun|-n|6|--map-by|core|./my train|--note|it's|")
        #expect(try ran("pmix_v4", words: ["other", "a b"]) == "srun|--mpi=pmix|other|a b|")
    }

    @Test("the PBS script gives mpirun the job's nodes, a rank a line")
    func pbs() throws {
        let script = try written(for: "pbs")
        #expect(script.contains("#PBS -l select=6:ncpus=1:mpiprocs=1\n"))
        let mpirun = says + #"; cat "$2""#
        let prepared = "printf 'a\\na\\nb\\n' > nodes\n" + script
        let ran = try run(
            prepared, launchers: ["mpirun": mpirun],
            ["PBS_O_WORKDIR": "FOLDER", "PBS_NODEFILE": "nodes", "LOCKSTEP_JOB": "another"])
        let variables = "-x|LOCKSTEP_RESUME|-x|SWIFT_BACKTRACE|"
        #expect(ran == "mpirun|--hostfile|nodes|-n|3|--map-by|core|\(variables)./my train|--note|it's|a\na\nb\n")
    }

    @Test("the shell script starts the hosts as the command itself does, and passes on our variables")
    func shell() throws {
        let words = [
            "launch", "-n", "6", "--hosts", "my hosts", "--subnet", "10.0.0.0/8", "--write", "shell", "--", "./mine",
        ]
        let command = try Command()
        let script = try command.finish(command.start(words)).output
        let ran = try run(script, launchers: ["mpirun": says], ["LOCKSTEP_CONV": "direct", "OPENBLAS_VERBOSE": "0"])
        let flags = Mpirun.hostFlags(subnet: "10.0.0.0/8")
        #expect(flags.count > 8)
        let variables = ["-x", "LOCKSTEP_CONV", "-x", "OPENBLAS_VERBOSE", "-x", "SWIFT_BACKTRACE"]
        let expected = ["mpirun", "--hostfile", "my hosts", "-n", "6"] + flags + variables + ["./mine"]
        #expect(ran == expected.map { $0 + "|" }.joined())
    }

    @Test("on one machine the shell script knows the cores when it runs, not those of who wrote it")
    func cores() throws {
        let script = try Command()("launch", "-n", "3", "--write", "shell", "--", "./mine").output
        for cores in [2, 3, 64] {
            let ran = try run(
                script, launchers: ["mpirun": says, "nproc": "echo \(cores)"], ["SWIFT_BACKTRACE": "enable=no"])
            let flags = Mpirun.flags(ranks: 3, cores: cores) + ["-x", "SWIFT_BACKTRACE", "./mine"]
            #expect(ran == "mpirun|" + flags.map { $0 + "|" }.joined())
        }
    }

    /// What the Slurm script does when srun ends with `code`, and what `scontrol` is told then.
    private func slurmEnd(code: Int32, _ environment: [String: String] = [:]) throws -> String {
        let script = try written(for: "slurm")
        let srun =
            #"[ "$1" != --mpi=list ] || { echo pmix; exit; }; echo "resume=$LOCKSTEP_RESUME job=$LOCKSTEP_JOB"; exit \#(code)"#
        return try run(
            script, launchers: ["srun": srun, "scontrol": says, "sleep": "exit 0"],
            ["SLURM_NTASKS": "6", "SLURM_JOB_ID": "41", "LOCKSTEP_JOB": "another"].merging(environment) { $1 },
            status: code)
    }

    @Test("a job that has stopped as asked is queued again, under its own number, so often as allowed")
    func requeued() throws {
        #expect(try slurmEnd(code: 0) == "resume=auto job=\n")
        for code in [1, 66, 137, 143] as [Int32] { #expect(try slurmEnd(code: code) == "resume=auto job=\n") }
        #expect(try slurmEnd(code: 75).hasSuffix("job 41 is queued again (1 of 100)\nscontrol|requeue|41|"))
        let array = ["SLURM_ARRAY_JOB_ID": "41", "SLURM_ARRAY_TASK_ID": "3", "SLURM_RESTART_COUNT": "7"]
        #expect(try slurmEnd(code: 75, array).hasSuffix("job 41_3 is queued again (8 of 100)\nscontrol|requeue|41_3|"))
        #expect(try slurmEnd(code: 75, ["SLURM_RESTART_COUNT": "100"]) == "resume=auto job=\n")
        #expect(try slurmEnd(code: 75, ["SLURM_RESTART_COUNT": "2", "REQUEUES": "2"]) == "resume=auto job=\n")
    }

    @Test(
        "a request to the shell of a batch script reaches the ranks once, as SIGUSR1",
        arguments: ["slurm", "pbs"], ["USR1", "TERM"])
    func asked(batch: String, signal: String) throws {
        // Ranks that ask the shell to stop them, twice, and tell what they get.
        let ranks = """
            [ "$1" != --mpi=list ] || { echo pmix; exit; }
            trap 'echo asked; asked=yes' USR1
            kill -\(signal) $PPID; kill -\(signal) $PPID
            for i in 1 2 3 4 5 6 7 8 9 10; do /bin/sleep 0.1; done
            [ -n "$asked" ] && exit 75
            """
        let ran = try run(
            written(for: batch),
            launchers: ["srun": ranks, "mpirun": ranks, "scontrol": says, "qrerun": says, "sleep": "exit 0"],
            [
                "SLURM_NTASKS": "6", "SLURM_JOB_ID": "41", "PBS_JOBID": "41", "PBS_O_WORKDIR": "FOLDER",
                "PBS_NODEFILE": "job",
            ], status: 75)
        #expect(ran.hasPrefix("asked\n"))
        #expect(ran.components(separatedBy: "asked\n").count == 2, "once")
        // Who cancels a job does not want it back.
        #expect(ran.contains(batch == "slurm" ? "scontrol|requeue|41|" : "qrerun|41|") == (signal == "USR1"), "\(ran)")
    }

    @Test("a PBS script asks its ranks to stop so many seconds before its time is up")
    func alarm() throws {
        let script = try Command()(
            "launch", "-n", "2", "--write", "pbs", "--signal-lead", "90", "--", "./9 lives of a training"
        ).output
        #expect(script.contains("\n#PBS -N j9_lives_of_a_t\n#PBS "))
        let qstat = #"echo "Job Id: $2"; echo "    Resource_List.walltime = 01:00:30""#
        let ran = try run(
            script,
            launchers: [
                "mpirun": "/bin/sleep 0.5; cat slept", "qstat": qstat,
                "sleep": "echo slept $1 > slept; exec /bin/sleep 5",
            ], ["PBS_JOBID": "41", "PBS_O_WORKDIR": "FOLDER", "PBS_NODEFILE": "job"])
        #expect(ran == "slept 3540\n")
    }

    // MARK: Starting again

    /// A script whose ranks note that they run, and fail as often as `failures` says.
    private func restarted(_ failing: String, _ options: String...) throws -> (Command.Result, runs: [String]) {
        let command = try Command()
        let script =
            #"[ $OMPI_COMM_WORLD_RANK = 0 ] || exec /bin/sleep 3; echo "run $LOCKSTEP_RESUME" >> runs; "# + failing
        let result = try command.finish(
            command.start(["launch", "-n", "2"] + options + ["--", "/bin/sh", "-c", script]))
        let text = try String(contentsOf: command.folder.appending(path: "runs"), encoding: .utf8)
        return (result, text.split(separator: "\n").map(String.init))
    }

    @Test("a job that failed is started again and told to resume, and its end counts")
    func restarts() throws {
        let (result, runs) = try restarted("[ -n \"$LOCKSTEP_RESUME\" ] || kill -9 $$", "--max-restarts", "3")
        #expect(result.status == 0, "\(result.errors)")
        #expect(runs == ["run ", "run auto"])
        #expect(result.errors.contains("; restart 1 of 3, with 2 ranks\n"), "\(result.errors)")
    }

    @Test("one that gets nowhere is given up, with the code of its last failure; mistakes are not tried again")
    func gaveUp() throws {
        let (failed, runs) = try restarted("[ -n \"$LOCKSTEP_RESUME\" ] && exit 4; exit 3", "--max-restarts", "5")
        #expect(failed.status == 4 && runs.count == 2, "\(failed.errors)")
        #expect(failed.errors.contains("not started again, because it has failed"))
        for code in [64, 65, 66, 75] {
            let (refused, once) = try restarted("exit \(code)", "--max-restarts", "5")
            #expect(refused.status == code && once.count == 1, "\(code): \(refused.errors)")
        }
        let (without, single) = try restarted("exit 3")
        #expect(without.status == 3 && single.count == 1)
    }

    @Test("a hang is a failure like any other: the ranks give up, and the job is started again")
    func hang() throws {
        let command = try Command()
        let program = try #require(Command.program)
        let script = """
            if [ -z "$LOCKSTEP_RESUME" ] && [ $OMPI_COMM_WORLD_RANK = 1 ]; then
                (until [ "$(wc -l 2>/dev/null < out/history.csv || echo 0)" -gt 1 ]; do /bin/sleep 0.05; done; kill -STOP $$) &
            fi
            exec \(program) train digits --epochs 100 --run out
            """
        let words = ["launch", "-n", "2", "--max-restarts", "1", "--", "/bin/sh", "-c", script]
        let timeouts = ["LOCKSTEP_STALL_TIMEOUT=1", "LOCKSTEP_ABORT_TIMEOUT=2"]
        let result = try command.finish(command.start(timeouts + [program] + words, program: "/usr/bin/env"))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("rank 1 failed first"), "\(result.errors)")
        #expect(result.errors.contains("; restart 1 of 1, with 2 ranks\n"), "\(result.errors)")
    }

    @Test("a failure before training is not tried again")
    func beforeTraining() throws {
        let command = try Command()
        let program = try #require(Command.program)
        func run(_ script: String) throws -> Command.Result {
            try command.finish(
                command.start(["launch", "-n", "2", "--max-restarts", "5", "--", "/bin/sh", "-c", script]))
        }
        // A rank that dies in every attempt as soon as it is loaded; the other waits for it.
        let early = try run(
            "[ $OMPI_COMM_WORLD_RANK = 0 ] || exec /bin/sh -c 'sleep 1; exit 3'; exec \(program) train digits --run a")
        #expect(early.status == 3, "\(early.errors)")
        #expect(early.errors.contains("not started again, because it had not begun to train"), "\(early.errors)")
    }

    @Test("a launcher that is killed takes its ranks with it")
    func killed() throws {
        let command = try Command()
        let program = try #require(Command.program)
        let process = try command.start(
            ["launch", "-n", "2", "--", program, "train", "digits", "--epochs", "100000", "--run", "out"])
        for _ in 0..<3000 where !command.exists("out/history.csv") { usleep(10_000) }
        func ranks() -> Int {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.filter { name in
                Int(name) != nil
                    && (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd"))
                        == command.folder.path
            }.count
        }
        #expect(ranks() > 2)
        kill(process.processIdentifier, SIGKILL)
        _ = try command.finish(process)
        for _ in 0..<3000 where ranks() > 0 { usleep(10_000) }
        #expect(ranks() == 0)
    }

    @Test("options of starting again that make no sense are refused")
    func restartOptions() throws {
        expectRefused(try Command()("launch", "-n", "2", "--max-restarts", "-1", "--", "true"), 64, "--max-restarts")
        expectRefused(try Command()("launch", "-n", "2", "--min-ranks", "1", "--", "true"), 64, "--max-restarts")
        expectRefused(
            try Command()("launch", "-n", "2", "--max-restarts", "1", "--min-ranks", "3", "--", "true"), 64,
            "--min-ranks 3")
        expectRefused(
            try Command()("launch", "-n", "2", "--max-restarts", "1", "--write", "slurm", "--", "true"), 64, "--write")
        expectRefused(try Command()("launch", "-n", "2", "--signal-lead", "9", "--", "true"), 64, "--signal-lead")
        expectRefused(
            try Command()("launch", "-n", "2", "--write", "pbs", "--signal-lead", "0", "--", "true"), 64,
            "--signal-lead 0")
    }

    @Test("a job that does not watch for signals is ended by SIGTERM and by Ctrl-C", arguments: [SIGTERM, SIGINT])
    func unwatched(signal: Int32) throws {
        let command = try Command()
        let process = try command.start([
            "launch", "-n", "2", "--", "/bin/sh", "-c", "touch begun; exec /bin/sleep 100",
        ])
        for _ in 0..<3000 where !command.exists("begun") { usleep(10_000) }
        kill(process.processIdentifier, signal)
        expectRefused(try command.finish(process, within: 60), 128 + signal, "the ranks were ended at once")
    }

    @Test(
        "a training that is launched stops in good order, whoever is asked: the launcher, or mpirun",
        arguments: [true, false])
    func stopped(isLauncher: Bool) throws {
        let command = try Command()
        let program = try #require(Command.program)
        let process = try command.start(
            ["launch", "-n", "2", "--", program, "train", "digits", "--epochs", "100000", "--run", "out"])
        for _ in 0..<3000 where !command.exists("out/history.csv") { usleep(10_000) }
        if isLauncher {
            kill(process.processIdentifier, SIGTERM)
        } else {
            let launcher = process.processIdentifier
            let children = try String(contentsOfFile: "/proc/\(launcher)/task/\(launcher)/children", encoding: .utf8)
            let mpirun = children.split(separator: " ").first {
                (try? String(contentsOfFile: "/proc/\($0)/comm", encoding: .utf8)) == "mpirun\n"
            }
            kill(try #require(mpirun.flatMap { pid_t($0) }), SIGTERM)
        }
        let result = try command.finish(process, within: 60)
        #expect(result.status == 75, "\(result.errors)")
    }

    @Test(
        "no word of a program becomes a line of a script", arguments: ["slurm", "pbs", "shell"],
        [
            "a\ntouch owned", "a\r\ntouch owned", "'\n#SBATCH --uid=0", "$(touch owned)", "`touch owned`",
            "-n\u{2028}x", "",
        ])
    func hostileWords(batch: String, word: String) throws {
        let command = try Command()
        let result = try command("launch", "-n", "2", "--write", batch, "--", "./x\(word)", word)
        #expect(result.status == 0, "\(result.errors)")
        let ran = try run(
            result.output, launchers: ["srun": "exit 1", "mpirun": says],
            ["PBS_O_WORKDIR": "FOLDER", "PBS_NODEFILE": "job", "SLURM_NTASKS": "2"])
        #expect(ran.hasSuffix("|./x\(word)|\(word)|"), "\(ran)")
        #expect(!result.output.split(separator: "\n").contains("#SBATCH --uid=0"))
    }

    @Test(
        "the scripts in launch/ are what the command writes, byte for byte",
        arguments: ["slurm.sbatch", "pbs.sh", "hosts.sh"])
    func copies(name: String) throws {
        let script = try Repository.text("launch/\(name)")
        let origin = try #require(
            script.firstMatch(of: /\n# Written by: lockstep (.+)\n/), "no line says how it was made")
        let command = try Command()
        let result = try command.finish(command.start(origin.1.split(separator: " ").map(String.init)))
        #expect(result.output == script, "lockstep \(origin.1) > launch/\(name) writes it anew")
    }

    @Test("standard input goes to the rank that --stdin names")
    func standardInput() throws {
        let command = try Command()
        try command.write("a word\n".utf8, to: "input")
        let program = try #require(Command.program)
        let script = "\(program) launch -n 2 --stdin 1 -- sh -c 'read w; echo $OMPI_COMM_WORLD_RANK:$w' < input"
        let result = try command.finish(command.start(["-c", script], program: "/bin/sh"))
        #expect(result.lines.sorted() == ["0:", "1:a word"], "\(result.errors)")
        expectRefused(try Command()("launch", "-n", "2", "--stdin", "2", "--", "true"), 64, "--stdin 2")
    }

    @Test("the help names every variable that ranks read, and says what it decides")
    func help() throws {
        let help = try Command()("launch", "--help").output.split { $0.isWhitespace }.joined(separator: " ")
        for variable in EnvironmentVariable.all {
            #expect(help.contains("\(variable.name) \(variable.meaning)"), "\(variable.name)")
        }
        #expect(EnvironmentVariable.all.count > 5)
    }
}
