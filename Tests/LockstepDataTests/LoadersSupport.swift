// SPDX-License-Identifier: Apache-2.0
// Datasets and streams whose items are easy to recognise in a batch.

import LockstepTensor
import Testing

@testable import LockstepData

/// Items 0 ..< count as scalars, target 10 times the item; made one by one.
struct Numbers: Dataset {
    let count: Int
    var skipped: (Int) -> Bool = { _ in false }

    func item(at index: Int) throws -> Sample {
        if skipped(index) { throw SkipItem() }
        return Sample(inputs: [Tensor(Double(index))], targets: [Tensor(Double(10 * index))])
    }
}

/// 0, 1, …, `length` − 1, or forever.
struct Counter: StreamDataset {
    var length: Int?
    var count: Int?

    func samples(epoch: Int) -> () throws -> Sample? {
        var next = 0
        return {
            if let length, next >= length { return nil }
            defer { next += 1 }
            return Sample(inputs: [Tensor(Double(100 * epoch + next))])
        }
    }
}

/// What went wrong on purpose.
struct Broken: Error, Equatable { let index: Int }

/// The first input of every batch of epoch `epoch`.
func batches(_ loader: DataLoader, epoch: Int = 0) throws -> [[Int]] {
    var iterator = try loader.makeIterator(epoch: epoch)
    var result: [[Int]] = []
    while let batch = try iterator.next() {
        #expect(batch.size == batch.inputs[0].dim(0))
        if let target = batch.targets.first { #expect(target.ints == batch.inputs[0].ints.map { 10 * $0 }) }
        result.append(batch.inputs[0].ints)
    }
    #expect(try iterator.next() == nil, "an ended iterator stays ended")
    return result
}

/// What a process that stopped wrote on standard error.
func sentence(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
}
