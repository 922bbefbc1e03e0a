// SPDX-License-Identifier: Apache-2.0
// Errors of the learner that stand around others.

import LockstepComm
package import LockstepLearner

extension CallbackError: EnclosingError {
    package var enclosed: any Error { underlying }
}
