// SPDX-License-Identifier: Apache-2.0
// Where ranks agree: the table row by row, and every pair of positions that two ranks can be in.

import LockstepComm
import LockstepLearner
import Testing

@testable import LockstepChecks
@testable import LockstepDistributed

@Suite("Agreements")
struct AgreementTableTests {
    /// An agreement that has come to `position`.
    private func agreement(at position: AgreementTable.Position, trains: Bool, agrees: Bool) -> AgreementTable {
        var agreement = AgreementTable()
        (agreement.trains, agreement.agreesBeforeUpdate) = (trains, agrees)
        if position == .outside { return agreement }
        _ = agreement.enter(.batch)
        if position == .begun { return agreement }
        agreement.middle()
        if position == .reduced { return agreement }
        agreement.agreesBeforeUpdate = true
        _ = agreement.enter(.step)
        agreement.agreesBeforeUpdate = agrees
        return agreement
    }

    @Test("a rank that leaves a batch makes up for the agreement that the others are at")
    func leaving() {
        for position in AgreementTable.Position.allCases {
            for flags in 0..<4 {
                let (trains, agrees) = (flags & 1 > 0, flags & 2 > 0)
                let owes =
                    switch position {
                    case .outside: true
                    case .begun: trains
                    case .reduced: agrees
                    case .committed: false
                    }
                for signal in [nil, .batch, .train, .fit] as [CancelSignal?] {
                    var there = agreement(at: position, trains: trains, agrees: agrees)
                    #expect(there.position == position)
                    let late = signal.map(AgreementTable.Move.agreesLate) ?? .goesOn(nil)
                    #expect(there.leave(.batch, with: signal) == (owes ? .agrees(signal) : late))
                    #expect(there.position == .outside)
                    there = agreement(at: position, trains: trains, agrees: agrees)
                    #expect(there.leave(.step, with: signal) == (owes ? .agrees(signal) : .goesOn(signal)))
                }
            }
        }
    }

    @Test(
        "ranks agree where a level begins and ends, where a batch begins, and before a step that somebody may still cancel"
    )
    func levels() {
        for phase in [Phase.fit, .epoch, .train, .validate] {
            var agreement = AgreementTable()
            #expect(agreement.enter(phase) == .agrees(nil))
            #expect(agreement.leave(phase, with: nil) == .agrees(nil))
            #expect(agreement.leave(phase, with: phase.signal) == .agrees(phase.signal))
        }
        for agrees in [true, false] {
            var there = agreement(at: .reduced, trains: true, agrees: agrees)
            #expect(there.enter(.step) == (agrees ? .agrees(nil) : .goesOn(nil)))
            #expect(there.leave(.step, with: nil) == .goesOn(nil))
            #expect(there.enter(.batch) == .agrees(nil) && there.position == .begun)
        }
    }

