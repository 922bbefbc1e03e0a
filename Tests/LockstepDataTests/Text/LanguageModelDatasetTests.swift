// SPDX-License-Identifier: Apache-2.0
// Tests of blocks and streams: targets one later, every token once, fastai's streams, the same on every rank.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("LanguageModelDataset") struct LanguageModelDatasetTests {
    @Test(
        "targets are the inputs one token later, and every token is an input once", arguments: [2, 3, 7, 64, 65, 101])
    func blocks(count: Int) {
        for length in [1, 2, 7, 64] {
            let data = LanguageModelDataset(Array(0..<count), blockLength: length)
            #expect(data.count == (count - 1) / length)
            let items = (0..<data.count).map { data.item(at: $0) }
            #expect(items.flatMap { $0.inputs[0].ints } == Array(0..<data.count * length))
            #expect(items.flatMap { $0.targets[0].ints } == Array(1..<data.count * length + 1))
        }
    }

    @Test("texts too short have no items", arguments: [0, 1]) func short(count: Int) throws {
        let data = LanguageModelDataset(Array(0..<count), blockLength: 1, shiftSeed: 1)
        #expect(data.count == 0)
        let batch = try #require(data.batch(at: [], epoch: 0))
        #expect(batch.inputs[0].shape == [0, 1])
    }

    @Test("a whole batch is its items") func batch() throws {
        let data = LanguageModelDataset((0..<100).map { $0 * 3 }, blockLength: 7, shiftSeed: 5)
        for epoch in [0, 3] {
            let batch = try #require(data.batch(at: [4, 0, 11], epoch: epoch))
            #expect(batch.inputs[0].dtype == .int64 && batch.size == 3)
            for (row, index) in [4, 0, 11].enumerated() {
                let item = data.item(at: index, context: ItemContext(seed: 1, epoch: epoch, index: index))
                #expect(batch.inputs[0][row].ints == item.inputs[0].ints)
                #expect(batch.targets[0][row].ints == item.targets[0].ints)
            }
        }
    }

    @Test("blocks of an epoch begin somewhere else, by seed and epoch alone, inside the text") func shifting() {
        let data = LanguageModelDataset(Array(0..<1000), blockLength: 64, shiftSeed: 9)
        #expect(data.count == (1000 - 1 - 63) / 64)
        let shifts = (0..<200).map { data.shift(epoch: $0) }
        #expect(Set(shifts).count > 50)
        #expect(shifts.allSatisfy { (0..<64).contains($0) })
        #expect(
            shifts
                == (0..<200).map {
                    LanguageModelDataset(Array(0..<1000), blockLength: 64, shiftSeed: 9).shift(epoch: $0)
                })
        #expect(
            shifts
                != (0..<200).map {
                    LanguageModelDataset(Array(0..<1000), blockLength: 64, shiftSeed: 8).shift(epoch: $0)
                })
        for epoch in 0..<50 {
            let context = ItemContext(seed: 1, epoch: epoch, index: data.count - 1)
            #expect((data.item(at: data.count - 1, context: context).targets[0].ints.last ?? 1000) < 1000)
        }
        // A text of one block has no room for a shift.
        #expect(LanguageModelDataset(Array(0..<65), blockLength: 64, shiftSeed: 9).count == 1)
    }

    @Test("streams are the batches of fastai's LMDataLoader") func streams() throws {
        let reference = try TextReference.load()
        #expect(reference.batches.count == 3)
        for wanted in reference.batches {
            let data = LanguageModelDataset(
                Array(0..<wanted.tokens), blockLength: wanted.blockLength, arrangement: .streams(wanted.batchSize))
            let loader = DataLoader(data, batchSize: wanted.batchSize)
            let batches = Array(loader)
            #expect(batches.count == wanted.inputs.count)
            for (batch, (inputs, targets)) in zip(batches, zip(wanted.inputs, wanted.targets)) {
                #expect(batch.inputs[0].ints == inputs.flatMap { $0 })
                #expect(batch.targets[0].ints == targets.flatMap { $0 })
            }
        }
    }

    @Test("row k of a batch continues row k of the one before, in every epoch") func continuity() throws {
        let data = LanguageModelDataset(Array(0..<997), blockLength: 8, arrangement: .streams(5), shiftSeed: 3)
        for epoch in 0..<3 {
            for index in 0..<data.count - 5 {
                let now = try #require(data.batch(at: [index], epoch: epoch))
                let next = try #require(data.batch(at: [index + 5], epoch: epoch))
                #expect(now.targets[0].ints.last == next.inputs[0].ints.first)
            }
        }
    }

    @Test("mistakes are named") func mistakes() async throws {
        let length = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = LanguageModelDataset([1, 2, 3], blockLength: 0)
        }
        expectTrap(length, says: "LanguageModelDataset: blockLength is 0, at least 1 is needed")
        let token = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = LanguageModelDataset([1, -2, 3], blockLength: 1)
        }
        expectTrap(token, says: "LanguageModelDataset: -2 is not a token's number")
    }
}
