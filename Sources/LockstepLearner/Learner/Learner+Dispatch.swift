// SPDX-License-Identifier: Apache-2.0
// Calling callbacks: one event to all who implement it, in order.

extension Learner {
    /// Dispatches `event` to the callbacks that implement it, in running order.
    ///
    /// If one throws, later ones do not see the event. Errors other than cancel signals come out as ``CallbackError``.
    /// On several ranks the callbacks of this rank are called; those that communicate need the event on all ranks.
    public func callAsFunction(_ event: Event) throws {
        if handledEvents.contains(event) {
            for callback in lists.callbacks(for: event, isInferring: isInferring)
            where callback.isDue(at: event, isTraining: training) {
                do {
                    try callback.handle(event, self)
                } catch {
                    throw explained(error, from: callback, at: event)
                }
            }
        }
        if event == .afterFit { for callback in callbacks { callback.run = true } }
    }

    /// Dispatches several events in sequence, to the callbacks of this rank.
    public func callAsFunction(_ events: [Event]) throws {
        for event in events { try self(event) }
    }

    /// Dispatches `event` to the callbacks of this rank; another spelling of `learner(event)`.
    public func dispatch(_ event: Event) throws { try self(event) }

    /// The callbacks of this rank that implement `event`, in running order, whether or not they are switched on.
    public func orderedCallbacks(for event: Event) -> [Callback] { lists.callbacks(for: event, isInferring: false) }

    /// All callbacks in running order.
    public var runningOrder: [Callback] { lists.order }

    /// Forgets the running order: after a callback's ``Callback/order`` has changed. On this rank only.
    public func invalidateOrder() { dispatchLists = nil }

    /// Those of the callbacks of this rank that surround levels of the loop, outermost first.
    var surrounding: [Callback] { lists.surrounding(isInferring: isInferring) }

    private var lists: DispatchLists {
        if let dispatchLists { return dispatchLists }
        // Adding a callback has checked that an order exists.
        let order = (try? Learner.order(of: callbacks)) ?? callbacks
        let lists = DispatchLists(order)
        dispatchLists = lists
        return lists
    }

    func explained(_ error: any Error, from callback: Callback, at event: Event) -> any Error {
        switch error {
        case is CancelSignal:
            cancelOrigin = (callback.typeName, event)
            return error
        case is CallbackError, is EscapedCancelError:
            return error
        default:
            return CallbackError(callback: callback.typeName, event: event, underlying: error)
        }
    }
}

/// Who is called when: worked out once per change of the list of callbacks, not per event.
final class DispatchLists {
    let order: [Callback]
    private let whileFitting: [[Callback]]
    private let whileInferring: [[Callback]]
    private let surrounding: (whileFitting: [Callback], whileInferring: [Callback])
    /// The events anybody implements.
    let handled: EventSet

    init(_ order: [Callback]) {
        self.order = order
        let events = order.map(\.handledEvents)
        handled = events.reduce([]) { $0.union($1) }
        whileFitting = Event.allCases.map { event in zip(order, events).filter { $1.contains(event) }.map(\.0) }
        whileInferring = whileFitting.map { $0.filter(\.takesPartInInference) }
        let around = order.filter(\.surroundsLevels)
        surrounding = (around, around.filter(\.takesPartInInference))
    }

    var isSurrounded: Bool { !surrounding.whileFitting.isEmpty }

    func surrounding(isInferring: Bool) -> [Callback] {
        isInferring ? surrounding.whileInferring : surrounding.whileFitting
    }

    func callbacks(for event: Event, isInferring: Bool) -> [Callback] {
        isInferring ? whileInferring[event.index] : whileFitting[event.index]
    }
}
