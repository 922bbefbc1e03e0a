// SPDX-License-Identifier: Apache-2.0
// Why a run is ended before it is over, and when it has to be.

import Foundation
import LockstepComm

/// Why a fit was ended in good order.
public enum StopReason: Sendable, Equatable, CustomStringConvertible {
    /// A signal of the system.
    case signal(Int32)
    /// The time that the program has is about to be over.
    case timeLimit

    /// As one number that ranks tell each other: signals have their own.
    var number: Int32 {
        switch self {
        case .signal(let number): number
        case .timeLimit: 0
        }
    }

    /// Of the mean of ranks' numbers: ranks that got different signals call it SIGTERM.
    init(_ mean: Double) {
        self = mean == 0 ? .timeLimit : .signal(mean == mean.rounded() ? Int32(mean) : 15)
    }

    public var description: String {
        switch self {
        case .signal(let number): StopSignals.name(of: number)
        case .timeLimit: "the time limit is near"
        }
    }
}

/// When a program has to be over.
public struct Deadline: Sendable {
    /// Seconds since 1970; nil where there is no such time.
    private let time: Double?

    /// So long after `start`.
    public static func after(_ limit: Duration, since start: ContinuousClock.Instant) -> Deadline {
        Deadline(time: Date().timeIntervalSince1970 + (limit - (.now - start)) / .seconds(1))
    }

    /// When the batch system ends the job that this program is part of, where it says so (`SLURM_JOB_END_TIME`).
    public static var ofJob: Deadline {
        Deadline(time: ProcessInfo.processInfo.environment["SLURM_JOB_END_TIME"].flatMap { Double($0) })
    }

    private init(time: Double?) { self.time = time }

    /// Whether no more than `seconds` are left.
    func isNear(leaving seconds: Double) -> Bool {
        guard let time else { return false }
        return time - Date().timeIntervalSince1970 <= seconds
    }
}
