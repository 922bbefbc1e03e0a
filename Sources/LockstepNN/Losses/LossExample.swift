// SPDX-License-Identifier: Apache-2.0
// The list of losses: files find them by it, and what must hold for all of them is tried with its examples.

package import LockstepTensor

/// A loss of the package: a value of it, with options other than the usual ones, and what that compares.
///
/// Swift finds no type by itself, so each has a line in ``all``; one that is missing fails `ListedTypesTests` by name.
package struct LossExample: Sendable {
    /// What four items look like, in words that tests turn into tensors.
    package enum Rows: Sendable {
        /// Scores of three classes, and a class.
        case classes
        /// Three numbers, and three numbers.
        case numbers
        /// Three probabilities, and three.
        case probabilities
        /// Scores of three labels, and three probabilities.
        case labels
    }

    /// What files know it by; nil when they do not hold it.
    package let configuration: Configuration?
    package let rows: Rows
    package let make: @Sendable () -> any LossFunction

    private init<Loss: LossFunction>(_ rows: Rows, _ make: @escaping @Sendable () -> Loss) {
        (configuration, self.rows, self.make) = (Configuration.made(Loss.self), rows, make)
    }

    private static var weight: Tensor { Tensor([1, 0.5, 2]) }

    /// Every loss.
    package static let all: [LossExample] = [
        Self(.classes) { CrossEntropyFlat(axis: 1, weight: weight, ignoreIndex: 7, reduction: .sum) },
        Self(.classes) { FocalFlat(gamma: 1.5, weight: weight, axis: 1, reduction: .none) },
        Self(.classes) { DiceLoss(axis: 1, smooth: 0.1, reduction: .mean, squaresInUnion: true) },
        Self(.classes) { LabelSmoothingCrossEntropy(eps: 0.2, weight: weight, reduction: .sum) },
        Self(.classes) { LabelSmoothingCrossEntropyFlat(axis: 1, eps: 0.3, weight: weight, reduction: .none) },
        Self(.numbers) { MSEFlat(reduction: .sum, convertsTarget: false) },
        Self(.numbers) { L1Flat(reduction: .none, convertsTarget: false) },
        Self(.numbers) { PoissonFlat(logInput: true, eps: 1e-6, reduction: .sum) },
        Self(.probabilities) { BCEFlat(reduction: .sum) },
        Self(.labels) {
            BCEWithLogitsFlat(threshold: 0.2, weight: weight, positiveWeight: weight, convertsTarget: false)
        },
        Self(.classes) { MemberLoss(CrossEntropyFlat(weight: weight)) },
        Self(.numbers) { CustomLoss("own") { p, t in (p - t).abs() } },
    ]
}
