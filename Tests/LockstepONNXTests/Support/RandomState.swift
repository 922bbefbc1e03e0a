// SPDX-License-Identifier: Apache-2.0
// Weights and statistics as training leaves them: none of them ones or zeros.

import LockstepNN
import LockstepTensor
import LockstepTesting

extension Module {
    /// Random parameters and buffers, variances positive; small, so that deep networks stay finite.
    func randomise(seed: UInt64 = 7, scale: Double = 1) throws {
        let state = stateDictionary().enumerated().map { index, entry -> (name: String, tensor: Tensor) in
            guard entry.tensor.dtype.isFloatingPoint else { return entry }
            let shape = entry.tensor.shape
            // Products keep their size.
            let inputs = shape.rank > 1 ? shape.dropFirst().reduce(1, *) : 1
            let width = scale * 1.7 / Double(inputs).squareRoot()
            let isVariance = entry.name.hasSuffix("running_var")
            let range =
                isVariance ? 0.5..<2 : shape.rank == 1 && entry.name.hasSuffix("weight") ? 0.5..<1.5 : -width..<width
            return (entry.name, sample(shape, seed: seed + UInt64(index), in: range))
        }
        try loadStateDictionary(state)
        eval()
    }
}
