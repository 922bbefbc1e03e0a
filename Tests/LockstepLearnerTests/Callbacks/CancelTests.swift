// SPDX-License-Identifier: Apache-2.0
// Who catches which cancel signal: the traces of the contract's table, two training batches and one for validation.

import LockstepLearner
import LockstepTesting
import Testing

/// What a fit of one epoch does when a signal is raised at an event.
private struct Trace {
    let events: [Event]
    let escaped: EscapedCancelError?

    init(_ signal: CancelSignal, at event: Event, when condition: @escaping (Learner) -> Bool = { _ in true }) throws {
        let verbose = VerboseCallback()
        let throwing = Throwing(signal, at: event, when: condition)
        let learner = tinyLearner([verbose, throwing])
        do {
            try learner.fit(1)
            escaped = nil
        } catch let error as EscapedCancelError {
            escaped = error
        }
        events = Array(verbose.events.dropFirst())  // after_create
        #expect(learner.callbacks.count == 3)
        #expect(learner.dl == nil && learner.xb.isEmpty && learner.loss == nil)
    }

    /// The events from the `count`-th occurrence of `event` on, in one line.
    func from(_ event: Event, _ count: Int = 1) -> String {
        let places = events.indices.filter { events[$0] == event }
        return places.count >= count ? names(Array(events[places[count - 1]...])) : "no \(event.rawValue) \(count)"
    }
}

@Suite("Cancel signals")
struct CancelTests {
    private let validBatch = "before_batch after_pred after_loss after_batch"
    private let validation =
        "before_validate before_batch after_pred after_loss after_batch after_validate after_epoch after_fit"

