// SPDX-License-Identifier: Apache-2.0
// A thread for what must not slow training down.

import CLockstepKernels
import Foundation

/// Runs work beside training, on processors that nothing else wants.
package enum BackgroundThread {
    /// Begins `work` on a thread of its own.
    package static func begin(_ work: @escaping @Sendable () -> Void) {
        Thread.detachNewThread {
            lsk_enter_background()
            work()
        }
    }
}
