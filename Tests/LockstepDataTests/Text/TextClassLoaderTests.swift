// SPDX-License-Identifier: Apache-2.0
// Loaders of texts and classes: lengths, order, shards, files.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

private func texts(_ lengths: [Int]) -> TokenizedTexts {
    TokenizedTexts(
        lengths.enumerated().map { number, length in
            TokenizedText(
                ids: Array(repeating: number + 1, count: length), offsets: Array(repeating: 0..<0, count: length),
                typeID: 0)
        }, labels: lengths.map { $0 % 2 }, classes: ["even", "odd"], padding: TextPadding(id: 0))
}

private func loader(_ count: Int, batchSize: Int = 4, shuffle: Bool = true, dropLast: Bool = false) -> SortedTextLoader
{
    var random = SplitMix64(seed: 9)
    var options = DataLoader.Options()
    (options.batchSize, options.shuffle, options.dropLast, options.seed) = (batchSize, shuffle, dropLast, 11)
    return SortedTextLoader(texts((0..<count).map { _ in 1 + Int(random.next() % 40) }), options: options)
}

private func madeBatches(_ source: any BatchSource, epoch: Int) throws -> [Batch] {
    var (iterator, result) = (try source.makeIterator(epoch: epoch), [Batch]())
    while let batch = try iterator.next() { result.append(batch) }
    return result
}

@Suite("Loaders of texts and classes")
struct TextClassLoaderTests {
    @Test("a shuffled epoch takes every text once, pools sorted by length, the longest text in the first batch")
    func order() throws {
        let loader = loader(1003)
        let data = try #require(loader.dataset as? TokenizedTexts)
        let (first, second) = (loader.indices(epoch: 0), loader.indices(epoch: 1))
        #expect(first.sorted() == Array(0..<1003) && second.sorted() == first.sorted() && first != second)
        #expect(loader.indices(epoch: 0) == first)
        #expect(data.length(first[0]) == (0..<1003).map(data.length).max())
        // Batches are even in length: what is filled in is little, though texts have 1 to 40 tokens.
        let filled = try madeBatches(loader, epoch: 0).map { Double($0.inputs[0].count) }.reduce(0, +)
        let tokens = Double((0..<1003).map(data.length).reduce(0, +))
        #expect(filled / tokens < 1.05)
        let means = loader.indexBatches(epoch: 0).map { $0.map(data.length).reduce(0, +) / $0.count }
        #expect(means != means.sorted() && means != Array(means.sorted().reversed()))
    }

    @Test("a batch holds its texts filled up to the longest, a mask, and the classes")
    func batch() throws {
        let loader = loader(30)
        let data = try #require(loader.dataset as? TokenizedTexts)
        for (batch, indices) in zip(try madeBatches(loader, epoch: 3), loader.indexBatches(epoch: 3)) {
            let longest = indices.map(data.length).max() ?? 0
            #expect(batch.inputs.map(\.shape) == [[indices.count, longest], [indices.count, longest]])
            for (row, index) in indices.enumerated() {
                let own = data.length(index)
                let filling = Array(repeating: 0, count: longest - own)
                #expect(batch.inputs[0][row].ints == Array(repeating: index + 1, count: own) + filling)
                #expect(batch.inputs[1][row].ints == Array(repeating: 1, count: own) + filling)
                #expect(batch.targets[0][row].ints == [own % 2])
            }
        }
    }

    @Test(
        "the shards of any number of ranks are the rows of one process's batches, lengths included",
        arguments: [1, 2, 3, 5])
    func shards(ranks: Int) throws {
        for (count, dropLast) in [(50, false), (50, true), (3, false)] {
            let whole = try madeBatches(loader(count, dropLast: dropLast), epoch: 2)
            let parts = try (0..<ranks).map {
                try madeBatches(loader(count, dropLast: dropLast).shard(BatchShard($0, of: ranks)), epoch: 2)
            }
            for (number, batch) in whole.enumerated() {
                for member in 0..<3 {
                    let rows = parts.map { $0[number].members[member] }.filter { $0.shape[0] > 0 }
                    let joined = Tensor.concatenated(rows, axis: 0)
                    #expect(joined.shape == batch.members[member].shape && joined.ints == batch.members[member].ints)
                }
            }
        }
    }