    @Test("[LOOP-01] one epoch of two training and one validation batch")
    func plain() throws {
        let verbose = VerboseCallback()
        try tinyLearner([verbose]).fit(1)
        let step = """
            before_batch after_pred after_loss before_backward after_backward before_step after_step after_batch
            """
        #expect(
            names(verbose.events)
                == "after_create before_fit before_epoch before_train \(step) \(step) after_train \(validation)")
    }

    @Test("[LOOP-10] batch in before_batch: every batch is left at once")
    func batchBefore() throws {
        let trace = try Trace(.batch, at: .beforeBatch)
        let batch = "before_batch after_cancel_batch after_batch"
        #expect(
            names(trace.events)
                == "before_fit before_epoch before_train \(batch) \(batch) after_train before_validate \(batch) after_validate after_epoch after_fit"
        )
    }

    @Test("[LOOP-11] batch in before_step: no after_step")
    func batchBeforeStep() throws {
        let trace = try Trace(.batch, at: .beforeStep)
        #expect(trace.from(.beforeStep, 2).hasPrefix("before_step after_cancel_batch after_batch after_train"))
        #expect(!trace.events.contains(.afterStep))
    }

    @Test("[LOOP-12] batch in after_batch escapes")
    func batchAfter() throws {
        let escaped = try #require(try Trace(.batch, at: .afterBatch).escaped)
        #expect(escaped.signal == .batch && escaped.callback == "Throwing" && escaped.event == .afterBatch)
        #expect(escaped.description.contains("Throwing in after_batch"))
    }

    @Test("[LOOP-13] backward in before_backward: the step happens all the same")
    func backward() throws {
        let trace = try Trace(.backward, at: .beforeBackward)
        #expect(
            trace.from(.beforeBackward).hasPrefix(
                "before_backward after_cancel_backward after_backward before_step after_step after_batch"))
    }

    @Test("[LOOP-14] backward in before_step or after_loss escapes", arguments: [Event.beforeStep, .afterLoss])
    func backwardElsewhere(_ event: Event) throws {
        #expect(try Trace(.backward, at: event).escaped?.event == event)
    }

    @Test("[LOOP-15] step in before_step")
    func step() throws {
        let trace = try Trace(.step, at: .beforeStep)
        #expect(trace.from(.beforeStep).hasPrefix("before_step after_cancel_step after_step after_batch"))
    }

    @Test("[LOOP-16] step in after_step or before_backward escapes", arguments: [Event.afterStep, .beforeBackward])
    func stepElsewhere(_ event: Event) throws {
        #expect(try Trace(.step, at: event).escaped?.signal == .step)
    }

    @Test("[LOOP-17] train in before_train: validation follows")
    func trainBefore() throws {
        let trace = try Trace(.train, at: .beforeTrain)
        #expect(trace.from(.beforeTrain) == "before_train after_cancel_train after_train \(validation)")
    }

    @Test("[LOOP-18] train in after_batch of a training batch")
    func trainInBatch() throws {
        let trace = try Trace(.train, at: .afterBatch, when: \.training)
        #expect(trace.from(.afterBatch) == "after_batch after_cancel_train after_train \(validation)")
    }

    @Test("[LOOP-19] train in a validation batch, in after_train or before_validate escapes")
    func trainElsewhere() throws {
        #expect(try Trace(.train, at: .afterBatch, when: { !$0.training }).escaped?.signal == .train)
        #expect(try Trace(.train, at: .afterTrain).escaped?.event == .afterTrain)
        #expect(try Trace(.train, at: .beforeValidate).escaped?.event == .beforeValidate)
    }

    @Test("[LOOP-20] validate in before_validate")
    func validate() throws {
        let trace = try Trace(.validate, at: .beforeValidate)
        #expect(
            trace.from(.beforeValidate) == "before_validate after_cancel_validate after_validate after_epoch after_fit")
    }

    @Test("[LOOP-21] validate in a training batch or in after_validate escapes")
    func validateElsewhere() throws {
        #expect(try Trace(.validate, at: .afterBatch, when: \.training).escaped?.signal == .validate)
        #expect(try Trace(.validate, at: .afterValidate).escaped?.event == .afterValidate)
    }

    @Test("[LOOP-22] epoch in before_epoch")
    func epochBefore() throws {
        let trace = try Trace(.epoch, at: .beforeEpoch)
        #expect(names(trace.events) == "before_fit before_epoch after_cancel_epoch after_epoch after_fit")
    }

    @Test("[LOOP-23] epoch in after_batch: no after_train, and training is still on")
    func epochInBatch() throws {
        var wasTraining = false
        let verbose = VerboseCallback()
        let watch = ClosureCallback([.afterCancelEpoch: { wasTraining = $0.training }])
        try tinyLearner([verbose, watch, Throwing(CancelSignal.epoch, at: .afterBatch, when: \.training)]).fit(1)
        #expect(names(verbose.events).hasSuffix("after_step after_batch after_cancel_epoch after_epoch after_fit"))
        #expect(!verbose.events.contains(.afterTrain))
        #expect(wasTraining)
    }

    @Test("[LOOP-24] epoch in after_epoch escapes")
    func epochAfter() throws {
        #expect(try Trace(.epoch, at: .afterEpoch).escaped?.event == .afterEpoch)
    }

    @Test(
        "[LOOP-25] fit leaves from anywhere straight to after_fit",
        arguments: [Event.beforeFit, .beforeEpoch, .afterBatch, .afterEpoch])
    func fit(_ event: Event) throws {
        let trace = try Trace(.fit, at: event)
        #expect(trace.escaped == nil)
        #expect(trace.from(event) == "\(event.rawValue) after_cancel_fit after_fit")
    }

    @Test("[LOOP-26] fit in after_fit escapes")
    func fitAfter() throws {
        #expect(try Trace(.fit, at: .afterFit).escaped?.event == .afterFit)
    }

    @Test("later callbacks do not see an event whose dispatch was cut short")
    func laterOnesMiss() throws {
        let (early, late) = (VerboseCallback(order: 4), VerboseCallback(order: 6))
        try tinyLearner([early, late, Throwing(CancelSignal.fit, at: .beforeEpoch)]).fit(1)
        #expect(early.events.contains(.beforeEpoch))
        #expect(!late.events.contains(.beforeEpoch))
    }
}
