// SPDX-License-Identifier: Apache-2.0
// Mixed precision, emulated: matrix products whose operands and results are rounded to 16 bits.

import CLockstepKernels

/// A floating-point format of 16 bits.
public enum ReducedPrecision: Sendable {
    /// IEEE half precision: 11 significant bits, from 6·10⁻⁸ to 65504.
    case half
    /// float32 without its last 16 bits: 8 significant bits, the same range.
    case bfloat16
}

/// Runs `body` with matrix products as they would be in mixed precision: linear layers, matrix products, convolutions,
/// attention and recurrent layers round their operands and results to `precision`, and so the gradients that arrive at
/// them. Sums inside a product are float32, and everything else is left alone, as in PyTorch's `autocast`.
///
/// This *emulates* accelerators: numbers stay float32 in memory and nothing gets faster. Affects the calling thread only.
/// Scopes nest; nil switches rounding off.
public func withAutocast<Result, Failure: Error>(
    _ precision: ReducedPrecision?, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    try ComputeContext.with(precision: .some(precision), body)
}

extension ReducedPrecision {
    init?(raw: Int32) {
        switch raw {
        case 1: self = .half
        case 2: self = .bfloat16
        default: return nil
        }
    }

    /// Its number in a context; 0 is float32.
    var raw: Int32 {
        switch self {
        case .half: 1
        case .bfloat16: 2
        }
    }
}

extension Tensor {
    /// Each value rounded to the nearest one that `precision` has (ties to even; beyond its range infinite), as float32.
    ///
    /// - Gradient: passes through, rounded likewise.
    /// - Note: PyTorch: `x.half().float()`.
    public func rounded(to precision: ReducedPrecision) -> Tensor {
        let x = dtype == .float32 ? self : to(.float32)
        let dense = x.body.isDense ? x : x.contiguous()
        let result = dense.uninitializedLike()
        let (out, values) = (
            result.unsafePointer.assumingMemoryBound(to: Float.self),
            dense.unsafePointer.assumingMemoryBound(to: Float.self)
        )
        switch precision {
        case .half: lsk_round_half(count, out, values)
        case .bfloat16: lsk_round_bfloat16(count, out, values)
        }
        return result.recording("rounded", from: x) { dy in dy.rounded(to: precision) }
    }

    /// As mixed precision wants it here: `self` when that is off, or the values are not float32.
    @inline(__always)
    var autocast: Tensor {
        let raw = lsk_precision()
        if raw == 0 { return self }
        guard dtype == .float32, let precision = ReducedPrecision(raw: raw) else { return self }
        return rounded(to: precision)
    }
}
