// SPDX-License-Identifier: Apache-2.0
// Tests of the language models: shapes, names, what a place may see, and writing on from a prompt.

import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// Scores that make `next` of the last token the likeliest, by a margin.
private final class Counter: Module, UnaryLayer {
    let dropout = Dropout(0.5)
    func callAsFunction(_ x: Tensor) -> Tensor {
        Tensor(x.ints.map { ($0 + 1) % 7 }, shape: x.shape).oneHot(classes: 7) * 4
    }
}

@Suite("Language models") struct LanguageModelTests {
    @Test("scores for every place and token, for blocks up to the context", arguments: [1, 2, 7, 16]) func shapes(
        length: Int
    ) {
        let tokens = sampleIntegers([3, length], in: 0..<11)
        let gpt = GPT(vocabulary: 11, context: 16, width: 8, layers: 2, heads: 2)
        #expect(gpt(tokens).shape == [3, length, 11])
        let lstm = RecurrentLanguageModel(vocabulary: 11, width: 4, hidden: 8, layers: 2, dropout: 0.1)
        #expect(lstm(tokens).shape == [3, length, 11])
    }

    @Test("no place sees a later token") func causal() {
        let models: [any UnaryLayer] = [
            GPT(vocabulary: 11, context: 16, width: 8, layers: 2, heads: 2),
            RecurrentLanguageModel(vocabulary: 11, width: 4, hidden: 8),
        ]
        let tokens = sampleIntegers([2, 16], in: 0..<11)
        for model in models {
            let whole = withNoGrad { model(tokens) }
            for length in [1, 5, 15] {
                expectClose(withNoGrad { model(tokens[.all, 0..<length]) }, whole[.all, 0..<length])
            }
        }
    }

    @Test("parameters have GPT-2's names") func names() {
        let names = GPT(vocabulary: 11, context: 16, width: 8, layers: 1, heads: 2).stateDictionary().map(\.name)
        #expect(names.prefix(3) == ["wte.weight", "wpe.weight", "h.0.self_attn.in_proj_weight"])
        #expect(names.suffix(3) == ["ln_f.weight", "ln_f.bias", "lm_head.weight"])
        #expect(RecurrentLanguageModel(vocabulary: 11).stateDictionary().map(\.name).first == "encoder.weight")
    }

    @Test("without a temperature the likeliest token follows") func greedy() {
        #expect(Counter().generate(after: [3], count: 9, context: 4, temperature: 0) == [4, 5, 6, 0, 1, 2, 3, 4, 5])
        #expect(Counter().generate(after: [3], count: 5, context: 4, topK: 1) == [4, 5, 6, 0, 1])
        #expect(Counter().generate(after: [3], count: 0, context: 4).isEmpty)
    }

    @Test("tokens are drawn with the probabilities of the softmax") func frequencies() {
        let drawn = [3] + Counter().generate(after: [3], count: 4000, context: 1, temperature: 2)
        let followed = zip(drawn, drawn.dropFirst()).filter { ($0 + 1) % 7 == $1 }.count
        // e² of e² + 6.
        #expect(abs(Double(followed) / 4000 - 0.5519) < 0.03, "\(followed)")
    }

    @Test("equal seeds write the same, and the modes are left as they were") func deterministic() {
        let model = GPT(vocabulary: 11, context: 8, width: 8, layers: 1, heads: 2, dropout: 0.5)
        let first = model.generate(after: [1, 2], count: 30, context: 8, seed: 1)
        #expect(first.count == 30 && first.allSatisfy { (0..<11).contains($0) })
        #expect(model.generate(after: [1, 2], count: 30, context: 8, seed: 1) == first)
        #expect(model.generate(after: [1, 2], count: 30, context: 8, seed: 2) != first)
        #expect(model.isTraining && model.modules().allSatisfy(\.isTraining))
        let counter = Counter()
        counter.dropout.eval()
        _ = counter.generate(after: [1], count: 1, context: 1)
        #expect(counter.isTraining && !counter.dropout.isTraining)
    }

    @Test("a model that carries its state writes as one that does not") func carried() {
        let plain = RecurrentLanguageModel(vocabulary: 11, width: 4, hidden: 8)
        let carrying = RecurrentLanguageModel(vocabulary: 11, width: 4, hidden: 8, carriesState: true)
        #expect(throws: Never.self) { try carrying.loadStateDictionary(plain.stateDictionary(), source: "plain") }
        let prompt = [1, 2, 3]
        #expect(
            carrying.generate(after: prompt, count: 20, context: 8)
                == plain.generate(after: prompt, count: 20, context: 8))
    }

    @Test("mistakes are named") func mistakes() async throws {
        let prompt = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = GPT(vocabulary: 5, context: 4, width: 8, layers: 1, heads: 2).generate(after: [], count: 1, context: 4)
        }
        expectTrap(prompt, says: "generate: the prompt is empty")
        let long = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = GPT(vocabulary: 5, context: 4, width: 8, layers: 1, heads: 2)(Tensor.zeros([1, 5], dtype: .int64))
        }
        expectTrap(long, says: "GPT: tokens of shape [1, 5], expected [N, T] with T at most the context of 4")
    }
}
