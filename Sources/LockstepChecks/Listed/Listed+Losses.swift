// SPDX-License-Identifier: Apache-2.0
// Every loss function, with options other than the usual ones, and predictions and targets that it takes.

package import LockstepNN
package import LockstepTensor
import LockstepTesting

extension Listed {
    /// A loss with what it is given.
    package struct Loss: Sendable, CustomStringConvertible {
        package let make: @Sendable () -> any LossFunction
        package let prediction: @Sendable () -> Tensor
        package let target: @Sendable () -> Tensor
        package var description: String { "\(type(of: make()))" }
    }

    /// Every loss function.
    package static let losses: [Loss] = {
        let scores: @Sendable () -> Tensor = { sample([4, 3], seed: 1) }
        let classes: @Sendable () -> Tensor = { sampleIntegers([4], seed: 2, in: 0..<3) }
        let numbers: @Sendable () -> Tensor = { sample([4, 3], seed: 3) }
        let shares: @Sendable () -> Tensor = { sample([4, 3], seed: 4, in: 0..<1) }
        let weight: @Sendable () -> Tensor = { Tensor([1, 0.5, 2]) }
        return [
            Loss(
                make: { CrossEntropyFlat(axis: 1, weight: weight(), ignoreIndex: 7, reduction: .sum) },
                prediction: scores, target: classes),
            Loss(
                make: { FocalFlat(gamma: 1.5, weight: weight(), axis: 1, reduction: .none) }, prediction: scores,
                target: classes),
            Loss(
                make: { DiceLoss(axis: 1, smooth: 0.1, reduction: .mean, squaresInUnion: true) }, prediction: scores,
                target: classes),
            Loss(
                make: { LabelSmoothingCrossEntropy(eps: 0.2, weight: weight(), reduction: .sum) }, prediction: scores,
                target: classes),
            Loss(
                make: { LabelSmoothingCrossEntropyFlat(axis: 1, eps: 0.3, weight: weight(), reduction: .none) },
                prediction: scores, target: classes),
            Loss(
                make: { MSEFlat(reduction: .sum, convertsTarget: false) }, prediction: scores, target: numbers),
            Loss(
                make: { L1Flat(reduction: .none, convertsTarget: false) }, prediction: scores, target: numbers),
            Loss(make: { BCEFlat(reduction: .sum) }, prediction: shares, target: shares),
            Loss(
                make: {
                    BCEWithLogitsFlat(threshold: 0.2, weight: weight(), positiveWeight: weight(), convertsTarget: false)
                }, prediction: scores, target: shares),
            Loss(
                make: { CustomLoss("own") { p, t in (p - t).abs() } }, prediction: scores, target: numbers),
        ]
    }()
}
