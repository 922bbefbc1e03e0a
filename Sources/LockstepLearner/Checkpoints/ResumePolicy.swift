// SPDX-License-Identifier: Apache-2.0
// Whether a fit goes on with an interrupted run.

import LockstepTensor

/// What a fit does about the checkpoints that lie in its ``CheckpointCallback``'s folder.
public enum ResumePolicy: Sendable {
    /// It begins anew, and refuses to overwrite what is there.
    case never
    /// It goes on from the newest checkpoint that is whole, and begins anew if there is none. A fit that is over is not run again.
    case auto
}

extension Learner {
    /// What a fit with these callbacks has to do. Collective where it may go on.
    ///
    /// - Throws: ``LearnerError`` when nothing writes checkpoints.
    func resumePlan(_ policy: ResumePolicy, _ callbacks: [Callback]) throws -> CheckpointCallback.Plan {
        guard policy == .auto else { return .begin }
        guard let checkpoints = (self.callbacks + callbacks).lazy.compactMap({ $0 as? CheckpointCallback }).first else {
            throw LearnerError(
                .missingCallback, "fit(resume: .auto): this learner has no CheckpointCallback whose checkpoints it could go on from")
        }
        return try checkpoints.plan(self)
    }
}
