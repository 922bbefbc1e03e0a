// SPDX-License-Identifier: Apache-2.0
// Data sets that give the same items in other ways: one by one, disturbed, with gaps, as streams.

import LockstepData
import LockstepTensor

/// The items of another data set, one at a time.
struct PlainItems: Dataset {
    let base: any Dataset
    var count: Int { base.count }
    var inputCount: Int { base.inputCount }
    func item(at index: Int) throws -> Sample { try base.item(at: index) }
}

/// Items whose numbers are disturbed by what is drawn for them.
struct NoisyItems: Dataset {
    let base: any Dataset
    var count: Int { base.count }
    var inputCount: Int { base.inputCount }
    func item(at index: Int) throws -> Sample {
        try item(at: index, context: ItemContext(seed: 0, epoch: 0, index: index))
    }
    func item(at index: Int, context: ItemContext) throws -> Sample {
        var sample = try base.item(at: index)
        var generator = context.generator()
        for place in sample.inputs.indices where sample.inputs[place].dtype.isFloatingPoint {
            sample.inputs[place] = sample.inputs[place] + Double.random(in: -0.3..<0.3, using: &generator)
        }
        return sample
    }
}

/// Every fifth item is left out.
struct SkippingItems: Dataset {
    let base: any Dataset
    var count: Int { base.count }
    var inputCount: Int { base.inputCount }
    func item(at index: Int) throws -> Sample {
        if index % 5 == 2 { throw SkipItem() }
        return try base.item(at: index)
    }
}

/// Items one after another, with or without saying how many.
struct ItemStream: StreamDataset {
    let base: any Dataset
    let count: Int?
    var inputCount: Int { base.inputCount }
    func samples(epoch: Int) -> () throws -> Sample? { walk(base, from: 0, by: 1) }
}

/// Items of which each rank reads its own: every n-th, or all but the first rank, which has none.
struct ItemParts: PartitionedStream {
    let base: any Dataset
    let isUneven: Bool
    var inputCount: Int { base.inputCount }
    func samples(epoch: Int, part: Int, of count: Int) -> () throws -> Sample? {
        guard isUneven, count > 1 else { return walk(base, from: part, by: count) }
        return part == 0 ? { nil } : walk(base, from: part - 1, by: count - 1)
    }
}

private func walk(_ data: any Dataset, from first: Int, by step: Int) -> () throws -> Sample? {
    var index = first
    return {
        guard index < data.count else { return nil }
        defer { index += step }
        return try data.item(at: index)
    }
}
