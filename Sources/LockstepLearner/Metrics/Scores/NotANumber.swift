// SPDX-License-Identifier: Apache-2.0
// Finding values that are no numbers before a class is made of them, or an order.

import LockstepTensor

/// Whether an element is not a number, as the outputs of a model that has diverged. One pass, nothing is stored.
func hasNaN(_ tensor: Tensor) -> Bool {
    guard tensor.dtype.isFloatingPoint, tensor.count > 0 else { return false }
    let values = tensor.detached
    return (values.dtype == .bfloat16 ? values.to(.float32) : values).max().item().isNaN
}

/// Whether targets that stand for classes are no classes: not a number, or infinite.
func hasNoClass(_ targets: Tensor) -> Bool {
    guard targets.dtype.isFloatingPoint, targets.count > 0 else { return false }
    return targets.detached.isFinite().all().item() == 0
}

/// A mark that stays when states are added up: 0, or not a number once something was seen that is none.
///
/// Counts of classes cannot say it, and a class made of a NaN would look like an answer.
struct NaNMark {
    private(set) var sum = 0.0

    var isSet: Bool { sum.isNaN }
    mutating func set() { sum = .nan }
    var sums: [Double] { [sum] }

    init() {}
    init(sums: [Double]) { sum = sums.first ?? 0 }
}
