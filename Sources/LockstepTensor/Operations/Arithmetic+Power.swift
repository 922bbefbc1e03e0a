// SPDX-License-Identifier: Apache-2.0
// Raising tensors to powers given by tensors.

import CLockstepKernels

extension Tensor {
    /// Each element raised to the element of `exponent`; shapes broadcast. `0⁰` is 1.
    ///
    /// Integers raised to integers are exact, modulo 2 to the number of their bits; to negative ones cut off (1 and −1 stay,
    /// anything else is 0).
    /// - Gradient: `ȳ·p·xᵖ⁻¹` and `ȳ·y·log x`; 0 to the exponent where `x` is 0.
    public func pow(_ exponent: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let (base, exponent) = Tensor.together(self, exponent)
        let (x, p) = (base.detached, exponent.detached)
        let y = Tensor.binary(LSK_POWER, "pow", x, p, file: file, line: line)
        return y.recording("pow", from: base, exponent) { dy, needs in
            var (dx, dp): (Tensor?, Tensor?)
            if needs.0 {
                let derivative = p * Tensor.binary(LSK_POWER, "pow", x, p - 1)
                dx = (dy * derivative).filled(where: (p .== 0).expanded(to: dy.shape), with: 0).summed(to: x.shape)
            }
            if needs.1 {
                dp = (dy * (y * x.log())).filled(where: (x .== 0).expanded(to: dy.shape), with: 0).summed(to: p.shape)
            }
            return (dx, dp)
        }
    }

    /// Integers raised to a whole number, exact modulo 2 to the number of their bits.
    func integerPower(_ exponent: Double, file: StaticString, line: UInt) -> Tensor {
        require(
            exponent >= 0,
            "pow: integers have no power \(exponent) among integers; convert the tensor of \(dtype) with to(.float32) first",
            file: file, line: line)
        require(DType.int64.holds(exponent), DType.int64.refusal("pow", exponent), file: file, line: line)
        // Modulo 2^64, of which a narrower type keeps the last bits.
        let power = Tensor.binary(
            LSK_POWER, "pow", to(.int64), Tensor(exponent, dtype: .int64), file: file, line: line)
        return dtype == .bool ? power : power.to(dtype)
    }
}
