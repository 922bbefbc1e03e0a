// SPDX-License-Identifier: Apache-2.0
// The gradient check passes what is right and names the input and element of what is wrong.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("The test kit's gradient check")
struct GradientCheckTests {
    /// x², whose pullback lies by `factor` from element `first` on.
    private func square(_ x: Tensor, factor: Double, from first: Int = 0) -> Tensor {
        let value = (x.detached * x.detached)
        let scale = Tensor((0..<x.count).map { 2 * ($0 < first ? 1 : factor) }, shape: x.shape)
        return value.recording("square", from: x) { [x = x.detached] dy in dy * x * scale }
    }

    @Test("a right gradient passes, element by element and along random directions")
    func right() {
        #expect(checkGradients(of: { square($0, factor: 1) }, at: sample([3, 4])))
        #expect(checkGradients(of: { square($0, factor: 1) }, at: sample([20, 10])))
        #expect(
            checkGradients(
                of: { $0[0] * $0[1] / $0[2] }, at: [sample([2, 3]), sample([3], seed: 1), Tensor([2, 3, 4])]))
    }

    @Test("a wrong gradient is reported with input, index, both values and the relative error")
    func wrong() {
        let text = complaints { checkGradients(of: { square($0, factor: 1.01, from: 5) }, at: sample([2, 3])) }
        #expect(text.contains("input 0 [2, 3]: 1 of 6 disagree; the worst is [1, 2]: analytic"))
        #expect(text.contains("relative error 0.0099"))
    }

    @Test("a wrong gradient of a large input is found along random directions")
    func wrongDirections() {
        let text = complaints { checkGradients(of: { square($0, factor: 1.01) }, at: sample([20, 10])) }
        #expect(text.contains("8 of 8 disagree"))
    }

    @Test("a function that cuts the graph or changes the element type is reported")
    func misuse() {
        #expect(complaints { checkGradients(of: { $0.detached }, at: sample([2])) }.contains("no gradient flows"))
        #expect(complaints { checkGradients(of: { $0.to(.float32) }, at: sample([2])) }.contains("float32"))
    }
}
