// SPDX-License-Identifier: Apache-2.0
// Functions of one operand, element by element: mathematics. Activations are in Elementwise+Activations.swift.

import CLockstepKernels

// All of these take any shape and keep it; integers and booleans are computed in float32. Float32 errors are stated in
// ulps (units in the last place) against the exact value; float64 is libm's.
extension Tensor {
    /// `eˣ`, within 1.5 ulp. Gradient: `ȳ·y`.
    public func exp() -> Tensor { function("exp", savingResult: LSK_EXP) }

    /// Natural logarithm, within 1.5 ulp; `−∞` at 0, NaN below. Gradient: `ȳ/x`.
    public func log() -> Tensor { function("log", savingInput: LSK_LOG) }

    /// Logarithm to base 2, exact at powers of 2; `−∞` at 0, NaN below. Costs a libm call per element. Gradient: `ȳ/(x·ln 2)`.
    public func log2() -> Tensor { function("log2", savingInput: LSK_LOG2) }

    /// `eˣ − 1`, also near 0, where `x.exp() - 1` loses every digit. Costs a libm call per element. Gradient: `ȳ·(y + 1)`.
    public func expm1() -> Tensor { function("expm1", savingResult: LSK_EXPM1) }

    /// `log(1 + x)`, within 2 ulp also near 0, where `(1 + x).log()` loses every digit. Gradient: `ȳ/(1 + x)`.
    public func log1p() -> Tensor { function("log1p", savingInput: LSK_LOG1P) }

    /// Square root, correctly rounded; NaN below 0. Gradient: `ȳ/2y`.
    public func sqrt() -> Tensor { function("sqrt", savingResult: LSK_SQRT) }

    /// `1/√x`. Gradient: `−ȳ·y³/2`.
    public func rsqrt() -> Tensor { function("rsqrt", savingResult: LSK_RSQRT) }

    /// Magnitude; integers stay integers. Gradient: `ȳ·sign(x)`, 0 at 0.
    public func abs() -> Tensor {
        if dtype.isInteger { return mapped(LSK_ABS) }
        return function("abs", savingInput: LSK_ABS)
    }

    /// −1, 0 or 1 by sign; NaN stays NaN; integers stay integers. Gradient: 0.
    public func sign() -> Tensor {
        if dtype.isInteger { return mapped(LSK_SIGN) }
        return function("sign", constant: LSK_SIGN)
    }

    /// Sine of radians, within 1 ulp for every argument. Gradient: `ȳ·cos x`.
    public func sin() -> Tensor { function("sin", savingInput: LSK_SIN) }

    /// Cosine of radians, within 1 ulp for every argument. Gradient: `−ȳ·sin x`.
    public func cos() -> Tensor { function("cos", savingInput: LSK_COS) }

    /// Hyperbolic tangent, within 2.5 ulp. Gradient: `ȳ·(1 − y²)`.
    public func tanh() -> Tensor { function("tanh", savingResult: LSK_TANH) }

    /// The error function `2/√π ∫₀ˣ e^(−t²) dt`, within 1.5 ulp. Gradient: `ȳ·2/√π·e^(−x²)`.
    public func erf() -> Tensor { function("erf", savingInput: LSK_ERF) }

    /// `x²`; integers stay integers. Gradient: `2ȳ·x`.
    public func square() -> Tensor {
        if dtype.isInteger { return mapped(LSK_SQUARE) }
        return function("square", savingInput: LSK_SQUARE)
    }

    /// `1/x`. Gradient: `−ȳ·y²`.
    public func reciprocal() -> Tensor { function("reciprocal", savingResult: LSK_RECIPROCAL) }

    /// Largest integer not above; integers stay as they are. Gradient: 0.
    public func floor() -> Tensor { dtype.isInteger ? detached : function("floor", constant: LSK_FLOOR) }

    /// Smallest integer not below; integers stay as they are. Gradient: 0.
    public func ceil() -> Tensor { dtype.isInteger ? detached : function("ceil", constant: LSK_CEIL) }

    /// Nearest integer, halves to the even one (as NumPy and PyTorch). Gradient: 0.
    public func round() -> Tensor { dtype.isInteger ? detached : function("round", constant: LSK_ROUND) }

    /// Each element raised to `exponent`. Gradient: `ȳ·p·xᵖ⁻¹`.
    ///
    /// 2, ½, −½, 1 and −1 take the short way; other exponents cost a libm call per element. Integers raised to a whole number
    /// stay integers and are exact (modulo 2 to the number of their bits, as products are); to any other number they are
    /// float32.
    /// - Precondition: an integer tensor is not raised to a negative whole number.
    public func pow(_ exponent: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        if !dtype.isFloatingPoint && exponent.isFinite && exponent == exponent.rounded() {
            return integerPower(exponent, file: file, line: line)
        }
        return switch exponent {
        case 2: square()
        case 1: self
        case 0.5: sqrt()
        case -0.5: rsqrt()
        case -1: reciprocal()
        default: function("pow", savingInput: LSK_POWER_OF, exponent)
        }
    }

    /// Each element limited to `min...max`; either bound may be left out. NaN stays NaN; integers stay integers, the nearest
    /// within the bounds.
    ///
    /// - Gradient: `ȳ` where the value is within the bounds, bounds included; 0 outside.
    /// - Precondition: some number of the type lies within the bounds.
    public func clamped(
        min: Double? = nil, max: Double? = nil, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let (low, high) = (min ?? -.infinity, max ?? .infinity)
        require(low <= high, "clamped: the lower bound \(low) is above the upper bound \(high)", file: file, line: line)
        if dtype.isInteger { return integersClamped(low, high, file, line) }
        return function("clamped", savingInput: LSK_CLAMP, low, high)
    }

    /// Limits to the whole numbers within the bounds. A bound beyond the type, on its own side, limits nothing.
    private func integersClamped(_ min: Double, _ max: Double, _ file: StaticString, _ line: UInt) -> Tensor {
        let (low, high) = (min.rounded(.up), max.rounded(.down))
        require(
            low <= high && low < dtype.tooLarge && high >= dtype.least,
            "clamped: no number of \(dtype) lies within \(min) … \(max)", file: file, line: line)
        var result = detached
        if low > dtype.least { result = Tensor.binary(LSK_MAXIMUM, "clamped", result, Tensor(low, dtype: dtype)) }
        if high < dtype.tooLarge - 1 {
            result = Tensor.binary(LSK_MINIMUM, "clamped", result, Tensor(high, dtype: dtype))
        }
        return result
    }
}
