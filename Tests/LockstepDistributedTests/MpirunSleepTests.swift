// SPDX-License-Identifier: Apache-2.0
// When mpirun is woken from the sleep in which it ends a job: decisions alone, with times that are told; and a process that sleeps.
import Foundation
@testable import LockstepDistributed
import LockstepLearner
import LockstepTesting
import Testing

@Suite("mpirun's sleep")
struct MpirunSleepTests {
    @Test("nobody is looked for while it is awake") func awake() {
        var sleep = MpirunSleep()
        for now: Int64 in [0, 10, 100_000] {
            let call = sleep.look(
                isAsleep: false,
                left: {
                    Issue.record("looked")
                    return .nobody
                }, at: now)
            #expect(call == nil && !sleep.isAsleep && !sleep.isHeld)
        }
    }

    @Test("where nobody is left it is woken at once, as often as it is found asleep") func nobody() {
        var sleep = MpirunSleep()
        for now: Int64 in [5, 5, 6] {
            #expect(sleep.look(isAsleep: true, left: { .nobody }, at: now) == .through)
        }
        #expect(sleep.isAsleep)
    }

    @Test("ranks that are left get a second, then SIGTERM, and a second more") func some() {
        var sleep = MpirunSleep()
        var woken: [Int64] = []
        for now in stride(from: Int64(1000), to: 3500, by: 100) {
            switch sleep.look(isAsleep: true, left: { .some }, at: now) {
            case .once(let seconds):
                woken.append(now)
                #expect(seconds == MpirunSleep.seconds - 1)
            case .through: Issue.record("woken through")
            case nil: break
            }
        }
        #expect(woken == [2000, 3000])
    }

    @Test("while one saves it sleeps; then who is left has a second to end") func saving() {
        var sleep = MpirunSleep()
        for now in stride(from: Int64(0), through: 20_000, by: 20) {
            #expect(sleep.look(isAsleep: true, left: { .saving }, at: now) == nil && sleep.isHeld)
        }
        #expect(sleep.look(isAsleep: true, left: { .some }, at: 20_900) == nil && !sleep.isHeld)
        #expect(
            sleep.look(isAsleep: true, left: { .some }, at: 21_000) == .once(seconds: MpirunSleep.seconds - 21),
            "of its sleep 21 s are over")
        var other = MpirunSleep()
        #expect(other.look(isAsleep: true, left: { .saving }, at: 0) == nil)
        #expect(other.look(isAsleep: true, left: { .nobody }, at: 20) == .through)
    }

    @Test("who insists has no time for what is saved") func insists() {
        var sleep = MpirunSleep()
        #expect(sleep.look(isAsleep: true, left: { .saving }, at: 0) == nil && sleep.isHeld)
        #expect(sleep.look(isAsleep: true, insists: true, left: { .saving }, at: 100) == nil && !sleep.isHeld)
        #expect(
            sleep.look(isAsleep: true, insists: true, left: { .saving }, at: 1_100)
                == .once(seconds: MpirunSleep.seconds - 1))
    }

    @Test(
        "who is left is told by the children of a process, whatever they have made of their environment and their name")
    func left() throws {
        // A shell that waits for what nobody writes.
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        func left(_ script: String, _ expected: MpirunSleep.Left) throws {
            let shell = try GuardedProcess(["/bin/sh", "-c", script], actions: &actions, endedBy: "KILL")
            defer {
                kill(shell.pid, SIGKILL)
                _ = shell.wait(options: 0)
            }
            let mpirun = MpirunProcess(pid: shell.pid)
            for _ in 0..<500 {
                if mpirun.left == expected { return }
                usleep(10_000)
            }
            Issue.record("\(script): \(mpirun.left)")
        }
        try left("read x", .nobody)
        try left("env -i sleep 7 & read x", .some)
        try left("sh -c 'printf \(Survivors.processName) > /proc/$$/comm; sleep 7; :' & read x", .saving)
        try left(
            "sh -c 'sh -c \"printf \(Survivors.processName) > /proc/\\$\\$/comm; sleep 7; :\"; :' & read x",
            .saving)
    }

    @Test("a sleep that follows another is a new one") func again() {
        var sleep = MpirunSleep()
        #expect(sleep.look(isAsleep: true, left: { .some }, at: 0) == nil)
        #expect(sleep.look(isAsleep: false, left: { .some }, at: 900) == nil)
        #expect(sleep.look(isAsleep: true, left: { .some }, at: 1_500) == nil)
        #expect(sleep.look(isAsleep: true, left: { .some }, at: 2_500) == .once(seconds: MpirunSleep.seconds - 1))
    }

    /// A program that sleeps as mpirun does, says what it would send, and is deaf to nothing.
    private static let sleeper = """
        import ctypes, signal, sys
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        sleep = ctypes.CDLL(None).sleep
        for word in ["TERM", "KILL"]:
            left = int(sys.argv[1])
            while left > 0: left = sleep(left)
            print(word, flush=True)
        """

    @Test("a process that sleeps twice, for long, is woken from one sleep and from both", .timeLimit(.minutes(1)))
    func wakes() throws {
        let python = try #require(Launcher.path(of: "python3"))
        try #require(MpirunProcess.showsSleep)
        func read(_ calls: [MpirunSleep.Call]) throws -> (lines: [String], seconds: Double) {
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
            let process = try JobProcess(
                [python, "-c", Self.sleeper, "\(MpirunSleep.seconds)"], actions: &actions, isWoken: true)
            let mpirun = MpirunProcess(pid: process.pid)
            close(ends[1])
            while !mpirun.isAsleep { usleep(1000) }
            usleep(50_000)
            let start = Date()
            for call in calls {
                mpirun.wake(call)
                usleep(50_000)
            }
            if calls.last != .through { process.send(SIGKILL) }
            let output = try FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readToEnd() ?? Data()
            _ = process.wait(options: 0)
            return (
                String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init),
                Date().timeIntervalSince(start)
            )
        }
        #expect(try read([]).lines == [])
        #expect(try read([.once(seconds: MpirunSleep.seconds)]).lines == ["TERM"])
        let through = try read([.through])
        #expect(through.lines == ["TERM", "KILL"])
        #expect(through.seconds < 25, "it slept \(through.seconds) s")
    }
}
