// SPDX-License-Identifier: Apache-2.0
// A set of events in one word.

/// A set of events.
struct EventSet: OptionSet, Sendable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ event: Event) { rawValue = 1 << UInt32(event.index) }

    /// Every event.
    static let all = EventSet(rawValue: (1 << UInt32(Event.allCases.count)) - 1)

    func contains(_ event: Event) -> Bool { rawValue >> UInt32(event.index) & 1 == 1 }
}
