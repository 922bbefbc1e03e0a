// SPDX-License-Identifier: Apache-2.0
// The generator against Random123's published vectors, and the distributions against their laws.
import CLockstepKernels
import Foundation
import LockstepTensor
import Testing

@Suite("Philox") struct PhiloxTests {
    @Test("[vector] Random123's known answers for philox4x32 with 10 rounds")
    func knownAnswers() {
        // Counter words 0–3, key words 0–1, result: kat_vectors of Random123 1.14.
        let all = UInt64.max
        #expect(
            PhiloxGenerator.block(seed: 0, stream: 0, counter: 0) == (
                0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8
            ))
        #expect(
            PhiloxGenerator.block(seed: all, stream: all, counter: all)
                == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            PhiloxGenerator.block(
                seed: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e, counter: 0x85a3_08d3_243f_6a88)
                == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test("bulk words equal single blocks", arguments: [0, 1, 3, 4, 63, 64, 65, 127, 1000])
    func bulk(count: Int) {
        var words = [UInt32](repeating: 0, count: count)
        let at = lsk_philox(seed: 7, stream: 3, block: UInt64(UInt32.max) - 5)
        lsk_random_words(at, count, &words)
        for i in 0..<count {
            let block = PhiloxGenerator.block(seed: 7, stream: 3, counter: at.block + UInt64(i / 4))
            #expect(words[i] == [block.0, block.1, block.2, block.3][i % 4])
        }
    }

    @Test(
        "a permutation is Fisher and Yates's, drawn from the words one by one",
        arguments: [0, 1, 2, 31, 32, 33, 97, 1000])
    func permutationOracle(count: Int) {
        let at = lsk_philox(seed: 11, stream: 1 << 60, block: 9)
        var words = [UInt32](repeating: 0, count: 2 * count)
        lsk_random_words(at, 2 * count, &words)
        var expected: [Int64] = []
        for i in 0..<count {
            let word = UInt64(words[2 * i + 1]) << 32 | UInt64(words[2 * i])
            let place = Int(word.multipliedFullWidth(by: UInt64(i + 1)).high)
            expected.append(Int64(i))
            expected.swapAt(i, place)
        }
        var order = [Int64](repeating: -1, count: count + 1)
        lsk_random_permutation(at, count, &order)
        #expect(order == expected + [-1])
    }

    @Test("equal generators give equal tensors, other streams other ones, and a prefix does not depend on the length")
    func determinism() {
        var a = PhiloxGenerator(seed: 1), b = PhiloxGenerator(seed: 1), c = PhiloxGenerator(seed: 1, stream: 1)
        let x = Tensor.normal([100], using: &a)
        #expect(x.floats == Tensor.normal([100], using: &b).floats)
        #expect(x.floats != Tensor.normal([100], using: &c).floats)
        #expect(x.floats != Tensor.normal([100], using: &a).floats)
        var d = PhiloxGenerator(seed: 1)
        #expect(Array(x.floats.prefix(37)) == Tensor.normal([37], using: &d).floats)
        var item = PhiloxGenerator(seed: 1, epoch: 2, item: 3, purpose: .dropout)
        var other = PhiloxGenerator(seed: 1, epoch: 2, item: 3, purpose: .augmentation)
        #expect(item.next() != other.next())
    }

    /// The Kolmogorov–Smirnov statistic times √n: above 1.95 with probability 0.001.
    private func smirnov(_ values: [Double], _ law: (Double) -> Double) -> Double {
        let sorted = values.sorted()
        var worst = 0.0
        for (i, x) in sorted.enumerated() {
            let p = law(x)
            worst = max(worst, abs(p - Double(i) / Double(values.count)), abs(p - Double(i + 1) / Double(values.count)))
        }
        return worst * Double(values.count).squareRoot()
    }

    @Test("uniform and normal numbers follow their laws", arguments: [DType.float32, .float64])
    func laws(type: DType) {
        let n = 100_000
        var generator = PhiloxGenerator(seed: 42)
        let u = Tensor.uniform([n], low: -2, high: 3, dtype: type, using: &generator).doubles
        #expect(u.allSatisfy { $0 >= -2 && $0 < 3 })
        #expect(abs(u.reduce(0, +) / Double(n) - 0.5) < 0.02)
        #expect(smirnov(u) { ($0 + 2) / 5 } < 1.95)
        let z = Tensor.normal([n], mean: 1, std: 2, dtype: type, using: &generator).doubles
        let mean = z.reduce(0, +) / Double(n)
        #expect(abs(mean - 1) < 0.03)
        #expect(abs(z.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n - 1) - 4) < 0.1)
        #expect(smirnov(z) { 0.5 * erfc(-($0 - 1) / 2 / 2.0.squareRoot()) } < 1.95)
        let products = (1..<n).reduce(0.0) { $0 + (z[$1] - mean) * (z[$1 - 1] - mean) }
        #expect(abs(products / Double(n) / 4) < 0.015)
    }

    @Test("integers, permutations and coin flips")
    func discrete() {
        var generator = PhiloxGenerator(seed: 5)
        let dice = Tensor.randomIntegers([60_000], in: 1..<7, using: &generator).ints
        for face in 1...6 { #expect(abs(dice.count { $0 == face } - 10_000) < 400) }
        for n in [0, 1, 2, 17, 1000] {
            var same = generator
            let order = Tensor.randomPermutation(n, using: &generator).ints
            #expect(order.sorted() == Array(0..<n) && Tensor.randomOrder(n, using: &same) == order && same == generator)
        }
        #expect(permutation(100, seed: 1, epoch: 0) == permutation(100, seed: 1, epoch: 0))
        #expect(permutation(100, seed: 1, epoch: 0) != permutation(100, seed: 1, epoch: 1))
        var firsts = [Int](repeating: 0, count: 5)
        for epoch in 0..<5000 { firsts[permutation(5, seed: 9, epoch: epoch)[0]] += 1 }
        #expect(firsts.allSatisfy { abs($0 - 1000) < 150 })
        let heads = Tensor.bernoulli([100_000], probability: 0.3, using: &generator)
        #expect(heads.dtype == .bool)
        #expect(abs(heads.ints.reduce(0, +) - 30_000) < 700)
        #expect(Tensor.bernoulli([1000], probability: 1, using: &generator).ints.reduce(0, +) == 1000)
        #expect(Tensor.bernoulli([1000], probability: 0, using: &generator).ints.reduce(0, +) == 0)
    }

    @Test("dropout drops the stated share, scales the rest, and its gradient drops alike")
    func dropout() {
        var generator = PhiloxGenerator(seed: 3)
        let x = Tensor.ones([1000, 10]).requiringGradient()
        let y = x.dropout(0.25, using: &generator)
        let values = y.floats
        #expect(Set(values) == [0, Float(1 / 0.75)])
        #expect(abs(values.count { $0 == 0 } - 2500) < 150)
        y.sum().backward()
        #expect(x.gradient?.floats == values)
        var again = PhiloxGenerator(seed: 3)
        #expect(x.detached.dropout(0.25, using: &again).floats == values)
        let image = Tensor.ones([2, 5, 5, 3]).permuted([0, 3, 1, 2])
        #expect(image.dropout(0.5, using: &again).strides == image.strides)
        #expect(x.dropout(0, using: &again).floats == x.floats)
        #expect(x.dropout(1, using: &again).floats.allSatisfy { $0 == 0 })
    }
}
