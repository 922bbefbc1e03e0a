// SPDX-License-Identifier: Apache-2.0
// Activation functions, each with a gradient kernel of one pass.

import CLockstepKernels

extension Tensor {
    /// `max(x, 0)`; NaN stays NaN. Gradient: `ȳ` where `x > 0`, else 0.
    public func relu() -> Tensor { function("relu", savingResult: LSK_RELU) }

    /// `x` above 0, `slope·x` below. Gradient: `ȳ` or `slope·ȳ`.
    public func leakyRelu(slope: Double = 0.01) -> Tensor { function("leakyRelu", savingInput: LSK_LEAKY_RELU, slope) }

    /// `1/(1 + e⁻ˣ)`, within 2.5 ulp. Gradient: `ȳ·y·(1 − y)`.
    public func sigmoid() -> Tensor { function("sigmoid", savingResult: LSK_SIGMOID) }

    /// `x·Φ(x)`, with the exact normal distribution `Φ(x) = (1 + erf(x/√2))/2`. Gradient: `ȳ·(Φ(x) + x·φ(x))`.
    public func gelu() -> Tensor { function("gelu", savingInput: LSK_GELU) }

    /// `x·sigmoid(x)`, also called swish. Gradient: `ȳ·σ·(1 + x·(1 − σ))`.
    public func silu() -> Tensor { function("silu", savingInput: LSK_SILU) }

    /// `log(1 + eˣ)`, without overflow. Gradient: `ȳ·sigmoid(x)`.
    public func softplus() -> Tensor { function("softplus", savingInput: LSK_SOFTPLUS) }
}
