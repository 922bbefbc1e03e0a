// SPDX-License-Identifier: Apache-2.0
// Which event methods a subclass of Callback overrides, read from its method table (docs/decisions/0001).

/// Finds the events a callback type implements, without anybody declaring them.
///
/// Which entry of the ``MethodTable`` belongs to which event is not assumed: twenty-four probe classes, each overriding one
/// event, show it. Should a future compiler lay tables out otherwise, no probe would differ from ``Callback`` in exactly one
/// entry of its own, and every callback counts as implementing every event: slower by a few empty calls, never wrong.
enum OverriddenEvents {
    /// The events whose methods `type` or a superclass below ``Callback`` overrides.
    static func of(_ type: Callback.Type) -> EventSet {
        guard let slots else { return .all }
        let (base, table) = (words(of: Callback.self), words(of: type))
        var found: EventSet = []
        for event in Event.allCases where base[slots[event.index]] != table[slots[event.index]] {
            found.insert(EventSet(event))
        }
        return found
    }

    /// Whether `type` or a superclass below ``Callback`` overrides `around`.
    static func surroundsLevels(_ type: Callback.Type) -> Bool {
        guard let surrounding else { return true }
        return words(of: Callback.self)[surrounding] != words(of: type)[surrounding]
    }

    /// The word of `around`.
    private static let surrounding: Int? = {
        let own = MethodTable.differences(probes + [Around.self], from: Callback.self, methods: Event.allCases.count)
        return own?.last.flatMap { $0.count == 1 ? $0.first : nil }
    }()

    /// For each event its word in the metadata; nil when the probes do not agree that there is exactly one.
    static let slots: [Int]? = {
        let own = MethodTable.differences(probes, from: Callback.self, methods: Event.allCases.count)
        guard let own, own.allSatisfy({ $0.count == 1 }), Set(own).count == own.count else { return nil }
        return own.compactMap(\.first)
    }()

    private static func words(of type: Callback.Type) -> UnsafeBufferPointer<UInt> {
        MethodTable.words(of: type, sharedWith: Callback.self, methods: Event.allCases.count)
    }

    private static let probes: [Callback.Type] = [
        P00.self, P01.self, P02.self, P03.self, P04.self, P05.self, P06.self, P07.self, P08.self, P09.self, P10.self,
        P11.self, P12.self, P13.self, P14.self, P15.self, P16.self, P17.self, P18.self, P19.self, P20.self, P21.self,
        P22.self, P23.self,
    ]
}

// One class per event, in the order of `Event.allCases`. The bodies differ from the base's empty ones, lest they be merged.
private final class P00: Callback { override func afterCreate(_: Learner) throws { throw CancelSignal.fit } }
private final class P01: Callback { override func beforeFit(_: Learner) throws { throw CancelSignal.fit } }
private final class P02: Callback { override func beforeEpoch(_: Learner) throws { throw CancelSignal.fit } }
private final class P03: Callback { override func beforeTrain(_: Learner) throws { throw CancelSignal.fit } }
private final class P04: Callback { override func beforeBatch(_: Learner) throws { throw CancelSignal.fit } }
private final class P05: Callback { override func afterPred(_: Learner) throws { throw CancelSignal.fit } }
private final class P06: Callback { override func afterLoss(_: Learner) throws { throw CancelSignal.fit } }
private final class P07: Callback { override func beforeBackward(_: Learner) throws { throw CancelSignal.fit } }
private final class P08: Callback { override func afterCancelBackward(_: Learner) throws { throw CancelSignal.fit } }
private final class P09: Callback { override func afterBackward(_: Learner) throws { throw CancelSignal.fit } }
private final class P10: Callback { override func beforeStep(_: Learner) throws { throw CancelSignal.fit } }
private final class P11: Callback { override func afterCancelStep(_: Learner) throws { throw CancelSignal.fit } }
private final class P12: Callback { override func afterStep(_: Learner) throws { throw CancelSignal.fit } }
private final class P13: Callback { override func afterCancelBatch(_: Learner) throws { throw CancelSignal.fit } }
private final class P14: Callback { override func afterBatch(_: Learner) throws { throw CancelSignal.fit } }
private final class P15: Callback { override func afterCancelTrain(_: Learner) throws { throw CancelSignal.fit } }
private final class P16: Callback { override func afterTrain(_: Learner) throws { throw CancelSignal.fit } }
private final class P17: Callback { override func beforeValidate(_: Learner) throws { throw CancelSignal.fit } }
private final class P18: Callback { override func afterCancelValidate(_: Learner) throws { throw CancelSignal.fit } }
private final class P19: Callback { override func afterValidate(_: Learner) throws { throw CancelSignal.fit } }
private final class P20: Callback { override func afterCancelEpoch(_: Learner) throws { throw CancelSignal.fit } }
private final class P21: Callback { override func afterEpoch(_: Learner) throws { throw CancelSignal.fit } }
private final class P22: Callback { override func afterCancelFit(_: Learner) throws { throw CancelSignal.fit } }
private final class P23: Callback { override func afterFit(_: Learner) throws { throw CancelSignal.fit } }
private final class Around: Callback {
    override func around(_: Phase, _: Learner, _: () throws -> Void) throws { throw CancelSignal.fit }
}
