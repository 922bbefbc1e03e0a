// SPDX-License-Identifier: Apache-2.0
// Activation functions, each with a gradient kernel of one pass.

import CLockstepKernels

extension Tensor {
    /// `max(x, 0)`; NaN stays NaN. Gradient: `ȳ` where `x > 0`, else 0.
    public func relu() -> Tensor {
        let x = real
        let y = x.mapped(LSK_RELU)
        return y.recording("relu", from: x, through: FusedDerivative(positive: y))
    }

    /// `x` above 0, `slope·x` below. Gradient: `ȳ` or `slope·ȳ`.
    public func leakyRelu(slope: Double = 0.01) -> Tensor { function("leakyRelu", savingInput: LSK_LEAKY_RELU, slope) }

    /// `1/(1 + e⁻ˣ)`, within 2.5 ulp. Gradient: `ȳ·y·(1 − y)`.
    public func sigmoid() -> Tensor { function("sigmoid", savingResult: LSK_SIGMOID) }

    /// `x·Φ(x)`, with the exact normal distribution `Φ(x) = (1 + erf(x/√2))/2`. Gradient: `ȳ·(Φ(x) + x·φ(x))`.
    ///
    /// When a gradient will be wanted, the derivative is made in the same pass and kept instead of the input.
    /// - Parameter approximation: What to take for Φ; ``GELUApproximation/tanh`` is GPT-2's.
    public func gelu(approximation: GELUApproximation = .none) -> Tensor {
        if approximation == .tanh { return function("gelu", savingInput: LSK_GELU_TANH) }
        let x = real
        guard x.node != nil && isRecordingGradients else { return x.mapped(LSK_GELU) }
        let dense = x.body.isDense ? x.detached : x.detached.contiguous()
        let (y, derivative) = (dense.uninitializedLike(), dense.uninitializedLike())
        lsk_gelu(x.dtype.kernelType, x.count, dense.unsafePointer, y.unsafePointer, derivative.unsafePointer)
        return y.recording("gelu", from: x, through: FusedDerivative(factor: derivative))
    }

    /// `x·sigmoid(x)`, also called swish. Gradient: `ȳ·σ·(1 + x·(1 − σ))`.
    public func silu() -> Tensor { function("silu", savingInput: LSK_SILU) }

    /// `min(max(x, 0), 6)`; NaN stays NaN. Gradient: `ȳ` between 0 and 6, else 0.
    public func relu6() -> Tensor { function("relu6", savingInput: LSK_RELU6) }

    /// `relu6(x + 3)/6`: a sigmoid of straight lines. Gradient: `ȳ/6` between −3 and 3, else 0.
    public func hardsigmoid() -> Tensor { function("hardsigmoid", savingInput: LSK_HARD_SIGMOID) }

    /// `x·relu6(x + 3)/6`: a ``silu()`` of straight lines and a parabola. Howard et al., *Searching for MobileNetV3* (2019).
    ///
    /// - Gradient: 0 up to −3, `ȳ·(x/3 + ½)` up to 3, `ȳ` above.
    public func hardswish() -> Tensor { function("hardswish", savingInput: LSK_HARD_SWISH) }

    /// `log(1 + eˣ)`, without overflow. Gradient: `ȳ·sigmoid(x)`.
    public func softplus() -> Tensor { function("softplus", savingInput: LSK_SOFTPLUS) }
}

/// What stands for the normal distribution in ``Tensor/gelu(approximation:)``.
public enum GELUApproximation: String, Sendable, Codable, CaseIterable {
    /// The distribution itself.
    case none
    /// `(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2`, with which `x·Φ(x)` is up to 5e-4 off.
    case tanh
}
