// SPDX-License-Identifier: Apache-2.0
// Text models against Hugging Face's: Tests/Reference/textmodels.py wrote what is compared.

import Foundation
import LockstepChecks
import LockstepData
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

/// What one model of Hugging Face's gave.
private struct Golden: Decodable {
    struct Name: Decodable, Equatable {
        let name: String, shape: [Int]
        init(_ name: String, _ shape: [Int]) { (self.name, self.shape) = (name, shape) }
        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            (name, shape) = (try list.decode(String.self), try list.decode([Int].self))
        }
    }
    struct Gradient: Decodable {
        let name: String, projection: Double, norm: Double
        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            (name, projection, norm) = (
                try list.decode(String.self), try list.decode(Double.self), try list.decode(Double.self)
            )
        }
    }
    let names: [Name], ids: [Int], shape: [Int], output: [Double], gradients: [Gradient]
}

private func golden(_ name: String) throws -> Golden {
    let file = Reference.folder.appendingPathComponent("textmodels/transformers.json")
    let all = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    let one = try #require(all?[name])
    return try JSONDecoder().decode(Golden.self, from: JSONSerialization.data(withJSONObject: one))
}

/// Weights as the script fills them.
private func fill(_ model: Module) {
    for (name, parameter) in model.namedParameters() {
        var hash: UInt32 = 0x811c_9dc5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let (phase, shape) = (Double(hash % 1000) / 100, parameter.value.shape)
        let offset = shape.rank == 1 && name.hasSuffix("weight") ? 1.0 : 0
        let values = (0..<shape.elementCount).map { Float(0.3 * sin(0.7 * Double($0) + phase) + offset) }
        parameter.wrappedValue = Tensor(values, shape: shape)
    }
}

private var mask: Tensor { Tensor([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0] as [Int], shape: [2, 7]) }
private var types: Tensor { Tensor([0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0] as [Int], shape: [2, 7]) }

private func bert(_ change: (inout BertConfiguration) -> Void = { _ in }) -> BertConfiguration {
    var result = BertConfiguration(vocabulary: 23, width: 8, layers: 2, heads: 2, hidden: 12)
    result.context = 9
    change(&result)
    return result
}

private let gpt2 = GPT2Configuration(vocabulary: 23, width: 8, layers: 2, heads: 2, context: 9)

private struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// How many of mask and types it is given besides.
    var others = 1
    let make: @Sendable () -> Module
    var testDescription: String { name }
}

private let cases: [Case] = [
    Case(name: "bert", others: 2) { Bert(bert(), hasPooler: false) },
    Case(name: "bert.plain", others: 0) { Bert(bert(), hasPooler: false) },
    Case(name: "bert.classifier", others: 2) { TextClassifier(Bert(bert()), classes: 3) },
    Case(name: "bert.tanh") { Bert(bert { $0.activation = .tanhGELU }, hasPooler: false) },
    Case(name: "bert.relu") { Bert(bert { $0.activation = .relu }, hasPooler: false) },
    Case(name: "distilbert") { DistilBert(bert()) },
    Case(name: "distilbert.classifier") { TextClassifier(DistilBert(bert()), classes: 3) },
    Case(name: "gpt2") { GPT2(gpt2) },
    Case(name: "gpt2.plain", others: 0) { GPT2LanguageModel(gpt2) },
    Case(name: "gpt2.classifier") { TextClassifier(GPT2(gpt2), classes: 3) },
]

@Suite("Text models")
struct TextModelTests {
    @Test("names, outputs and gradients are those of transformers", arguments: cases)
    private func reference(_ example: Case) throws {
        let (golden, model) = (try golden(example.name), example.make())
        let names = model.namedParameters().map { Golden.Name($0.name, $0.parameter.value.shape.dimensions) }
        #expect(names.map(\.name).sorted() == golden.names.map(\.name).sorted())
        for name in golden.names { #expect(names.contains(name), "\(name)") }
        fill(model)
        model.eval()
        let ids = Tensor(golden.ids, shape: [2, 7])
        var output = model.forward([ids] + [mask, types].prefix(example.others))[0]
        #expect(output.shape.dimensions == golden.shape)
        let isMasked = output.rank == 3 && example.others > 0
        if isMasked { output = output * mask.to(.float32).unsqueezed(axis: 2) }
        expectClose(output.detached.floats.map(Double.init), golden.output, relative: 2e-5, absolute: 2e-5)
        let weights = (0..<output.count).map { Float(cos(0.3 * Double($0))) }
        (output * Tensor(weights, shape: output.shape)).sum().backward()
        let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters().map { ($0.name, $0.parameter) })
        for wanted in golden.gradients {
            let gradient = try #require(parameters[wanted.name]).gradient?.floats.map(Double.init) ?? []
            let projection = gradient.enumerated().reduce(0) { $0 + $1.element * cos(0.9 * Double($1.offset)) }
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(
                [projection, norm], [wanted.projection, wanted.norm], "\(wanted.name)", relative: 2e-4, absolute: 2e-4)
        }
    }