    @Test("ranks notice that their texts differ in the types of tokens, or in the type of what is filled in")
    func fingerprint() {
        func data(_ types: [Int], typeID: Int = 0) -> String {
            var text = TokenizedText(ids: [4, 5, 6], offsets: [0..<1, 1..<2, 2..<3], typeID: 0)
            text.typeIDs = types
            return TokenizedTexts(
                [text], labels: nil, classes: ["a", "b"], padding: TextPadding(id: 0, typeID: typeID)
            ).fingerprint
        }
        let all = [data([0, 0, 0]), data([0, 0, 1]), data([0, 1, 1]), data([0, 1, 1], typeID: 2)]
        #expect(Set(all).count == all.count)
        #expect(data([0, 1, 1]) == all[2])
    }

    @Test("with workers and from a later batch on the batches are the same")
    func workers() throws {
        let expected = try madeBatches(loader(40), epoch: 1).map { $0.inputs[0].ints }
        let other = loader(40)
        other.numWorkers = 3
        #expect(try madeBatches(other, epoch: 1).map { $0.inputs[0].ints } == expected)
        var rest = try loader(40).makeIterator(epoch: 1, from: 4)
        #expect(try rest.next()?.inputs[0].ints == expected[4])
    }

    @Test("validation takes the longest first, predictions the order of the texts")
    func validation() throws {
        let loader = loader(20, shuffle: false)
        #expect(loader.indices(epoch: 0) == Array(0..<20))
        loader.sortsInOrder = true
        let data = try #require(loader.dataset as? TokenizedTexts)
        let lengths = loader.indices(epoch: 0).map(data.length)
        #expect(lengths == lengths.sorted(by: >))
        #expect(loader.complete(shuffle: false, seed: nil).indices(epoch: 0) == Array(0..<20))
        #expect(loader.complete(shuffle: nil, seed: nil).indices(epoch: 0).map(data.length) == lengths)
    }

    @Test("a table's columns become texts and classes; what is missing is named with its line")
    func files() throws {
        let tokenizer = try PretrainedTokenizer.bert(
            vocabulary: Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\nbad\nfilm\n1\n2".utf8))
        try withTemporaryFolder { url in
            let folder = url.path
            let path = "\(folder)/reviews.csv"
            try Files.writeAtomically(
                [Array("n,review,label\n1,good film,pos\n2,\"bad, bad\",neg\n3,good,pos\n4,film,neg\n".utf8)], to: path)
            let data = try DataLoaders.textClasses(
                path: path, text: "review", target: "label", tokenizer: tokenizer, batchSize: 2, validFraction: 0)
            #expect(data.classes == ["neg", "pos"] && data.counts == (4, 0) && data.loaders.count == 1)
            #expect(data.loaders.targetKind == .category(count: 2))
            let rows = try madeBatches(data.loaders.train, epoch: 0).flatMap { batch in
                (0..<batch.size).map { batch.inputs[0][$0].ints.filter { $0 > 0 } + batch.targets[0][$0].ints }
            }
            #expect(rows.sorted { $0.description < $1.description }.first == [2, 4, 3, 1])
            let pairs = try DataLoaders.textClasses(
                path: path, text: "review", pair: "n", target: "label", tokenizer: tokenizer, maxLength: 5,
                batchSize: 2,
                validFraction: 0.5)
            #expect(pairs.loaders.train.inputCount == 3 && pairs.counts == (2, 2))
            #expect(try pairs.loaders.oneBatch().inputs[2].ints.contains(1))

            try Files.writeAtomically([Array("review,label\ngood,pos\n,neg\nbad,\n".utf8)], to: path)
            for (text, target, words) in [
                ("review", "label", ["line 3", "review"]), ("label", "review", ["line"]),
                ("text", "label", ["no column"]),
            ] {
                #expect("\(text)") {
                    try DataLoaders.textClasses(path: path, text: text, target: target, tokenizer: tokenizer)
                } throws: { error in words.allSatisfy { "\(error)".contains($0) } }
            }
            #expect(throws: DataError.self) {
                try DataLoaders.textClasses(["a", "b"], labels: ["x", "x"], tokenizer: tokenizer)
            }
        }
    }
}
