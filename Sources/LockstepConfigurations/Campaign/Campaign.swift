// SPDX-License-Identifier: Apache-2.0
// Many configurations, one after another: what fails is made small and printed.

import Foundation
import Synchronization

/// Draws configurations and examines each in a process of its own.
public final class Campaign: Sendable {
    private enum Source {
        case drawn(ConfigurationGenerator, count: Int)
        case listed([Configuration])
    }
    private struct State {
        var source: Source
        var next = 0
        var passed = 0
        var refused = 0
        var failed = 0
        var excused = 0
        var amplified = 0
        var found: [(smallest: Configuration, failure: Failure, count: Int)] = []
    }
    private let child: ChildProcess
    private let shrinks: Bool
    private let state: Mutex<State>

    /// - Parameters:
    ///   - seed: The configurations follow from it.
    ///   - count: How many.
    ///   - shrinks: Whether failing ones are made small.
    public init(seed: UInt64, count: Int, child: ChildProcess, shrinks: Bool = true) {
        (self.child, self.shrinks) = (child, shrinks)
        state = Mutex(State(source: .drawn(ConfigurationGenerator(seed: seed), count: count)))
    }

    /// Those of a file that ``Corners`` has read, which are as small as they get.
    public init(corners: [Configuration], child: ChildProcess) {
        (self.child, shrinks) = (child, false)
        state = Mutex(State(source: .listed(corners)))
    }

    /// Runs all of them, `workers` at a time, and prints what fails. The last line is "N passed, N failed".
    /// - Returns: whether nothing failed.
    public func run(workers: Int = 2) -> Bool {
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<workers {
            Thread { [self] in
                while let (number, configuration) = next() { examine(number, configuration) }
                done.signal()
            }.start()
        }
        for _ in 0..<workers { done.wait() }
        return state.withLock { state in
            for entry in state.found where entry.count > 1 {
                say("\(entry.count) × \(entry.failure.kind) \(entry.smallest)")
            }
            say(
                "\(state.refused) refused alike, \(state.amplified) with rounding that training amplifies, \(state.excused) excused as known"
            )
            say("\(state.passed + state.refused) passed, \(state.failed) failed")
            return state.failed == 0
        }
    }

    private func next() -> (Int, Configuration)? {
        state.withLock { state in
            let number = state.next
            state.next += 1
            switch state.source {
            case .drawn(var generator, let count):
                guard number < count else { return nil }
                defer { state.source = .drawn(generator, count: count) }
                return (number + 1, generator.next())
            case .listed(let configurations):
                return number < configurations.count ? (number + 1, configurations[number]) : nil
            }
        }
    }

    private func examine(_ number: Int, _ configuration: Configuration) {
        switch child.verdict(of: configuration) {
        case .passed(let excused):
            state.withLock { state in
                state.passed += 1
                if !excused.isEmpty { state.amplified += 1 }
            }
        case .refused: state.withLock { $0.refused += 1 }
        case .failed(let failure):
            if KnownDifference.of(failure, in: configuration) != nil {
                return state.withLock { $0.excused += 1 }
            }
            report(number, configuration, failure)
        }
    }

    private func report(_ number: Int, _ configuration: Configuration, _ failure: Failure) {
        let isFound = state.withLock { state in
            state.failed += 1
            guard
                let place = state.found.firstIndex(where: {
                    $0.failure.kind == failure.kind && configuration.contains($0.smallest)
                })
            else { return false }
            state.found[place].count += 1
            return true
        }
        if isFound { return }
        var (smallest, last) = (configuration, failure)
        if shrinks {
            smallest = Shrinker { [child] candidate in
                guard case .failed(let other) = child.verdict(of: candidate), other.kind == failure.kind else {
                    return false
                }
                last = other
                return true
            }.smallest(of: configuration)
        }
        let detail = last.detail
        state.withLock { state in
            if let place = state.found.firstIndex(where: { $0.failure.kind == failure.kind && $0.smallest == smallest })
            {
                state.found[place].count += 1
                return
            }
            state.found.append((smallest, failure, 1))
            say(
                "FAIL \(failure.kind)\n     \(detail)\n     number \(number): lockstep-configurations --only '\(smallest)'"
            )
        }
    }
}
