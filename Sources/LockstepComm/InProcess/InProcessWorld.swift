// SPDX-License-Identifier: Apache-2.0
// Ranks as threads of one process: unit tests, a debugger that sees them all, the thread sanitizer.
internal import CMPI
internal import Foundation

/// Runs a program on `size` ranks that are threads of this process.
///
///     let losses = try InProcessWorld(4).run { world in try train(over: world) }
///
/// Collectives run the same code as under MPI, over ordinary memory. `World.current()` inside the block is that rank's
/// communicator. With `ranksPerNode` the ranks behave as if they were on several machines.
public struct InProcessWorld: Sendable {
    /// The number of ranks.
    public let size: Int
    /// How many ranks act as if they shared a machine.
    public let ranksPerNode: Int
    /// When a wait is reported and given up.
    public let timeouts: Timeouts

    /// The most ranks that one process has as threads: each has memory to meet in and a stack.
    public static let mostRanks = 256

    /// `size` ranks, at most ``mostRanks``, that will be threads of this process.
    public init(
        _ size: Int, ranksPerNode: Int? = nil, timeouts: Timeouts = .environment, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(size > 0, "InProcessWorld: \(size) ranks; at least 1 is needed", file: file, line: line)
        require(
            size <= Self.mostRanks, "InProcessWorld: \(size) ranks; at most \(Self.mostRanks) are possible", file: file,
            line: line)
        require((ranksPerNode ?? 1) > 0, "InProcessWorld: \(ranksPerNode ?? 0) ranks per node", file: file, line: line)
        self.size = size
        self.ranksPerNode = min(ranksPerNode ?? size, size)
        self.timeouts = timeouts
    }

    /// Runs `body` on every rank and waits for all of them. The ranks run at once, so that none may use what another does: a learner,
    /// its data and its model are made in `body`, which Swift 6 insists on where a variable outside belongs to the main actor.
    /// - Returns: what each rank returned, by rank.
    /// - Throws: `RankFailure` of the rank that failed first, when any has.
    @discardableResult
    public func run<Result: Sendable>(
        _ body: @escaping @Sendable (InProcessCommunicator) throws -> Result
    ) throws(RankFailure) -> [Result] {
        let outcomes: [Outcome<Result>]
        do { outcomes = try runThreads(body) } catch {
            throw RankFailure(rank: 0, error: error, all: [])
        }
        let failures = outcomes.enumerated().compactMap { rank, outcome in
            outcome.error.map { (rank, $0.error, $0.order) }
        }
        // A rank that has failed looks whether the others have, too: those may throw their echo of it before it throws.
        let told = outcomes.lazy.compactMap(\.culprit).first
        if let first = failures.first(where: { $0.0 == told }) ?? failures.min(by: { ($0.2, $0.0) < ($1.2, $1.0) }) {
            throw RankFailure(rank: first.0, error: first.1, all: failures.map { (rank: $0.0, error: $0.1) })
        }
        return outcomes.compactMap(\.value)
    }

    private struct Outcome<Result: Sendable>: Sendable {
        var value: Result?
        var error: (error: any Error, order: Int)?
        /// The rank whose failure all have heard of.
        var culprit: Int?
    }

    /// What the ranks have come to. Under a lock of the C library, which the thread sanitizer sees: it does not see a thread
    /// wait for a `Mutex`, and reports a race.
    private final class Outcomes<Result: Sendable>: @unchecked Sendable {
        private let lock = NSLock()
        private var outcomes: [Outcome<Result>]
        private var failureCount = 0

        init(count: Int) { outcomes = Array(repeating: Outcome(), count: count) }

        /// How many ranks have failed before.
        func countFailure() -> Int {
            lock.withLock {
                defer { failureCount += 1 }
                return failureCount
            }
        }

        func record(_ outcome: Outcome<Result>, of rank: Int) { lock.withLock { outcomes[rank] = outcome } }
        var all: [Outcome<Result>] { lock.withLock { outcomes } }
    }

    private func runThreads<Result: Sendable>(
        _ body: @escaping @Sendable (InProcessCommunicator) throws -> Result
    ) throws -> [Outcome<Result>] {
        let group = try InProcessGroup(ranks: Array(0..<size), ranksPerNode: ranksPerNode, timeouts: timeouts)
        let outcomes = Outcomes<Result>(count: size)
        let finished = DispatchSemaphore(value: 0)
        for rank in 0..<size {
            let thread = Thread {
                cmpi_name_thread("rank \(rank)")  // Foundation names threads for itself only
                let communicator = InProcessCommunicator(group: group, rank: rank)
                var outcome = Outcome<Result>()
                do {
                    outcome.value = try World.withCurrent(communicator) { try body(communicator) }
                    communicator.engine.plane.depart()
                } catch {
                    // Counted before the others can hear of it: the first failure is the first in this order.
                    outcome.error = (error, outcomes.countFailure())
                    communicator.fail(error, during: "")
                    let heard = communicator.engine.plane.alarmError()
                    if heard.code == .peerFailed { outcome.culprit = heard.rank }
                }
                outcomes.record(outcome, of: rank)
                finished.signal()
            }
            thread.name = "rank \(rank)"
            thread.stackSize = 64 << 20
            thread.start()
        }
        for _ in 0..<size { finished.wait() }
        return outcomes.all
    }
}

/// What a rank threw, as seen from outside the ranks.
public struct RankFailure: EnclosingError, CustomStringConvertible {
    /// The rank that failed first.
    public let rank: Int
    /// What it threw.
    public let error: any Error
    /// What all failing ranks threw; those after the first mostly echo it.
    public let all: [(rank: Int, error: any Error)]

    package var enclosed: any Error { error }

    public var description: String {
        let text = String(describing: error)
        return text.hasPrefix("rank \(rank): ") ? text : "rank \(rank): \(text)"
    }
}

/// A class around a value that cannot be copied, so that closures can share it.
final class Box<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
