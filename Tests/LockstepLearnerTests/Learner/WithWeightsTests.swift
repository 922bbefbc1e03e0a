// SPDX-License-Identifier: Apache-2.0
// Other values of the parameters for a scope, and their average over a fit.

import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Other weights for a scope") struct WithWeightsTests {
    private func weights(_ learner: Learner) -> [[Float]] { learner.model.parameters().map { $0.value.floats } }
    private struct Stop: Error {}

    @Test("values are put back, also when the scope throws; memory is the same")
    func putBack() throws {
        let learner = synthLearner()
        try learner.fit(1)
        let (own, places) = (weights(learner), learner.model.parameters().map { $0.value.unsafePointer })
        let new = learner.model.parameters().map { Tensor.ones(like: $0.value) * 7 }
        try learner.withWeights(new) {
            #expect(weights(learner).allSatisfy { $0.allSatisfy { $0 == 7 } })
            // Scopes in scopes.
            try learner.withWeights(new.map { $0 * 2 }) {
                #expect(weights(learner).allSatisfy { $0.allSatisfy { $0 == 14 } })
            }
            #expect(weights(learner).allSatisfy { $0.allSatisfy { $0 == 7 } })
        }
        #expect(throws: Stop.self) { try learner.withWeights(new) { throw Stop() } }
        #expect(weights(learner) == own)
        #expect(learner.model.parameters().map { $0.value.unsafePointer } == places)
        #expect(learner.optimizer?.arena.isWhole == true)
        // Training goes on where it was.
        let other = synthLearner()
        try other.fit(1)
        try learner.fit(1)
        try other.fit(1)
        #expect(weights(learner) == weights(other))
    }

    @Test("what a scope assigns to a parameter, in another shape too, leaves training as it was")
    func otherShapes() throws {
        let (learner, other) = (synthLearner(), synthLearner())
        for learner in [learner, other] { try learner.fit(1) }
        let parameter = learner.model.parameters()[0]
        try learner.withWeights(learner.model.parameters().map { $0.value + 1 }) {
            parameter.wrappedValue = .ones([3, 3])
        }
        #expect(learner.optimizer?.arena.isWhole == true)
        for learner in [learner, other] { try learner.fit(2) }
        #expect(weights(learner) == weights(other))
    }

    @Test("a scope evaluates, predicts, saves and exports the other values")
    func uses() throws {
        let learner = synthLearner()
        learner.model = Sequential { Linear(1, 1) }
        try learner.fit(1)
        let trained = try learner.validate()
        let start = learner.model.parameters().map { Tensor.zeros(like: $0.value) }
        let bytes = try learner.withWeights(start) {
            #expect(try learner.validate()[0] != trained[0])
            #expect(try learner.predictions().predictions.floats.allSatisfy { $0 == 0 })
            let exported = try Learner.load(exported: learner.exported())
            #expect(exported.model.parameters().allSatisfy { $0.value.floats.allSatisfy { $0 == 0 } })
            return try learner.checkpoint()
        }
        #expect(try learner.validate() == trained)
        try learner.load(checkpoint: bytes)
        #expect(weights(learner).allSatisfy { $0.allSatisfy { $0 == 0 } })
    }

    @Test("what does not fit is refused before anything changes; fits are refused inside")
    func refused() throws {
        let learner = synthLearner()
        let parameters = learner.model.parameters()
        let own = weights(learner)
        func code(_ body: () throws -> Void) -> LearnerError.Code? {
            do { try body() } catch { return (error as? LearnerError)?.code }
            return nil
        }
        func unreachable() { Issue.record("the scope was entered") }
        #expect(code { try learner.withWeights([]) { unreachable() } } == .unsuitableWeights)
        let wide = parameters.map { Tensor.zeros([$0.value.count + 1]) }
        #expect(code { try learner.withWeights(wide) { unreachable() } } == .unsuitableWeights)
        let whole = parameters.map { Tensor.zeros(like: $0.value).to(.int64) }
        #expect(code { try learner.withWeights(whole) { unreachable() } } == .unsuitableWeights)
        do { try learner.withWeights(wide) {} } catch { #expect("\(error)".contains("is float32 [1]")) }
        #expect(weights(learner) == own)
        let same = parameters.map { $0.value.to(.float64) }
        #expect(code { try learner.withWeights(same) { try learner.fit(1) } } == .busy)
        #expect(code { try learner.withWeights(same) { _ = try learner.createOptimizer() } } == .busy)
        #expect(weights(learner) == own && learner.optimizer == nil)
    }

    @Test("the average is that of its formula, is validated and kept")
    func average() throws {
        for warmsUp in [false, true] {
            let average = WeightAverage(decay: 0.75, warmsUp: warmsUp)
            let learner = synthLearner(nTrain: 4, callbacks: [Recorder(), average])
            learner.logger = SilentLogger()
            var expected: [Tensor] = []
            var (steps, atValidation) = (0, [[Tensor]]())
            try learner.on(.beforeTrain) { learner in
                if learner.epoch == 0 { expected = learner.model.parameters().map { $0.value.to(.float64) } }
            }
            try learner.on(.afterStep, order: -1) { learner in
                steps += 1
                let kept = warmsUp ? min(0.75, Double(1 + steps) / Double(10 + steps)) : 0.75
                expected = zip(expected, learner.model.parameters()).map {
                    $0 * kept + $1.value.to(.float64) * (1 - kept)
                }
            }
            try learner.on(.afterValidate) { _ in atValidation.append(expected) }
            try learner.fit(3)
            #expect(average.steps == 12 && atValidation.count == 3)
            for (a, b) in zip(average.weights, expected) { expectClose(a.to(.float64), b, "average", relative: 1e-5) }
            for (a, b) in zip(learner.model.parameters(), average.weights) { #expect(a.value.floats == b.floats) }
            let losses = learner.recorder?.rows.map { $0["valid_loss"] ?? .nan } ?? []
            let other = synthLearner(nTrain: 4)
            let measured = try atValidation.map { weights in
                try other.withWeights(weights) { try other.validate()[0] ?? .nan }
            }
            expectClose(losses, measured, "validation", relative: 1e-5)
        }
    }

    @Test("an average that is not kept, nor validated, changes nothing")
    func untouched() throws {
        let (plain, watched) = (
            synthLearner(), synthLearner(callbacks: [WeightAverage(validates: false, isKept: false)])
        )
        try plain.fit(2)
        try watched.fit(2)
        #expect(weights(plain) == weights(watched))
    }

    @Test("steps that were cancelled are not averaged")
    func cancelled() throws {
        let average = WeightAverage()
        let learner = synthLearner(nTrain: 4, callbacks: [average])
        try learner.on(.beforeStep) { if $0.iter % 2 == 0 { throw CancelSignal.step } }
        try learner.fit(1)
        #expect(average.steps == 2)
    }
}
