// SPDX-License-Identifier: Apache-2.0
// What can go wrong between ranks: one sentence that names rank, event and cause, the same on every rank.

/// An error of a communicator.
///
/// Two errors are equal when code, rank and message are; a mismatch or a peer's failure is equal on every rank.
public struct CommunicatorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of error. A struct, so that new codes break nobody's `switch`.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The number that travels between ranks.
        public let rawValue: Int32
        /// The code with this number.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// Ranks called different collectives, or with different counts, types or names.
        public static let mismatch = Code(rawValue: 1)
        /// Another rank threw; the message is that rank's.
        public static let peerFailed = Code(rawValue: 2)
        /// The process of another rank has ended without saying so.
        public static let peerDied = Code(rawValue: 3)
        /// Another rank has ended its program in good order, while this one waits for it.
        public static let peerLeft = Code(rawValue: 4)
        /// A rank did not come within the abort time-out.
        public static let timedOut = Code(rawValue: 5)
        /// A collective inside `withRankZeroOnly`.
        public static let collectiveInRankZeroScope = Code(rawValue: 6)
        /// The launcher promises several ranks, and MPI would not connect them.
        public static let launch = Code(rawValue: 7)
        /// MPI returned an error; see `mpi`.
        public static let mpi = Code(rawValue: 8)
        /// Memory could not be allocated or shared.
        public static let memory = Code(rawValue: 9)
        /// A variable of the environment is set to something that it cannot be.
        public static let environment = Code(rawValue: 10)
    }

    /// What kind of failure it is.
    public var code: Code
    /// The rank that caused it, where one did.
    public var rank: Int?
    /// What went wrong, in one sentence.
    public var message: String
    /// The error of MPI behind it.
    public var mpi: MPIError?

    /// A failure, of `rank` if it is known whose it is.
    public init(_ code: Code, rank: Int? = nil, _ message: String, mpi: MPIError? = nil) {
        self.code = code
        self.rank = rank
        self.message = message
        self.mpi = mpi
    }

    public var description: String { message }

    /// True for errors that concern the group, not one rank: they read the same on every rank.
    var isShared: Bool { [.mismatch, .peerFailed, .peerDied, .peerLeft, .timedOut].contains(code) }
}

/// An error around another: what it means for the job is what that one means.
package protocol EnclosingError: Error {
    var enclosed: any Error { get }
}

extension CommunicatorError {
    /// The communicator's error in `error`, however many others are around it.
    static func within(_ error: any Error) -> CommunicatorError? {
        var error = error
        while let outer = error as? any EnclosingError { error = outer.enclosed }
        return error as? CommunicatorError
    }

    static func collectiveInScope(_ operation: String, scope: String) -> CommunicatorError {
        CommunicatorError(
            .collectiveInRankZeroScope,
            "\(operation): called inside withRankZeroOnly(\"\(scope)\"). Only rank 0 runs that block, so the other ranks would never arrive; move the call out of the block."
        )
    }

    static func peerFailed(rank: Int, event: String, text: String) -> CommunicatorError {
        CommunicatorError(.peerFailed, rank: rank, "rank \(rank): \(event.isEmpty ? "" : event + ": ")\(text)")
    }

    static func left(rank: Int, waiting: Int, operation: String) -> CommunicatorError {
        CommunicatorError(
            .peerLeft, rank: rank,
            "rank \(rank) has ended its program while rank \(waiting) waits for it in \(operation). Every rank must call the same collectives."
        )
    }

    /// What a later call throws: since when, and why.
    func later(than sequence: UInt64) -> CommunicatorError {
        let start = "since collective \(sequence) these ranks cannot work together any more: "
        if message.hasPrefix(start) { return self }
        var error = self
        error.message = start + message
        return error
    }

    static func memory(_ message: String) -> CommunicatorError { CommunicatorError(.memory, message) }
}
