// SPDX-License-Identifier: Apache-2.0
// Finding the events a callback implements from its method table.

import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Overridden events")
struct OverriddenEventsTests {
    @Test("every event has a method table entry of its own")
    func probesAgree() throws {
        let slots = try #require(OverriddenEvents.slots)
        #expect(slots.count == Event.allCases.count)
        #expect(Set(slots).count == Event.allCases.count)
    }

    @Test("the index of an event is its place in the list")
    func indices() {
        for (index, event) in Event.allCases.enumerated() { #expect(event.index == index) }
    }

    @Test("the base class implements nothing, the verbose callback everything")
    func extremes() {
        #expect(OverriddenEvents.of(Callback.self) == [])
        #expect(OverriddenEvents.of(VerboseCallback.self) == .all)
    }

    class One: Callback {
        var extra = 3
        override func afterStep(_ learner: Learner) throws { extra += 1 }
        func unrelated() {}
    }
    final class Two<Value>: One {
        let value: Value
        init(_ value: Value) { self.value = value }
        override var order: Int { 7 }
        override func beforeFit(_ learner: Learner) throws { print(value) }
        override func unrelated() {}
    }

    @Test("inherited overrides count, in generic subclasses too; other methods do not")
    func subclasses() {
        #expect(One().handledEvents == EventSet(.afterStep))
        #expect(Two("x").handledEvents == [EventSet(.afterStep), EventSet(.beforeFit)])
    }

    @Test("handle calls the method of the event", arguments: Event.allCases)
    func handles(_ event: Event) throws {
        let callback = VerboseCallback()
        try callback.handle(event, synthLearner())
        #expect(callback.events == [event])
        #expect(callback.handledEvents.contains(event))
    }

    @Test("built-in callbacks implement what they say")
    func builtIns() {
        let learner = synthLearner(defaultCallbacks: .all)
        #expect(learner.orderedCallbacks(for: .afterEpoch).map(\.typeName) == ["Recorder"])
        #expect(
            learner.orderedCallbacks(for: .afterBatch).map(\.typeName) == [
                "TrainEvalCallback", "Recorder", "ProgressCallback",
            ])
        #expect(learner.orderedCallbacks(for: .afterStep).isEmpty)
    }
}
