// SPDX-License-Identifier: Apache-2.0
// Adding, finding, removing, ordering and gating callbacks.

import LockstepLearner
import LockstepTesting
import Testing

@Suite("The list of callbacks")
struct CallbackListTests {
    final class TstCallback: Callback {}
    final class AddCbCallback: Callback {}
    final class AddCallbackCallback: Callback {}
    struct Oops: Error {}

    @Test("[S06] callbacks are found by name and type")
    func attributes() throws {
        let plain = synthLearner()
        #expect(plain.callbacks.count == 1)
        #expect(plain.callbacks[0] is TrainEvalCallback)
        #expect(plain.callback(named: "train_eval") === plain.trainEval)
        let learner = synthLearner(callbacks: [TstCallback()])
        #expect(learner.callbacks.count == 2)
        #expect(learner.callbacks[1] is TstCallback)
        #expect(learner.callback(named: "tst") === learner.callbacks[1])
    }

    @Test("[S07] [CB-06] a name that is a member of the learner is refused and nothing changes")
    func collision() {
        let learner = synthLearner()
        for callback in [AddCbCallback(), AddCallbackCallback()] {
            let error = #expect(throws: LearnerError.self) { try learner.addCallback(callback) }
            #expect(error?.code == .nameCollision)
            #expect(error?.message.contains("add_c") == true)
            #expect(callback.learner == nil)
        }
        #expect(learner.callbacks.count == 1)
    }

