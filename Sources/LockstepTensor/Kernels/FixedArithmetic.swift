// SPDX-License-Identifier: Apache-2.0
// A scope in which sums are cut alike whatever the machine has to offer: for ranks whose bits are compared.

import CLockstepKernels

/// From its making to ``end()`` the calling thread convolves by patches, and kernels of the process use one thread.
///
/// Scopes of several threads may overlap in any order: what was set before holds again when the last of them has ended, so
/// that ranks in one process need not take turns.
package final class FixedArithmetic {
    private let engine: lsk_convolution_engine
    private var isOver = false

    package init() {
        engine = lsk_set_convolution_engine(LSK_ENGINE_BLAS)
        lsk_hold_one_thread()
    }

    /// Ends the scope, on the thread it began on. A second call does nothing.
    package func end() {
        guard !isOver else { return }
        isOver = true
        lsk_set_convolution_engine(engine)
        lsk_release_one_thread()
    }

    deinit {
        // Which thread lets go is not known, so its engine is left alone.
        if !isOver { lsk_release_one_thread() }
    }
}
