// SPDX-License-Identifier: Apache-2.0
// Gradients of a layer's parameters against central differences.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// Expects the gradient of every parameter to agree with central differences along random directions, in float64.
///
/// `run` must give the same every time; set a ``DropoutContext`` in it when the layer drops.
func checkParameterGradients(
    of module: Module, directions: Int = 3, sourceLocation: SourceLocation = #_sourceLocation, _ run: () -> Tensor
) throws {
    module.convert(to: .float64)
    let cotangent = sample(withNoGrad { run() }.shape, seed: 77, dtype: .float64)
    run().backward(gradient: cotangent)
    for (position, (name, parameter)) in module.namedParameters().enumerated() {
        let gradient = try #require(parameter.gradient, "no gradient for \(name)", sourceLocation: sourceLocation)
        let center = parameter.value * 1.0
        for seed in 0..<directions {
            let direction = sample(center.shape, seed: UInt64(100 * position + seed), dtype: .float64)
            let ends = [1e-5, -1e-5].map { step in
                parameter.wrappedValue = center + direction * step
                return withNoGrad { (run() * cotangent).sum().item() }
            }
            parameter.wrappedValue = center
            let numeric = (ends[0] - ends[1]) / 2e-5
            let analytic = (gradient * direction).sum().item()
            #expect(
                abs(numeric - analytic) <= 1e-6 * max(1, abs(numeric)),
                "\(name): \(analytic), by differences \(numeric)", sourceLocation: sourceLocation)
        }
    }
}
