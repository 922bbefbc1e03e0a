// SPDX-License-Identifier: Apache-2.0
// How a job of ranks came to its end, for those who may start it again: facts, no sentences.

import LockstepComm

/// What became of a job.
package enum JobEnd: Equatable {
    /// Every rank ended with 0.
    case done
    /// The ranks were asked to stop, or have agreed on another end.
    case agreed
    /// The program cannot run as it was started, or its data or files cannot be used: it would end the same way again.
    case refused
    /// A rank died, threw, or did not come; a machine was lost.
    case failed(JobFailure)
}

/// A failure after which a job can be started again.
package struct JobFailure: Equatable {
    /// How far the ranks had come.
    package enum Stage: Equatable {
        /// The program tells nothing: it is none of ours, or died too early.
        case unknown
        /// It had not begun to train.
        case starting
        /// It trained.
        case training
    }
    package var stage: Stage
    /// The step at which it failed; nil where nobody could tell.
    package var step: Int?
    /// The step at which the job began or went on to train.
    package var firstStep: Int?
    /// The latest step that it has saved.
    package var savedStep: Int?
    /// The machine that is gone.
    package var lostHost: String?
    /// Whether somebody else ended the rank that failed first: no program sends itself SIGKILL.
    package var wasKilled: Bool

    package init(
        _ stage: Stage, step: Int? = nil, from firstStep: Int? = nil, saved savedStep: Int? = nil,
        lostHost: String? = nil, wasKilled: Bool = false
    ) {
        (self.stage, self.step, self.firstStep) = (stage, step, firstStep)
        (self.savedStep, self.lostHost, self.wasKilled) = (savedStep, lostHost, wasKilled)
    }

    /// Codes of sysexits(3) that we use: a mistake of the user, the program, the data or the machine.
    private static let refusals: ClosedRange<Int32> = 64...74

    /// Whether a job that ended with `code` would end so again.
    static func isRefusal(_ code: Int32) -> Bool { refusals.contains(code) }
}
