// SPDX-License-Identifier: Apache-2.0
// Which ranks the launcher asks to stop, and when it ends them instead: decisions alone, with times that are told.
import Foundation
import LockstepComm
@testable import LockstepDistributed
import Testing

@Suite("Stop relay")
struct StopRelayTests {
    private func relay(_ ranks: Int = 2, stops: Bool = false, isSpread: Bool = false) -> StopRelay {
        StopRelay(ranks: ranks, stops: stops, isSpread: isSpread, here: "here", at: 0)
    }

    @Test(
        "ranks that watch are asked with SIGUSR1, each once", arguments: [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU])
    func asks(signal: Int32) {
        for way in [StopRelay.Way.launcher, .mpirun] {
            var relay = relay()
            #expect(relay.hear(host: "here", pid: 10, at: 1) == [])
            #expect(relay.hear(host: "here", pid: 11, at: 2) == [])
            #expect(relay.hear(signal, by: way, at: 100) == [.ask(pid: 10), .ask(pid: 11)])
            #expect(relay.hear(signal, by: way, at: 101) == [])
            #expect(relay.tick(at: 100_000) == [], "however long a save takes")
            #expect(relay.signal == signal && relay.hasAsked)
        }
    }

    @Test("a rank is asked when it can hear, and not before")
    func waits() {
        var relay = relay(stops: true)
        #expect(relay.hear(SIGTERM, by: .launcher, at: 5) == [])
        #expect(relay.tick(at: 60_000) == [])
        #expect(relay.hear(host: "here", pid: 10, at: 60_001) == [.ask(pid: 10)])
        #expect(relay.hear(host: "here", pid: 11, at: 60_002) == [.ask(pid: 11)])
    }

    @Test("a program that says nothing is ended by what means an end, a moment later if it is only starting")
    func unwatched() {
        for signal in [SIGTERM, SIGINT, SIGXCPU] {
            var old = relay()
            #expect(old.hear(signal, by: .mpirun, at: 20_000) == [.end])
            var young = relay()
            #expect(young.hear(signal, by: .launcher, at: 100) == [])
            #expect(young.tick(at: 1_000) == [])
            #expect(young.tick(at: 2_100) == [.end])
            #expect(young.state == .ending(signal))
            var late = relay()
            #expect(late.hear(signal, by: .launcher, at: 100) == [])
            #expect(late.hear(host: "here", pid: 3, at: 900) == [.ask(pid: 3)])
            #expect(late.tick(at: 5_000) == [])
        }
    }

    @Test(
        "SIGUSR1 and SIGUSR2 may mean something else to a program that says nothing: it gets them, as often as they come"
    )
    func foreign() {
        var relay = relay()
        #expect(relay.hear(SIGUSR2, by: .launcher, at: 20_000) == [.pass(SIGUSR2)])
        #expect(relay.hear(SIGUSR1, by: .launcher, at: 30_000) == [.pass(SIGUSR1)])
        #expect(relay.signal == nil)
    }

    @Test("whoever insists ends the job at once: a second signal, a second later, the same way")
    func insists() {
        var relay = relay(stops: true)
        _ = relay.hear(host: "here", pid: 10, at: 1)
        #expect(relay.hear(SIGTERM, by: .launcher, at: 100) == [.ask(pid: 10)])
        #expect(relay.hear(SIGTERM, by: .launcher, at: 1_099) == [])
        #expect(relay.hear(SIGTERM, by: .mpirun, at: 5_000) == [], "the system asks every process")
        #expect(relay.hear(SIGXCPU, by: .launcher, at: 6_000) == [], "the kernel repeats it")
        #expect(relay.hear(SIGINT, by: .launcher, at: 7_000) == [.end])
        #expect(relay.state == .ending(SIGINT))
        #expect(relay.hear(SIGINT, by: .launcher, at: 9_000) == [])
    }

    @Test("a terminal that is closed ends the job, whatever came before")
    func hangup() {
        var relay = relay(stops: true)
        #expect(relay.hear(SIGHUP, by: .launcher, at: 100) == [.end])
        #expect(relay.state == .ending(SIGHUP))
    }

    @Test("ranks of other machines are asked through mpirun, all at once, when all can hear")
    func spread() {
        var relay = relay(3, isSpread: true)
        _ = relay.hear(host: "here", pid: 10, at: 1)
        #expect(relay.hear(SIGTERM, by: .launcher, at: 100) == [])
        #expect(relay.hear(host: "there", pid: 10, at: 200) == [])
        #expect(relay.hear(host: "there", pid: 11, at: 300) == [.pass(SIGUSR1)])
        #expect(relay.tick(at: 100_000) == [], "once")
    }

    @Test("one that never says so does not keep the others from being asked")
    func silent() {
        var relay = relay(2, isSpread: true)
        _ = relay.hear(host: "there", pid: 10, at: 1)
        #expect(relay.hear(SIGTERM, by: .launcher, at: 100) == [])
        #expect(relay.tick(at: 30_000) == [])
        #expect(relay.tick(at: 30_100) == [.pass(SIGUSR1)])
    }

    @Test("what waits at a process is read from the kernel's table")
    func pending() {
        let text =
            "Name:\tmpirun\nSigQ:\t2/96365\nSigPnd:\t0000000000000002\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000804002\n"
        #expect(JobProcess.pending(inStatus: text) == 0x4002)
        #expect(JobProcess.pending(inStatus: "") == 0)
    }
}
