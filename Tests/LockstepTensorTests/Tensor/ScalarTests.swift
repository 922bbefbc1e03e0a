// SPDX-License-Identifier: Apache-2.0
// Tensors of one element as Swift's numbers and places, Swift's numbers beside tensors, and operations as functions.

import LockstepTensor
import LockstepTesting
import Testing

@Suite("Tensors and Swift's numbers") struct ScalarTests {
    @Test("one element is a number; integers keep every bit") func numbers() {
        #expect(Double(Tensor([[2.5]])) == 2.5 && Float(Tensor([2.5])) == 2.5)
        #expect(Int(Tensor([-2.9])) == -2 && Int(Tensor([true], shape: [])) == 1)
        let long = Int(1) << 60 | 1  // no Double
        #expect(Int(Tensor([long], shape: [])) == long)
        #expect(Bool(Tensor([0.5])) && !Bool(Tensor([0])))
    }

    @Test("what is no number that fits stops with its sentence") func traps() async {
        let several = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Int(Tensor([1, 2]))
        }
        expectTrap(several, says: "item: a tensor of shape [2] has 2 elements, not one")
        let nan = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Int(Tensor([Float.nan]))
        }
        expectTrap(nan, says: "Int: nan is no whole number that an Int holds")
        let beyond = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ["a"][Tensor([1] as [Int])]
        }
        expectTrap(beyond, says: "subscript: there is no element 1 among 1")
        let real = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ["a"][Tensor([0.0])]
        }
        expectTrap(real, says: "an array's place is one integer, not a tensor [1] of float32")
    }

    @Test("the place that argmax gives picks out of an array and out of a tensor") func places() {
        let scores = Tensor([0.1, 0.7, 0.2])
        #expect(["cat", "dog", "fox"][scores.argmax()] == "dog")
        #expect(scores[scores.argmax()].item() == scores.max().item())
    }

    @Test(
        "arithmetic and comparisons take an Int, a Float and the other numbers, on both sides", arguments: [0, 3, -7])
    func arithmetic(k: Int) {
        for x in [sample([5]), sampleIntegers([5], in: 0..<9)] {
            let (single, double) = (Float(k), Double(k))
            for (own, expected) in [
                (x + k, x + double), (x - k, x - double), (x * k, x * double), (k + x, double + x), (k - x, double - x),
                (k * x, double * x), (single * x, double * x), (x - single, x - double), (Int32(k) * x, double * x),
                (Int64(k) - x, double - x), (x .> k, x .> double), (x .== single, x .== double),
                (x .<= k, x .<= double),
            ] {
                #expect(own.dtype == expected.dtype)
                #expect(own.doubles == expected.doubles)
            }
            if k != 0 {
                #expect((x / k).doubles == (x / double).doubles && (x / single).doubles == (x / double).doubles)
            }
            #expect(x.remainder(by: 2 + k * k).doubles == x.remainder(by: Double(2 + k * k)).doubles)
        }
        #expect(Tensor.full([2], k).floats == [Float(k), Float(k)])
        #expect(sample([4]).pow(k).floats == sample([4]).pow(Double(k)).floats)
    }

    @Test("an Int that no Double holds is exact beside integers") func exact() {
        let k = Int(1) << 55 | 1
        let x = Tensor([1, 2] as [Int])
        #expect((x + k).ints == [k + 1, k + 2] && (k - x).ints == [k - 1, k - 2] && (x * k).ints == [k, 2 * k])
        #expect((Tensor([k, k - 1], shape: [2]) .== k).bools == [true, false])
    }

    @Test("what is written out is a Double: no division of integers, one meaning") func literals() {
        let x = sample([3])
        #expect((x * (1 / 2)).floats == (x * 0.5).floats)
        #expect((2 * x + 1).floats == (2.0 * x + 1.0).floats)
        #expect((1 - x / 2 * 3).floats == (1.0 - x / 2.0 * 3.0).floats)
    }

    @Test("gradients flow through arithmetic with an Int") func gradients() {
        let k = 3
        checkGradients(of: { (k - $0 * k) / k }, at: sample([3, 2]))
    }

    @Test("functions are their methods") func functions() {
        let x = sample([3, 4])
        for (own, method) in [
            (relu(x), x.relu()), (relu6(x), x.relu6()), (silu(x), x.silu()), (sigmoid(x), x.sigmoid()),
            (tanh(x), x.tanh()), (softplus(x), x.softplus()), (hardsigmoid(x), x.hardsigmoid()),
            (hardswish(x), x.hardswish()), (exp(x), x.exp()), (abs(x), x.abs()), (sin(x), x.sin()), (cos(x), x.cos()),
            (square(x), x.square()), (sqrt(abs(x)), x.abs().sqrt()), (log(abs(x)), x.abs().log()), (gelu(x), x.gelu()),
            (gelu(x, approximation: .tanh), x.gelu(approximation: .tanh)),
            (leakyRelu(x, slope: 0.2), x.leakyRelu(slope: 0.2)),
            (softmax(x, axis: 1), x.softmax(axis: 1)), (logSoftmax(x, axis: 0), x.logSoftmax(axis: 0)),
            (matmul(x, x.transposed()), x.matmul(x.transposed())),
        ] {
            #expect(own.floats == method.floats)
        }
    }
}
