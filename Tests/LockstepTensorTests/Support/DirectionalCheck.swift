// SPDX-License-Identifier: Apache-2.0
// Compares a pullback with central differences in float64, along the gradient of every input.
import LockstepTensor
import Testing

/// Fails when the gradient of `sum(f(inputs) · weights)` and its numerical value differ.
///
/// `weights` are a fixed ramp, so that every element of the result counts differently.
func expectGradients(
    of f: ([Tensor]) -> Tensor, at inputs: [Tensor], tolerance: Double = 1e-6,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    func objective(_ values: [Tensor]) -> Tensor {
        let y = f(values)
        let ramp = Tensor.arange(from: 0, to: Double(y.count), dtype: .float64).reshaped(y.shape.dimensions)
        return (y * (ramp * 0.37 + 0.5)).sum()
    }
    let leaves = inputs.map { $0.requiringGradient() }
    objective(leaves).backward()
    for (k, input) in inputs.enumerated() {
        let analytic = leaves[k].gradient?.doubles ?? Array(repeating: 0, count: input.count)
        var values = input.doubles
        for i in values.indices {
            let (center, step) = (values[i], 1e-6)
            func value(_ x: Double) -> Double {
                values[i] = x
                var moved = inputs
                moved[k] = Tensor(values, shape: input.shape)
                return withNoGrad { objective(moved) }.item()
            }
            let numeric = (value(center + step) - value(center - step)) / (2 * step)
            values[i] = center
            #expect(
                abs(numeric - analytic[i]) <= tolerance * max(1, abs(numeric)),
                "input \(k), element \(i): numeric \(numeric), analytic \(analytic[i])", sourceLocation: sourceLocation)
        }
    }
}

/// Numbers without pattern, in float64.
func scattered(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    var generator = PhiloxGenerator(seed: seed)
    return Tensor.uniform(shape, low: -1, high: 1, dtype: .float64, using: &generator)
}

/// What a caller's mistake prints, if it stops the program.
func sentence(_ output: ExitTest.Result?) -> String {
    String(decoding: output?.standardErrorContent ?? [], as: UTF8.self)
}

/// A vector of int64: `Tensor([1, 2])` means float32.
func whole(_ values: Int...) -> Tensor { Tensor(values, shape: [values.count]) }