    @Test("nobody is asked about a signal that all throw, until its level has caught it")
    func inFlight() {
        var there = agreement(at: .begun, trains: true, agrees: true)
        there.throwing(.train)
        for phase in [Phase.step, .batch] { #expect(there.leave(phase, with: .train) == .goesOn(.train)) }
        #expect(there.inFlight == .train)
        #expect(there.leave(.train, with: .train) == .goesOn(.train) && there.inFlight == nil)
        #expect(there.leave(.epoch, with: nil) == .agrees(nil))
        there.left(.epoch, with: .fit)
        #expect(there.leave(.fit, with: .fit) == .goesOn(.fit))
    }

    @Test("two ranks agree equally often and go on alike, wherever either of them raises whichever signal")
    func everyPair() throws {
        for trains in [true, false] {
            for agrees in trains ? [true, false] : [false] {
                // Where nobody looks at gradients nobody is called between the middle and the update.
                let places = Place.allCases.filter { (trains || !$0.isOfTraining) && (agrees || $0 != .beforeStep) }
                let signals: [CancelSignal] = trains ? [.batch, .train, .epoch, .fit] : [.batch, .validate, .fit]
                let raises: [Raise?] =
                    [nil]
                    + places.flatMap { place in
                        // Where no batch is running none can be cancelled: the next test.
                        signals.filter { ![.beforePhase, .afterBatch].contains(place) || $0 != .batch }.map {
                            Raise(place: place, signal: $0)
                        }
                    }
                let pairs: [[Raise?]] = raises.flatMap { first in raises.map { [first, $0] } }
                let told = try InProcessWorld(2, timeouts: Timeouts(stall: 20, abort: 30)).run { ranks in
                    try pairs.map { pair in
                        do {
                            let walker = Walker(ranks, trains: trains, agrees: agrees, raises: pair[ranks.rank])
                            let outcome = try walker.walk()
                            // Of another name than agreements: who has agreed less often is found out here.
                            try ranks.barrier(name: "end")
                            return outcome
                        } catch {
                            throw Parted(pair: "\(pair), trains \(trains), agrees \(agrees)", error: error)
                        }
                    }
                }
                for (index, pair) in pairs.enumerated() {
                    #expect(told[0][index] == told[1][index], "\(pair), trains \(trains), agrees \(agrees)")
                }
            }
        }
    }
}

extension AgreementTableTests {
    @Test("a signal that no level of its rank catches is caught by none of the other's, and ends every rank")
    func escapes() throws {
        let outOfPlace: [(Event, CancelSignal)] = [
            (.afterBatch, .batch), (.afterTrain, .validate), (.afterEpoch, .epoch),
        ]
        for (event, signal) in outOfPlace {
            let sentences = try InProcessWorld(2, timeouts: Timeouts(stall: 20, abort: 30)).run { ranks in
                let learner = DistributedChecks.learner(rows: 8, batchSize: 2)
                let raising = ClosureCallback([event: { _ in if ranks.rank == 1 { throw signal } }])
                do {
                    try learner.withoutLogging {
                        try learner.distributed(over: ranks) { try learner.fit(2, callbacks: [raising]) }
                    }
                    return "nothing"
                } catch {
                    return "\(error)"
                }
            }
            #expect(
                sentences.allSatisfy { $0.contains("CancelSignal.\(signal)") && $0.contains("caught by nobody") },
                "\(sentences)")
            #expect(sentences[0].contains("rank 1"))
        }
    }
}

/// Where in the first of three batches a callback raises a signal.
private enum Place: CaseIterable {
    case beforePhase, beforeBatch, forward, backward, beforeMiddle, beforeStep, afterStep, afterBatch
    var isOfTraining: Bool { [.backward, .beforeMiddle, .beforeStep, .afterStep].contains(self) }
}

/// The two ranks did not agree alike.
private struct Parted: Error {
    let pair: String
    let error: any Error
}

private struct Raise: Sendable {
    let place: Place
    let signal: CancelSignal
}

/// What became of a fit of three batches on one rank.
private struct Outcome: Equatable, Sendable {
    /// The levels that a signal has ended, in turn.
    var caught: [Phase] = []
    var escaped: CancelSignal?
    var updates = 0
}

/// Goes through a fit as a learner does, with a coordinator of its own.
private final class Walker {
    private let coordinator: RankCoordinator
    private let trains: Bool
    private var raise: Raise?
    private var outcome = Outcome()

    init(_ ranks: any Communicator, trains: Bool, agrees: Bool, raises: Raise?) {
        coordinator = RankCoordinator(ranks)
        (self.trains, raise) = (trains, raises)
        (coordinator.trains, coordinator.agreesBeforeUpdate) = (trains, agrees)
    }

    func walk() throws -> Outcome {
        let phase: Phase = trains ? .train : .validate
        do {
            try run(.fit) {
                try run(.epoch) {
                    try run(phase, before: .beforePhase) { for _ in 0..<3 { try batch() } }
                }
            }
        } catch let escaped as CancelSignal {
            outcome.escaped = escaped
        }
        return outcome
    }

    private func batch() throws {
        try run(.batch, before: .beforeBatch, after: .afterBatch) {
            try at(.forward)
            guard trains else { return }
            try at(.backward)
            try run(.step, before: .beforeMiddle, after: .afterStep) { outcome.updates += 1 }
        }
    }

    private func at(_ place: Place?) throws {
        guard let raise, raise.place == place else { return }
        self.raise = nil
        throw raise.signal
    }

    /// As `Learner.run`.
    private func run(
        _ phase: Phase, before: Place? = nil, after: Place? = nil, _ body: () throws -> Void
    ) throws {
        var signal: CancelSignal?
        do {
            try at(before)
            if phase == .step {
                _ = try coordinator.middle(loss: 1, weight: 1, hasGradient: true)
                try at(.beforeStep)
            }
            try coordinator.enter(phase)
            try body()
        } catch let raised as CancelSignal {
            signal = raised
        }
        signal = try coordinator.agree(on: signal, leaving: phase)
        if let signal {
            guard signal == phase.signal else { throw signal }
            outcome.caught.append(phase)
        }
        try at(after)
    }
}
