// SPDX-License-Identifier: Apache-2.0
// Raising tensors to powers given by tensors.

import CLockstepKernels

extension Tensor {
    /// Each element raised to the element of `exponent`; shapes broadcast. `0⁰` is 1.
    ///
    /// - Gradient: `ȳ·p·xᵖ⁻¹` and `ȳ·y·log x`; 0 to the exponent where `x` is 0.
    public func pow(_ exponent: Tensor, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        let (x, p) = (detached, exponent.detached)
        let y = Tensor.binary(LSK_POWER, "pow", x, p, file: file, line: line)
        return y.recording("pow", from: self, exponent) { dy, needs in
            var (dx, dp): (Tensor?, Tensor?)
            if needs.0 {
                let slope = p * Tensor.binary(LSK_POWER, "pow", x, p - 1)
                dx = (dy * slope).filled(where: (p .== 0).expanded(to: dy.shape), with: 0).summed(to: x.shape)
            }
            if needs.1 {
                dp = (dy * (y * x.log())).filled(where: (x .== 0).expanded(to: dy.shape), with: 0).summed(to: p.shape)
            }
            return (dx, dp)
        }
    }
}
