// SPDX-License-Identifier: Apache-2.0
// What a callback puts around a level of the loop runs however the level is left.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Around a level") struct AroundTests {
    private final class Tape { var lines: [String] = [] }

    private final class Around: Callback {
        let (label, tape, place, phases): (String, Tape, Int, Set<Phase>)
        init(_ label: String, _ tape: Tape, order: Int = 0, _ phases: Set<Phase> = Set(Phase.allCases)) {
            (self.label, self.tape, place, self.phases) = (label, tape, order, phases)
        }
        override var order: Int { place }
        override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
            guard phases.contains(phase) else { return try level() }
            tape.lines.append("\(label)+\(phase.rawValue)")
            defer { tape.lines.append("\(label)-\(phase.rawValue)") }
            try level()
        }
    }

    @Test("every level is surrounded, and the order of events stays")
    func order() throws {
        let tape = Tape()
        let learner = synthLearner(nTrain: 1, nValid: 1, callbacks: [Around("a", tape)])
        for event in Event.allCases { try learner.on(event) { _ in tape.lines.append(event.rawValue) } }
        try learner.fit(1)
        #expect(
            tape.lines.joined(separator: " ") == """
                a+fit before_fit a+epoch before_epoch a+train before_train a+batch before_batch after_pred after_loss \
                a+backward before_backward a-backward after_backward a+step before_step a-step after_step \
                a-batch after_batch a-train after_train a+validate before_validate a+batch before_batch after_pred \
                after_loss a-batch after_batch a-validate after_validate a-epoch after_epoch a-fit after_fit
                """)
    }

    @Test(
        "a level is left by whatever signal: its end runs, where after_validate does not",
        arguments: CancelSignal.allCases)
    func signals(_ signal: CancelSignal) throws {
        let tape = Tape()
        let learner = synthLearner(nTrain: 1, nValid: 2, callbacks: [Around("a", tape, [.validate])])
        try learner.on(.afterValidate) { _ in tape.lines.append("after_validate") }
        try learner.on(.afterLoss) { if !$0.training { throw signal } }
        do { try learner.fit(1) } catch is EscapedCancelError { #expect([.train, .step, .backward].contains(signal)) }
        #expect(tape.lines.prefix(2) == ["a+validate", "a-validate"])
        #expect(tape.lines.contains("after_validate") == [.validate, .batch].contains(signal))
    }

    @Test("the first in running order is outermost; an error runs every end")
    func nesting() throws {
        struct Stop: Error {}
        let tape = Tape()
        let learner = synthLearner(
            nTrain: 1, callbacks: [Around("b", tape, order: 5, [.train]), Around("a", tape, order: 1, [.train])])
        try learner.on(.afterBackward) { _ in throw Stop() }
        #expect(throws: CallbackError.self) { try learner.fit(1) }
        #expect(tape.lines == ["a+train", "b+train", "b-train", "a-train"])
    }

    @Test(
        "a signal that an override keeps to itself leaves the level all the same; its own count as those of the level")
    func swallowed() throws {
        final class Deaf: Callback {
            override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
                try? level()
            }
        }
        final class Refusing: Callback {
            override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
                if phase == .validate { throw CancelSignal.validate }
                try level()
            }
        }
        let tape = Tape()
        let deaf = synthLearner(callbacks: [Deaf()])
        try deaf.on(.afterBatch) { if $0.iter == 2 { throw CancelSignal.train } }
        try deaf.on(.afterCancelTrain) { _ in tape.lines.append("cancelled") }
        try deaf.fit(1)
        #expect(tape.lines == ["cancelled"] && deaf.trainIter == 3)
        let refusing = synthLearner(callbacks: [Refusing()])
        try refusing.on(.afterCancelValidate) { _ in tape.lines.append("refused") }
        try refusing.on(.beforeValidate) { _ in tape.lines.append("begun") }
        try refusing.fit(1)
        #expect(tape.lines == ["cancelled", "refused"])
    }

    @Test("a level that is not run, or run twice, is an error that names the callback")
    func mistakes() {
        final class Lazy: Callback {
            override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
                if phase != .batch { try level() }
            }
        }
        final class Eager: Callback {
            override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
                try level()
                if phase == .batch { try level() }
            }
        }
        for callback in [Lazy(), Eager()] as [Callback] {
            do {
                try synthLearner(callbacks: [callback]).fit(1)
                Issue.record("\(callback.typeName) was not refused")
            } catch {
                #expect("\(error)".contains(callback.typeName) && "\(error)".contains("around"))
            }
        }
    }

    @Test("who switches events off, or stays out of inference, does not surround them")
    func switches() throws {
        final class Surrounding: Callback {
            var levels = 0
            override var takesPartInInference: Bool { false }
            override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
                if phase == .batch || phase == .validate { levels += 1 }
                try level()
            }
        }
        let callback = Surrounding()
        callback.runValid = false
        let learner = synthLearner(nTrain: 2, nValid: 3, callbacks: [callback])
        try learner.fit(1)
        #expect(callback.levels == 3)
        try learner.validate()
        #expect(callback.levels == 3)
        #expect(!ClosureCallback([:]).surroundsLevels && !GradientClip().surroundsLevels && callback.surroundsLevels)
    }
}
