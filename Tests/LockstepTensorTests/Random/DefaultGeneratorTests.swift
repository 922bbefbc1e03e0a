// SPDX-License-Identifier: Apache-2.0
// Random tensors without a generator of their own: seeded, by thread, apart from weights.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@Suite("The default generator") struct DefaultGeneratorTests {
    private func draws() -> [[Double]] {
        [
            Tensor.normal([3]), Tensor.uniform([3], low: -1), Tensor.randomIntegers([3], in: 0..<100),
            Tensor.randomPermutation(5), Tensor.bernoulli([20], probability: 0.5), Tensor.normal([3]),
        ].map(\.doubles)
    }

    @Test("a seed starts it anew, another seed otherwise; two draws differ") func seeds() {
        setSeed(7)
        let first = draws()
        setSeed(7)
        #expect(draws() == first)
        setSeed(8)
        #expect(draws() != first)
        #expect(first[0] != first[5])
    }

    @Test("it is a generator like any other, with numbers of its own") func numbers() {
        setSeed(3)
        var own = PhiloxGenerator(seed: 3, epoch: 0, item: 0, purpose: .user)
        #expect(Tensor.normal([5], mean: 1, std: 2).floats == Tensor.normal([5], mean: 1, std: 2, using: &own).floats)
        #expect(PhiloxGenerator.current == own)
        setSeed(3)
        let die = Int.random(in: 1...6, using: &PhiloxGenerator.current)
        var again = PhiloxGenerator(seed: 3, epoch: 0, item: 0, purpose: .user)
        #expect(die == Int.random(in: 1...6, using: &again))
    }

    @Test("a scope with a seed leaves the sequence where it was") func scopes() {
        setSeed(5)
        let first = Tensor.normal([4]).floats
        let second = Tensor.normal([4]).floats
        setSeed(5)
        #expect(Tensor.normal([4]).floats == first)
        let inside = withSeed(5) { Tensor.normal([4]).floats }
        #expect(inside == first)
        #expect(Tensor.normal([4]).floats == second)
    }

    @Test("a new thread begins as if with seed 0, whatever another has drawn") func threads() {
        setSeed(1)
        _ = draws()
        nonisolated(unsafe) var found: [[Double]] = []
        let done = DispatchSemaphore(value: 0)
        let other = Thread {
            found = self.draws()
            done.signal()
        }
        other.start()
        done.wait()
        setSeed(0)
        #expect(draws() == found)
    }
}
