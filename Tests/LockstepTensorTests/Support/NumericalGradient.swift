// SPDX-License-Identifier: Apache-2.0
// Central differences in float64, for operations tested beside their kernels.
import LockstepTensor
import Testing

/// A fixed sequence of well-spread numbers in −1…1: no generator's state, the same on every machine.
func spread(_ count: Int, seed: Int = 0) -> [Double] {
    (0..<count).map { i in
        var z = UInt64(bitPattern: Int64(i + 1 + seed * 7919)) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1
    }
}

/// Compares the gradient of `Σ w·f(x)` (w arbitrary) with central differences at every element.
func expectGradient(
    _ x: Tensor, step: Double = 1e-5, tolerance: Double = 1e-7, _ f: (Tensor) -> Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let leaf = x.to(.float64).requiringGradient()
    let y = f(leaf)
    let weight = Tensor(spread(y.count, seed: 3), shape: y.shape)
    y.backward(gradient: weight)
    guard let analytic = leaf.gradient?.doubles else {
        Issue.record("no gradient arrived", sourceLocation: sourceLocation)
        return
    }
    func value(_ elements: [Double]) -> Double {
        withNoGrad { (f(Tensor(elements, shape: x.shape)) * weight).sum().item() }
    }
    let base = x.doubles
    for i in base.indices {
        var (up, down) = (base, base)
        up[i] += step
        down[i] -= step
        let numeric = (value(up) - value(down)) / (2 * step)
        let difference = abs(numeric - analytic[i])
        #expect(
            difference <= tolerance * Swift.max(1, abs(numeric)),
            "element \(i): analytic \(analytic[i]), numeric \(numeric)", sourceLocation: sourceLocation)
    }
}

/// The layouts a kernel must not care about: row-major, transposed, strided and repeated, all of one shape and content.
func layouts(_ values: [Double], _ shape: Shape, dtype: DType = .float32) -> [(String, Tensor)] {
    let x = Tensor(values, shape: shape).to(dtype)
    guard shape.rank >= 2 else { return [("row-major", x)] }
    // the same elements, with the axes reversed in memory
    var strides = Shape(rank: shape.rank, repeating: 0)
    var step = 1
    for axis in 0..<shape.rank {
        strides[axis] = step
        step *= shape[axis]
    }
    let reversed = Tensor.uninitialized(shape, strides: strides, dtype: dtype)
    Tensor.copy(x, into: reversed)
    // and with gaps: every element of a row three apart, rows padded
    let wide = Tensor.zeros([shape.elementCount * 3 + 1], dtype: dtype)
    var gaps = x.body.strides
    for axis in 0..<shape.rank { gaps[axis] *= 3 }
    let strided = wide.view(shape, strides: gaps, offset: 1)
    if x.count > 0 { Tensor.copy(x, into: strided) }
    return [("row-major", x), ("reversed", reversed), ("strided", strided)]
}
