// SPDX-License-Identifier: Apache-2.0
// Tests of loaders of a text file: the cut, the vocabulary, reproducible batches, files that are no texts.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Text loaders") struct TextLoadersTests {
    let text = String(repeating: "abcdefghij", count: 100) + String(repeating: "xyz!?", count: 20)

    @Test("the last tenth is held out, and the vocabulary knows only the rest") func parts() throws {
        let data = try DataLoaders.text(text + "klmnopqrst", blockLength: 8, batchSize: 4)
        #expect(data.tokenCounts == (999, 111))
        #expect(data.encoding.numericalize.tokens.sorted() == (["xxunk"] + "abcdefghij".map(String.init)).sorted())
        let valid = try #require(data.loaders.validDataset)
        #expect(valid.count == 110 / 8)
        // "j", then what training has never seen.
        #expect(try valid.item(at: 0).inputs[0].ints == data.encoding.encode("jxyz!?xy"))
        #expect(data.description.contains("999 characters to train on, 111 held out"))
        #expect(try DataLoaders.text(text, blockLength: 8, validFraction: 0).loaders.valid == nil)
    }

    @Test("batches are shuffled blocks, the same in every run and for any number of workers") func reproducible() throws
    {
        func batches(seed: UInt64) throws -> [[Int]] {
            let data = try DataLoaders.text(text, blockLength: 8, batchSize: 4, seed: seed)
            return try (0..<2).flatMap { epoch in
                var (result, iterator) = ([[Int]](), try data.loaders.train.makeIterator(epoch: epoch))
                while let batch = try iterator.next() { result.append(batch.inputs[0].ints + batch.targets[0].ints) }
                return result
            }
        }
        let first = try batches(seed: 1)
        #expect(first.count == 2 * 30)
        #expect(try batches(seed: 1) == first)
        #expect(try batches(seed: 2) != first)
    }

    @Test("loaders for models that carry their state give batches that continue each other") func streams() throws {
        let data = try DataLoaders.text(text, blockLength: 8, batchSize: 4, carriesState: true)
        var iterator = try data.loaders.train.makeIterator(epoch: 1)
        let first = try #require(try iterator.next())
        let second = try #require(try iterator.next())
        #expect(first.targets[0][.all, 7].ints == second.inputs[0][.all, 0].ints)
    }

    @Test("words are numbered in the order of their frequency") func words() throws {
        let data = try DataLoaders.text(
            String(repeating: "the cat and the dog ", count: 30), tokenizer: .words, blockLength: 5, batchSize: 2)
        #expect(data.encoding.numericalize.tokens.dropFirst(9) == ["the", "cat", "and", "dog"])
    }

    @Test("files that are no texts are refused with place and remedy") func files() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/t.txt"
            try Files.writeAtomically([Array("Tschü".utf8) + [0xFF, 0x41]], to: path)
            let broken = dataError { try DataLoaders.text(path: path) }
            #expect(broken?.code == .malformed && broken?.place == .byte(6))
            #expect(
                broken?.description == "\(path): byte 6: is not UTF-8 text. Convert it, for example with iconv -t UTF-8"
            )
            try Files.writeAtomically([Array("short".utf8)], to: path)
            let short = dataError { try DataLoaders.text(path: path) }
            #expect(short?.code == .mismatch && short?.description.contains("too short for blocks of 64") == true)
            try Files.writeAtomically([[UInt8]](), to: path)
            #expect(dataError { try DataLoaders.text(path: path) }?.code == .mismatch)
            #expect(dataError { try DataLoaders.text(path: folder + "/none") }?.code == .unreadable)
        }
    }

    @Test("[TX-01] texts with classes go through pipelines, and come back") func classification() throws {
        let texts = ["Good film", "Bad film", "a good GOOD film", "bad bad", "so good", "no film"]
        let data = try Datasets(
            texts,
            transforms: [
                [Tokenizer.words, Numericalize(minFrequency: 1)],
                [FunctionTransform { (text: String) in text.lowercased().contains("good") ? 1 : 0 }],
            ], splits: Split(train: [0, 1, 2, 3], valid: [4, 5]))
        let item = try data[4]
        // "so" is in no training text: xxunk.
        let numbers = try #require(item[0] as? Tensor).ints
        #expect(numbers.count == 3 && numbers[0] == 2 && numbers[1] == 0 && numbers[2] > 8)
        #expect(try data.decode(data[2])[0] as? String == "a good GOOD film")
        let dls = try data.dataLoaders(batchSize: 4, shuffle: false, beforeBatch: [PadInput()])
        let batch = try dls.oneBatch()
        #expect(batch.inputs[0].shape == [4, 6])
        #expect(batch.inputs[0][3].ints.suffix(3) == [1, 1, 1])
        let first = try #require(
            try Pipeline([PadInput(token: 9, first: true)]).encode([
                Sample(inputs: [Tensor([1, 2] as [Int])]), Sample(inputs: [Tensor([3] as [Int])]),
            ]) as? [Sample])
        #expect(first[1].inputs[0].ints == [9, 3])
        #expect(throws: DataError.self) { try Datasets([1, 2], transforms: [[Numericalize()]]) }
    }
}
