// SPDX-License-Identifier: Apache-2.0
// Which engine convolutions use.

import CLockstepKernels

/// How the calling thread chooses between the engines that can convolve.
package enum ConvolutionEngine {
    /// Multiplies gathered patches while it is true. Otherwise the fastest engine is found by timing, per shape, so
    /// that two runs may differ in their last bits.
    package static var isFixed: Bool {
        get { lsk_get_convolution_engine() == LSK_ENGINE_BLAS }
        set { lsk_set_convolution_engine(newValue ? LSK_ENGINE_BLAS : LSK_ENGINE_MEASURED) }
    }
}