    @Test("what a text is filled up with changes neither its vectors nor its pooled one")
    func fillingIsNotSeen() {
        for body in [Bert(bert()), DistilBert(bert())] as [TextBody] {
            fill(body)
            body.eval()
            let short = Tensor([3, 7, 11] as [Int], shape: [1, 3])
            let long = Tensor([3, 7, 11, 5, 0] as [Int], shape: [1, 5])
            let kept = Tensor([1, 1, 1, 0, 0] as [Int], shape: [1, 5])
            let (a, b) = (body.hidden(short), body.hidden(long, mask: kept))
            expectClose(b[.all, 0..<3], a, relative: 1e-5, absolute: 1e-6)
            for pooling in TextPooling.allCases {
                expectClose(pooling(b, mask: kept), pooling(a), relative: 1e-5, absolute: 1e-6)
            }
        }
    }

    @Test("configurations are read from config.json, and what is not known is refused by name")
    func configurations() throws {
        let miniLM = """
            {"architectures": ["BertModel"], "attention_probs_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_size": 384,
             "intermediate_size": 1536, "layer_norm_eps": 1e-12, "max_position_embeddings": 512, "model_type": "bert",
             "num_attention_heads": 12, "num_hidden_layers": 6, "pad_token_id": 0, "vocab_size": 30522}
            """
        #expect(try BertConfiguration(json: Array(miniLM.utf8)) == .miniLM)
        for (change, word) in [
            (("\"gelu\"", "\"quick_gelu\""), "quick_gelu"), (("\"bert\"", "\"roberta\""), "roberta"),
            (("\"pad_token_id\": 0", "\"position_embedding_type\": \"relative_key\""), "relative_key"),
            (("384", "385"), "heads"), (("384", "-1"), "hidden_size"), (("30522", "1e300"), "vocab_size"),
        ] {
            let changed = miniLM.replacingOccurrences(of: change.0, with: change.1)
            #expect("\(change)") { try BertConfiguration(json: Array(changed.utf8)) } throws: {
                ($0 as? DataError)?.description.contains(word) ?? false
            }
        }
        let gpt =
            "{\"model_type\": \"gpt2\", \"n_embd\": 64, \"n_head\": 4, \"n_layer\": 3, \"vocab_size\": 100, \"n_positions\": 32}"
        #expect(
            try GPT2Configuration(json: Array(gpt.utf8))
                == GPT2Configuration(vocabulary: 100, width: 64, layers: 3, heads: 4, context: 32))
        let distil =
            "{\"model_type\": \"distilbert\", \"dim\": 64, \"n_heads\": 4, \"n_layers\": 3, \"hidden_dim\": 100}"
        #expect(try DistilBert.configuration(json: Array(distil.utf8)).hidden == 100)
    }

    @Test("a negative deviation of weights, or one that is added to variances, is an error that names it")
    func negative() {
        for (type, key) in [
            ("bert", "initializer_range"), ("bert", "layer_norm_eps"), ("distilbert", "initializer_range"),
            ("gpt2", "initializer_range"), ("gpt2", "layer_norm_epsilon"),
        ] {
            let json = Array("{\"model_type\": \"\(type)\", \"\(key)\": -0.02}".utf8)
            let error = weightsError { () throws -> Any in
                if type == "bert" { return try BertConfiguration(json: json) }
                if type == "gpt2" { return try GPT2Configuration(json: json) }
                return try DistilBert.configuration(json: json)
            }
            #expect(error?.description.contains("“\(key)” -0.02, which is negative") == true, "\(type)")
        }
    }
}
