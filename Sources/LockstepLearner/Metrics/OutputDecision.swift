// SPDX-License-Identifier: Apache-2.0
// What becomes of a model's outputs before a metric looks at them: probabilities, classes, answers, or only their order.

import LockstepTensor

/// Activation, argmax and threshold of an ``AccumMetric``.
struct OutputDecision {
    let activation: AccumMetric.Activation
    let argmaxAxis: Int?
    let threshold: Double?
    /// Whether nothing but the order of the scores counts. They are then not rounded to probabilities first.
    var isRanking = false

    /// Whether what is decided cannot say any more that an output was not a number.
    var hidesNaN: Bool { threshold != nil || (activation == .none && argmaxAxis != nil) }

    func callAsFunction(_ outputs: Tensor) -> Tensor {
        if let threshold {
            // An activation rises with what it is of, so its bound can be looked for there, where nothing saturates.
            return activation == .none
                ? chosen(outputs) .>= threshold : scores(outputs).to(.float64) .>= logit(threshold)
        }
        return isRanking ? scores(outputs) : chosen(outputs)
    }

    /// What the activation makes of the outputs.
    private func chosen(_ outputs: Tensor) -> Tensor {
        let axis = argmaxAxis ?? -1
        return switch activation {
        case .none: argmaxAxis.map { outputs.argmax(axis: $0) } ?? outputs
        case .sigmoid: outputs.sigmoid()
        case .softmax: outputs.softmax(axis: axis)
        case .binarySoftmax: last(outputs.softmax(axis: axis), axis)
        }
    }

    /// The logarithm of the odds of what the activation makes of the outputs.
    private func scores(_ outputs: Tensor) -> Tensor {
        let axis = argmaxAxis ?? -1
        return switch activation {
        case .none: chosen(outputs)
        case .sigmoid: outputs
        case .softmax: outputs.logOdds(axis: axis)
        case .binarySoftmax: last(outputs.logOdds(axis: axis), axis)
        }
    }

    private func last(_ values: Tensor, _ axis: Int) -> Tensor {
        let place = Tensor([Int64(values.dim(axis) - 1)], shape: [1])
        return values.indexSelect(axis: axis, index: place).squeezed(axis: axis)
    }
}
