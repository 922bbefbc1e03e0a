// SPDX-License-Identifier: Apache-2.0
// What the loop keeps so that a run can be interrupted, and so that it can go on.

import LockstepTensor

/// The loop's notes; a fit begins with new ones.
package struct Resuming {
    /// Whether what is remembered is noted where a training phase ends: a run that is stopped in validation goes on from there.
    package var notesEndOfTraining = false
    /// What was noted there.
    var endOfTraining: StateArchive?
    /// Where in the epoch's order the items after this batch begin.
    var batchEnd: Int?
    /// Where in the epoch's order ``Learner/firstBatch`` begins, where that is known: items may have been skipped.
    var firstPosition: Int?
    /// The place of a run that goes on after the training phase of an epoch.
    var endedTraining: ResumePoint?
}