    @Test("[S07] a colliding callback given to the initialiser stops the program")
    func collisionAtCreation() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = synthLearner(callbacks: [AddCbCallback()])
        }
        expectTrap(result, says: "AddCbCallback", "add_cb")
    }

    @Test("every stored property of the learner is a reserved name")
    func reservedNames() {
        final class Named: Callback {
            let label: String
            init(_ label: String) { self.label = label }
            override var name: String { label }
        }
        let learner = synthLearner()
        // Members that hold the loop's machinery are not public.
        let hidden: Set<String> = [
            "dispatchLists", "handledEvents", "cancelOrigin", "warned", "part", "checksLoss", "resuming",
            "badValidationBatch", "expectsNonFiniteLoss",
        ]
        for case let label? in Mirror(reflecting: learner).children.map(\.label) where !hidden.contains(label) {
            let snake = label.reduce("") { $0 + ($1.isUppercase ? "_\($1.lowercased())" : String($1)) }
            #expect(throws: LearnerError.self, "\(snake)") { try learner.addCallback(Named(snake)) }
        }
    }

    @Test("[S08] dispatching an event runs it")
    func dispatch() throws {
        let verbose = VerboseCallback()
        let learner = synthLearner(callbacks: [verbose])
        try learner(.afterFit)
        try learner([.beforeFit, .afterFit])
        #expect(verbose.events == [.afterCreate, .afterFit, .beforeFit, .afterFit])
    }

    @Test("[S09] [S10] adding one and several")
    func adding() throws {
        let learner = synthLearner()
        try learner.addCallback(TestTrainEvalCallback())
        #expect(learner.callbacks.count == 2)
        #expect(learner.callbacks[1] is TestTrainEvalCallback)
        #expect(learner.trainEval?.learner === learner)
        try learner.addCallbacks([TestTrainEvalCallback(), TestTrainEvalCallback()])
        #expect(learner.callbacks.count == 4)
    }

    @Test("[S11] [CB-03] added for a scope, also when the body throws")
    func addedForAScope() throws {
        let learner = synthLearner()
        try learner.withAddedCallbacks([TestTrainEvalCallback()]) { #expect(learner.callbacks.count == 2) }
        #expect(learner.callbacks.count == 1)
        #expect(throws: Oops.self) {
            try learner.withAddedCallbacks([TestTrainEvalCallback()]) { throw Oops() }
        }
        #expect(learner.callbacks.count == 1)
    }

    @Test("[S12] running order at an event")
    func ordered() throws {
        let learner = synthLearner()
        try learner.addCallback(TestTrainEvalCallback())
        #expect(
            learner.orderedCallbacks(for: .beforeFit).map(\.typeName) == ["TrainEvalCallback", "TestTrainEvalCallback"])
        try learner.fit(1)
    }

    @Test("[S13] removing an instance")
    func removingOne() throws {
        let learner = synthLearner()
        try learner.addCallback(TestTrainEvalCallback())
        let callback = learner.callbacks[1]
        learner.removeCallback(callback)
        #expect(learner.callbacks.count == 1)
        #expect(callback.learner == nil)
        #expect(learner.callback(named: "test_train_eval") == nil)
        learner.removeCallback(callback)  // harmless
    }

    @Test("[S14] [CB-04] removing a type removes all of it")
    func removingType() throws {
        let learner = synthLearner()
        let added = [TestTrainEvalCallback(), TestTrainEvalCallback()]
        try learner.addCallbacks(added)
        learner.removeCallback(added[1])
        #expect(learner.callback(named: "test_train_eval") === added[0])
        try learner.addCallback(added[1])
        learner.removeCallbacks(ofType: TestTrainEvalCallback.self)
        #expect(learner.callbacks.count == 1)
        #expect(learner.callback(ofType: TestTrainEvalCallback.self) == nil)
        #expect(added.allSatisfy { $0.learner == nil })
        learner.removeCallbacks(ofType: Callback.self)
        #expect(learner.callbacks.isEmpty)
    }

    @Test("[S15] removing a slice")
    func removingSlice() throws {
        let learner = synthLearner()
        try learner.addCallbacks([TestTrainEvalCallback(), TestTrainEvalCallback(), TestTrainEvalCallback()])
        learner.removeCallbacks(learner.callbacks[1...])
        #expect(learner.callbacks.count == 1)
    }

    @Test("[S16] [CB-03] removed for a scope, also when the body throws")
    func removedForAScope() throws {
        let learner = synthLearner()
        try learner.addCallback(TestTrainEvalCallback())
        learner.withRemovedCallbacks([learner.callbacks[1]]) { #expect($0.callbacks.count == 1) }
        #expect(learner.callbacks.count == 2)
        #expect(throws: Oops.self) { try learner.withRemovedCallbacks([learner.callbacks[1]]) { _ in throw Oops() } }
        #expect(learner.callbacks.count == 2)
    }

    @Test("[CB-05] removed for a scope by type: the same instances come back to their places")
    func placesRestored() throws {
        let learner = synthLearner()
        try learner.addCallbacks([TestTrainEvalCallback(), TstCallback(), TestTrainEvalCallback(), VerboseCallback()])
        let before = learner.callbacks.map(ObjectIdentifier.init)
        learner.withRemovedCallbacks(ofType: TestTrainEvalCallback.self) { #expect($0.callbacks.count == 3) }
        #expect(learner.callbacks.map(ObjectIdentifier.init) == before)
        let new = TstCallback()
        try learner.withRemovedCallbacks(ofType: TrainEvalCallback.self) { _ = try $0.addCallback(new) }
        #expect(learner.callbacks.first is TrainEvalCallback)
        #expect(learner.callbacks.last === new)
    }

    @Test("scopes take empty lists, several types, and closures that leave the learner out")
    func scopes() throws {
        let learner = synthLearner()
        try learner.addCallbacks([TestTrainEvalCallback(), TstCallback(), VerboseCallback()])
        let before = learner.callbacks.map(ObjectIdentifier.init)
        func count() -> Int { learner.callbacks.count }
        learner.withRemovedCallbacks([]) {}
        #expect(learner.withRemovedCallbacks([]) { count() } == 4)
        #expect(learner.withRemovedCallbacks([]) { $0.callbacks.count } == 4)
        #expect(learner.withRemovedCallbacks([learner.callbacks[2]]) { count() } == 3)
        #expect(learner.withRemovedCallbacks(ofType: TstCallback.self) { count() } == 3)
        #expect(learner.withRemovedCallbacks(ofTypes: []) { count() } == 4)
        let types: [Callback.Type] = [TrainEvalCallback.self, TestTrainEvalCallback.self, VerboseCallback.self]
        #expect(learner.withRemovedCallbacks(ofTypes: types) { $0.callbacks.map(\.typeName) } == ["TstCallback"])
        #expect(throws: Oops.self) { try learner.withRemovedCallbacks(ofTypes: types) { throw Oops() } }
        #expect(learner.callbacks.map(ObjectIdentifier.init) == before)
        #expect(try learner.withAddedCallbacks([]) { count() } == 4)
        #expect(try learner.withAddedCallbacks([TstCallback()]) { $0.callbacks.count } == 5)
        learner.removeCallbacks([])
        learner.removeCallbacks(learner.callbacks[3...])
        learner.removeCallbacks(ofTypes: types)
        #expect(learner.callbacks.map(\.typeName) == ["TstCallback"])
    }

    @Test("an instance is taken once, and by one learner")
    func duplicates() throws {
        let callback = TstCallback()
        let learner = synthLearner(callbacks: [callback])
        #expect(throws: LearnerError.self) { try learner.addCallback(callback) }
        #expect(throws: LearnerError.self) { try synthLearner().addCallback(callback) }
        let other = TstCallback()
        #expect(throws: LearnerError.self) { try learner.addCallbacks([other, other]) }
        #expect(learner.callbacks.count == 2)
        #expect(other.learner == nil)
    }

    // MARK: Order

    final class At: Callback {
        let place: Int
        let label: String
        let (after, before): ([Callback.Type], [Callback.Type])
        init(_ place: Int, _ label: String, after: [Callback.Type] = [], before: [Callback.Type] = []) {
            (self.place, self.label, self.after, self.before) = (place, label, after, before)
        }
        override var name: String { label }
        override var order: Int { place }
        override var runsAfter: [Callback.Type] { after }
        override var runsBefore: [Callback.Type] { before }
    }
    final class First: Callback { override var runsBefore: [Callback.Type] { [Second.self] } }
    class Second: Callback { override var order: Int { -100 } }
    final class SecondChild: Second {}
    final class Loop1: Callback { override var runsAfter: [Callback.Type] { [Loop2.self] } }
    final class Loop2: Callback { override var runsAfter: [Callback.Type] { [Loop1.self] } }

    @Test("[CB-07] equal orders keep the order in which they were added")
    func stable() throws {
        let learner = synthLearner(callbacks: [At(3, "b"), At(1, "a"), At(3, "c"), At(3, "d"), At(1, "e")])
        #expect(learner.runningOrder.dropFirst().map(\.name) == ["a", "e", "b", "c", "d"])
    }

    @Test("[CB-08] a relation beats the number, for subclasses too")
    func relations() throws {
        let learner = synthLearner(callbacks: [SecondChild(), First()])
        #expect(learner.runningOrder.map(\.typeName) == ["TrainEvalCallback", "First", "SecondChild"])
        let early = synthLearner(callbacks: [At(-50, "early", after: [TrainEvalCallback.self])])
        #expect(early.runningOrder.map(\.name) == ["train_eval", "early"])
    }

    @Test("[CB-09] a cycle is refused and names both")
    func cycle() throws {
        let learner = synthLearner(callbacks: [Loop1()])
        let error = #expect(throws: LearnerError.self) { try learner.addCallback(Loop2()) }
        #expect(error?.code == .cycle)
        #expect(error?.message.contains("Loop1") == true && error?.message.contains("Loop2") == true)
        #expect(learner.callbacks.count == 2)
    }

    // MARK: Gating

    @Test(
        "[CB-01] runTrain and runValid gate batch events only",
        arguments: [(true, true), (true, false), (false, true), (false, false)])
    func gating(_ train: Bool, _ valid: Bool) throws {
        let verbose = VerboseCallback()
        (verbose.runTrain, verbose.runValid) = (train, valid)
        try tinyLearner([verbose]).fit(1)
        let batches = verbose.events.filter { $0 == .beforeBatch }.count
        #expect(batches == (train ? 2 : 0) + (valid ? 1 : 0))
        #expect(verbose.events.filter(\.isInner).count == (train ? 16 : 0) + (valid ? 4 : 0))
        let outer =
            "after_create before_fit before_epoch before_train after_train before_validate after_validate after_epoch after_fit"
        #expect(names(verbose.events.filter { !$0.isInner }) == outer)
    }

    @Test("[CB-02] run = false in before_fit sits out one fit")
    func sittingOut() throws {
        final class Shy: Callback {
            var batches = 0
            var isShy = true
            override func beforeFit(_ learner: Learner) { if isShy { run = false } }
            override func afterBatch(_ learner: Learner) { batches += 1 }
        }
        let shy = Shy()
        let learner = tinyLearner([shy])
        try learner.fit(1)
        #expect(shy.batches == 0)
        #expect(shy.run)
        shy.isShy = false
        try learner.fit(1)
        #expect(shy.batches == 3)
    }

    @Test("a closure is a callback")
    func closures() throws {
        let learner = tinyLearner()
        var epochs: [Int] = []
        let callback = try learner.on(.afterEpoch) { epochs.append($0.epoch) }
        try learner.fit(3)
        #expect(epochs == [0, 1, 2])
        #expect(learner.orderedCallbacks(for: .afterEpoch).count == 1)
        learner.removeCallback(callback)
        try learner.fit(1)
        #expect(epochs == [0, 1, 2])
    }
}
