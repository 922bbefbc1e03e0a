// SPDX-License-Identifier: Apache-2.0
// The test kit's comparisons: what passes, what fails, and what the failure says.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("The test kit's comparisons")
struct ExpectCloseTests {
    /// Whether `body` records an issue whose text holds all of the given parts.
    private func fails(_ parts: String..., body: () -> Void) -> Bool {
        let said = complaints(body)
        return !said.isEmpty && parts.allSatisfy { said.contains($0) }
    }

    @Test("equal and nearly equal numbers pass")
    func close() {
        expectClose([1, 2, 3] as [Float], [1, 2.00001, 3])
        expectClose(Tensor([1, 2]), Tensor([1, 2]))
        expectClose(Tensor([1, 2]), [1, 2.00001])
        expectClose(Double.infinity, .infinity)
        expectClose(1.0, 1.5, absolute: 0.5)
        expectClose([Float](), [])
        expectClose(Float.nan, .nan, nanEqual: true)
    }

    @Test("different counts and shapes fail, even when one is a prefix of the other")
    func counts() {
        #expect(fails("2 elements, expected 3") { expectClose([1, 2] as [Float], [1, 2, 3]) })
        #expect(fails("3 elements, expected 2") { expectClose([1, 2, 3] as [Double], [1, 2]) })
        #expect(fails("shape [2], expected [1, 2]") { expectClose(Tensor([1, 2]), Tensor([[1, 2]])) })
    }

    @Test("the message names the worst element, its index, both values and the name given")
    func worst() {
        let a = Tensor([[1, 2, 3], [4, 5, 6]])
        let b = Tensor([[1, 2, 3.1], [4, 5.5, 6]])
        #expect(fails("grid: 2 of 6", "[1, 1]", "5.0, expected 5.5") { expectClose(a, b, "grid") })
    }

    @Test("NaN and infinity fail against anything but themselves")
    func special() {
        #expect(fails { expectClose(Float.nan, 1) })
        #expect(fails { expectClose(Float(1), .nan) })
        #expect(fails { expectClose(Double.nan, .nan) })
        #expect(fails { expectClose(Double.infinity, 1e300) })
        #expect(fails { expectClose(1e300, Double.infinity) })
        #expect(fails { expectClose(-Double.infinity, .infinity) })
    }

    @Test("whole numbers must be equal")
    func integers() {
        expectClose(Tensor([1, 2] as [Int]), Tensor([1, 2] as [Int]))
        #expect(fails { expectClose(Tensor([1_000_000] as [Int]), Tensor([1_000_001] as [Int])) })
    }

    @Test("the result says whether it passed")
    func result() {
        #expect(expectClose(1.0, 1.0))
        withKnownIssue { #expect(!expectClose(1.0, 2.0)) }
    }
}
