// SPDX-License-Identifier: Apache-2.0
// What the launcher does about requests to stop: which of its ranks are asked, when, and when it ends them instead.

import Foundation
import LockstepComm

/// Decides, and does nothing itself: told what has come, it says what to do.
///
/// Ranks that watch for signals (`LauncherRecord.watching`) are asked to stop with SIGUSR1, once, and get all the time they
/// need. mpirun would kill them a second after a SIGTERM; it is started with that signal blocked, and is looked at for one that
/// waits there. A rank that does not watch yet would die of what is meant to ask it: it is asked when it can hear.
struct StopRelay {
    /// Whom a signal was sent to.
    enum Way: Equatable { case launcher, mpirun }

    /// What to do about it.
    enum Action: Equatable {
        /// Send SIGUSR1 to this rank.
        case ask(pid: Int32)
        /// Send mpirun a signal that it passes on to all of its ranks.
        case pass(Int32)
        /// Have mpirun end the job.
        case end
    }

    /// How far a request has come.
    enum State: Equatable {
        /// Nobody has asked.
        case quiet
        /// The ranks may yet say that they watch; until then nobody is asked.
        case held(Int32, since: Int64)
        /// Ranks have been asked, or will be when they say that they can hear.
        case asked(Int32, since: Int64)
        /// mpirun ends them.
        case ending(Int32)
    }

    private(set) var state = State.quiet
    /// Whether the program is known to stop in good order.
    private let stops: Bool
    private let ranks: Int
    /// Whether ranks may be on other machines, where only mpirun reaches them.
    private let isSpread: Bool
    private let here: String
    private let start: Int64
    private var watchers: [(host: String, pid: Int32)] = []
    private var askedPids: Set<Int32> = []
    private var hasPassed = false

    /// Milliseconds after which the same way's second request ends the job; as long as the ranks' own.
    static let insistence: Int64 = 1000
    /// Milliseconds after its start in which a job that has not said anything may yet say that it watches.
    private static let youth: Int64 = 10_000
    /// Milliseconds that a young job gets to say so after a request.
    private static let grace: Int64 = 2_000
    /// Milliseconds after which ranks of other machines are asked though not all have said that they watch.
    private static let patience: Int64 = 30_000

    /// - Parameters:
    ///   - here: The launcher's machine.
    ///   - now: Milliseconds of a clock that never goes back, as are all times here.
    init(ranks: Int, stops: Bool, isSpread: Bool, here: String, at now: Int64) {
        (self.ranks, self.stops, self.isSpread, self.here, start) = (ranks, stops, isSpread, here, now)
    }

    /// Whether the ranks stop in good order, as far as is known.
    private var canStop: Bool { stops || !watchers.isEmpty }

    /// How many ranks watch.
    var watcherCount: Int { watchers.count }

    /// Whether any rank has been asked.
    var hasAsked: Bool { hasPassed || !askedPids.isEmpty }

    /// The request that came first; nil while none has.
    var signal: Int32? {
        switch state {
        case .quiet: nil
        case .held(let signal, _), .asked(let signal, _), .ending(let signal): signal
        }
    }

    /// A signal has come.
    mutating func hear(_ number: Int32, by way: Way, at now: Int64) -> [Action] {
        if number == SIGHUP {
            state = .ending(number)
            return [.end]
        }
        switch state {
        case .quiet:
            if canStop {
                state = .asked(number, since: now)
                return ask(at: now)
            }
            if now - start < Self.youth {
                state = .held(number, since: now)
                return []
            }
            return passOn(number)
        case .held(_, let since), .asked(_, let since):
            // What waits at mpirun came with the rest. The kernel repeats SIGXCPU: nobody insists.
            guard way == .launcher, number != SIGXCPU, now - since >= Self.insistence else { return [] }
            state = .ending(number)
            return [.end]
        case .ending: return []
        }
    }

    /// A rank has said that it watches.
    mutating func hear(host: String, pid: Int32, at now: Int64) -> [Action] {
        watchers.append((host, pid))
        if case .held(let signal, let since) = state { state = .asked(signal, since: since) }
        return ask(at: now)
    }

    /// Time has passed.
    mutating func tick(at now: Int64) -> [Action] {
        switch state {
        case .held(let signal, let since) where now - since >= Self.grace: passOn(signal)
        case .asked: ask(at: now)
        default: []
        }
    }

    /// What a program gets that does not watch: it may have a meaning of its own for SIGUSR1 and SIGUSR2.
    private mutating func passOn(_ number: Int32) -> [Action] {
        if number == SIGUSR1 || number == SIGUSR2 {
            state = .quiet
            return [.pass(number)]
        }
        state = .ending(number)
        return [.end]
    }

    private mutating func ask(at now: Int64) -> [Action] {
        guard case .asked(_, let since) = state, !hasPassed else { return [] }
        if isSpread || watchers.contains(where: { $0.host != here }) {
            guard watchers.count >= ranks || !watchers.isEmpty && now - since >= Self.patience else { return [] }
            hasPassed = true
            return [.pass(SIGUSR1)]
        }
        return watchers.map(\.pid).filter { askedPids.insert($0).inserted }.map { .ask(pid: $0) }
    }
}
