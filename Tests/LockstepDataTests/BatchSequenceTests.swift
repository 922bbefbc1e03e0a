// SPDX-License-Identifier: Apache-2.0
// Loops over loaders, whose errors must not be lost.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Loops over loaders") struct BatchSequenceTests {
    /// Two batches, then an error.
    private final class Failing: BatchSource {
        let batchCount: Int? = 3
        let inputCount = 1
        var epoch = 0
        let failsAtOnce: Bool
        init(atOnce: Bool = false) { failsAtOnce = atOnce }

        func makeIterator(epoch: Int) throws -> BatchIterator {
            if failsAtOnce { throw Broken(index: 0) }
            var number = 0
            return BatchIterator {
                number += 1
                if number > 2 { throw Broken(index: number) }
                return Batch(inputs: [Tensor([Float(number)])])
            }
        }
    }

    @Test("a loop over dls.train gives the next epoch's batches, of any source, and counts epochs")
    func loops() throws {
        let dls = DataLoaders([Numbers(count: 7), Numbers(count: 3)], batchSize: 2, seed: 3)
        for epoch in 0..<3 {
            var seen: [[Int]] = []
            for batch in dls.train { seen.append(batch.inputs[0].ints) }
            #expect(seen == (try #require(dls.train.indexed).indices(epoch: epoch).prefix(6).map { [$0] }.paired))
        }
        #expect(dls.train.epoch == 3)
        var items = 0
        for batch in try #require(dls.valid) { items += batch.size }
        #expect(items == 3)
        dls.train = BatchList([Batch(inputs: [Tensor([1, 2])]), Batch(inputs: [Tensor([3])])])
        #expect(dls.train.map(\.size) == [2, 1] && dls.train.epoch == 1)
    }

    @Test("a certain epoch in a loop does not count")
    func certainEpoch() throws {
        let loader = DataLoader(Numbers(count: 6), batchSize: 2, shuffle: true, seed: 8)
        let sequence = loader.batchSequence(epoch: 4)
        #expect(sequence.map { $0.inputs[0].ints } == (try batches(loader, epoch: 4)))
        try sequence.check()
        #expect(loader.epoch == 0)
        #expect(Array(loader.batchSequence()).count == 3 && loader.epoch == 1)
    }

    @Test("a sequence keeps the error that ends it, also one at its start")
    func keepsErrors() throws {
        let sequence = Failing().batchSequence()
        var sizes: [Int] = []
        for batch in sequence { sizes.append(batch.size) }
        #expect(sizes == [1, 1])
        #expect(throws: Broken(index: 3)) { try sequence.check() }
        #expect(sequence.error as? Broken == Broken(index: 3))
        #expect(sequence.next() == nil)
        let never = Failing(atOnce: true).batchSequence(epoch: 2)
        #expect(Array(never).isEmpty)
        #expect(throws: Broken(index: 0)) { try never.check() }
    }

    @Test("an error that nobody asks for stops the program: half an epoch is not taken for a whole one")
    func unasked() async {
        let plain = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            for _ in Failing() as any BatchSource {}
        }
        #expect(sentence(plain).contains("Failing: Broken(index: 3)"))
        let forgotten = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            for _ in Failing().batchSequence() {}
        }
        #expect(sentence(forgotten).contains("nobody asked for the error") && sentence(forgotten).contains("index: 3"))
        let early = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            // Asked before there was one.
            let batches = Failing().batchSequence()
            try batches.check()
            for _ in batches {}
        }
        #expect(sentence(early).contains("nobody asked for the error"))
        await #expect(processExitsWith: .success) {
            // Who leaves early has had no error.
            for _ in Failing() { break }
            for _ in Failing().batchSequence() { break }
        }
    }
}

extension [[Int]] {
    /// Neighbours two by two.
    fileprivate var paired: [[Int]] {
        stride(from: 0, to: count, by: 2).map { self[$0] + ($0 + 1 < count ? self[$0 + 1] : []) }
    }
}
