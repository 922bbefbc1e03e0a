// SPDX-License-Identifier: Apache-2.0
// The word of flags that rides in the header of every collective and is OR-ed over the ranks.

/// What a rank wants all ranks to know at the next collective. What the flags mean is its callers' affair.
///
/// The word costs nothing: it travels in the header that every collective carries anyway, so a decision taken on one
/// rank becomes the decision of all, at the same collective, without a message of its own.
public struct StatusWord: OptionSet, Sendable, Hashable {
    /// One bit for each flag.
    public let rawValue: UInt64
    /// The flags whose bits are set.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// An error on this rank; its text travels separately (`Communicator.fail(_:during:)`).
    public static let failed = StatusWord(rawValue: 1 << 0)

    /// Bits 1 to 31 are for the modules of this package.
    package static func reserved(_ index: Int) -> StatusWord { StatusWord(rawValue: 1 << UInt64(1 + index)) }

    /// Bits 32 to 63 are the caller's own.
    public static func custom(_ index: Int) -> StatusWord { StatusWord(rawValue: 1 << UInt64(32 + (index & 31))) }
}

/// What all ranks have agreed on when a collective returns: the same value on every rank.
public struct Agreement: Sendable, Hashable {
    /// Sum of the ranks' weights, added in rank order.
    public var weight: Double
    /// OR of the ranks' status words.
    public var status: StatusWord
    /// The lowest rank whose status word was not empty.
    public var firstSignallingRank: Int?

    /// What the ranks agreed on.
    public init(weight: Double, status: StatusWord, firstSignallingRank: Int?) {
        self.weight = weight
        self.status = status
        self.firstSignallingRank = firstSignallingRank
    }
}
