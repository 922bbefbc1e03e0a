// SPDX-License-Identifier: Apache-2.0
// The errors that leave a fit: what a callback threw, and cancel signals nobody was there to catch.

/// An error thrown by a callback, with where it happened; the original is ``underlying``.
public struct CallbackError: Error, CustomStringConvertible {
    /// The callback's type.
    public let callback: String
    /// The event during which it was thrown.
    public let event: Event
    /// What the callback threw.
    public let underlying: any Error

    public var description: String { "\(callback) failed in \(event.rawValue): \(sentence(for: underlying))" }
}

/// A cancel signal that was raised outside the level it cancels, so that nothing caught it.
public struct EscapedCancelError: Error, CustomStringConvertible {
    /// What was raised.
    public let signal: CancelSignal
    /// The type of the callback that raised it; nil when it came from elsewhere, such as a loader or another rank.
    public let callback: String?
    /// The event during which it was raised, if a callback raised it.
    public let event: Event?

    public var description: String {
        let origin = callback.map { "\($0) in \(event?.rawValue ?? "an unknown event")" } ?? "code outside of callbacks"
        return
            "CancelSignal.\(signal.rawValue), raised by \(origin), was caught by nobody: no \(signal.rawValue) was running there"
    }
}

/// What `error` says, and at least its type: some errors have no message.
func sentence(for error: any Error) -> String {
    let text = String(describing: error)
    let type = String(describing: Swift.type(of: error))
    return text.isEmpty || text == type + "()" ? type : text
}
