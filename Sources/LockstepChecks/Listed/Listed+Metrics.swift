// SPDX-License-Identifier: Apache-2.0
// The listed metrics, with rows of which they say something.

package import LockstepLearner
package import LockstepTensor
import LockstepTesting

extension Listed {
    package typealias Metric = MetricExample

    /// Every metric: those that are types, and those that are functions of `Metric`.
    package static let metrics: [Metric] = MetricExample.all
}

extension MetricExample.Rows {
    /// Predictions and targets of eight items.
    package var batch: (prediction: Tensor, target: Tensor) {
        switch self {
        case .classes:
            (sample([8, 3], seed: 1, in: 0..<1).softmax(axis: 1), Tensor([1, 0, 2, 1, 0, 2, 0, 1] as [Int64]))
        case .twoClasses: (sample([8, 2], seed: 2), Tensor([0, 1, 1, 1, 0, 0, 1, 0] as [Int64]))
        case .labels:
            (
                sample([8, 3], seed: 3),
                Tensor(
                    [1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1] as [Float],
                    shape: [8, 3])
            )
        case .numbers: (sample([8, 1], seed: 4, in: 0.5..<2), sample([8, 1], seed: 5, in: 0.5..<2))
        case .pixels: (sample([8, 2, 2, 2], seed: 6), sampleIntegers([8, 2, 2], seed: 7, in: 0..<2))
        case .tokens:
            (
                sampleIntegers([8, 6], seed: 8, in: 0..<3).oneHot(classes: 4).to(.float32),
                sampleIntegers([8, 6], seed: 9, in: 0..<3)
            )
        }
    }
}
