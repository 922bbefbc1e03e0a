// SPDX-License-Identifier: Apache-2.0
// The three tests of docs/CONTRIBUTING.md, as they stand there.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("How an operation is tested")
struct HowToTestTests {
    @Test("gelu agrees with PyTorch, gradient included") func reference() throws {
        try Reference.load("ops").check("gelu", "x") { $0[0].gelu() }  // in every memory layout
    }
    @Test("gelu's gradient") func gradient() {
        checkGradients(of: { $0.gelu() }, at: sample([3, 5]))  // central differences in float64
    }
    @Test("gelu(x) − gelu(−x) is x") func property() {
        let x = sample([100])
        expectClose(x.gelu() - (-x).gelu(), x)
    }
}
