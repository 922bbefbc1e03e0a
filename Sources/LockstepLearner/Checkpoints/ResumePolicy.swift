// SPDX-License-Identifier: Apache-2.0
// Whether a fit goes on with an interrupted run.

import LockstepTensor

/// What a fit does about the checkpoints that lie in its ``CheckpointCallback``'s folder.
public enum ResumePolicy: Sendable {
    /// It begins anew, and refuses to overwrite what is there.
    case never
    /// It goes on from the newest checkpoint that is whole, and begins anew if there is none. A fit that is over is not run again.
    case auto
    /// It goes on from the newest checkpoint that is whole; it is an error if there is none.
    case required
}

extension Learner {
    /// What a fit with these callbacks has to do. Collective where it may go on.
    ///
    /// - Throws: ``LearnerError`` when nothing writes checkpoints.
    func resumePlan(_ policy: ResumePolicy, resetOptimizer: Bool) throws -> CheckpointCallback.Plan {
        if policy == .never { return .begin }
        guard let checkpoints = callback(ofType: CheckpointCallback.self) else {
            throw LearnerError(
                .missingCallback,
                "fit(resume: .\(policy)): this learner has no CheckpointCallback whose checkpoints it could go on from")
        }
        return try checkpoints.plan(self, policy, resetOptimizer: resetOptimizer)
    }
}
