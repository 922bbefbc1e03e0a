// SPDX-License-Identifier: Apache-2.0
// Tests of loading weights: what PyTorch wrote, names, counters, heads, and what does not fit.

import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Pretrained weights")
struct PretrainedTests {
    @Test(
        "a state dictionary of PyTorch's fills the model, from both formats", arguments: ["zip.state", "stream.state"])
    func plain(_ name: String) throws {
        let model = SmallNet()
        let report = try withTorchFile(name) { try model.loadPretrained($0) }
        expectHolds(model, try torchTensors(name))
        #expect(report.loaded.count == 9 && report.converted.isEmpty && report.ignored.isEmpty && report.prefix.isEmpty)
        #expect(report.missing.isEmpty && report.unexpected.isEmpty && report.left.isEmpty)
        #expect(report.loaded == model.stateDictionary().map(\.name))
    }

    @Test(
        "what training programs wrap around names and dictionaries is taken off, and said",
        arguments: ["zip", "stream"])
    func wrapped(_ kind: String) throws {
        let model = SmallNet()
        let report = try withTorchFile(kind + ".training") { try model.loadPretrained($0) }
        expectHolds(model, try torchTensors(kind + ".state"))
        #expect(report.prefix == "module.")
        #expect(
            report.description.contains("9 tensors loaded\n  prefix          “module.” was taken off the file's names"))
    }

    @Test(
        "several wrappers are taken off, and the model's own is put before",
        arguments: ["", "module.", "module.model.", "_orig_mod."])
    func prefixes(_ prefix: String) throws {
        let state = try torchTensors("zip.state")
        let (plain, inner) = (SmallNet(), SmallNet())
        let model = Wrapped(inner)
        try withTensors(state.map { (prefix + $0.name, $0.value) }) { path in
            #expect(try plain.loadPretrained(path).prefix == prefix)
            let report = try model.loadPretrained(path, leaving: ["classifier"])
            #expect(report.prefix == prefix && report.addedPrefix == "bert.")
            #expect(report.left.map(\.name) == ["classifier.weight", "classifier.bias"])
            #expect(report.left.allSatisfy { $0.found == nil })
        }
        expectHolds(plain, state)
        expectHolds(inner, state)
        // The other way round: the file is of the larger model.
        try withTensors(model.stateDictionary().map { (prefix + $0.name, $0.tensor) }) { path in
            let small = SmallNet()
            let report = try small.loadPretrained(path, strict: false)
            #expect(
                report.prefix == prefix + "bert."
                    && report.unexpected.map { String($0.dropFirst(prefix.count)) }
                        == ["classifier.weight", "classifier.bias"]
            )
            expectHolds(small, state)
            let whole = Wrapped(SmallNet())
            #expect(try whole.loadPretrained(path).prefix == prefix)
            expectHolds(whole.bert, state)
        }
    }

    @Test("half precision becomes what the model has, and is told")
    func half() throws {
        let model = SmallNet()
        let report = try withTorchFile("zip.half") { try model.loadPretrained($0) }
        expectHolds(model, try torchTensors("zip.half"))
        #expect(report.converted.count == 8 && report.converted.allSatisfy { $0.what == "F16 to float32" })
        #expect(
            report.description.contains(
                "converted       8: F16 to float32 (conv.weight, conv.bias, norm.weight and 5 more)"))
        let narrow = SmallNet()
        narrow.convert(to: .bfloat16)
        let narrowed = try withTorchFile("zip.state") { try narrow.loadPretrained($0) }
        #expect(narrowed.converted.first?.what == "F32 to bfloat16")
        #expect(narrow.conv.weight.dtype == .bfloat16)
        expectHolds(narrow, try torchTensors("zip.state"))
    }

    @Test("counters and tables may be on one side only; nothing else may")
    func counters() throws {
        var state = try torchTensors("zip.state").filter { $0.name != "norm.num_batches_tracked" }
        state.append(("embeddings.position_ids", Tensor([0, 1, 2] as [Int64]).reshaped([1, 3])))
        state.append(("attn.bias", Tensor.ones([1, 1, 2, 2])))
        let model = SmallNet()
        let report = try withTensors(state) { try model.loadPretrained($0) }
        #expect(report.ignored == ["embeddings.position_ids", "attn.bias", "norm.num_batches_tracked"])
        #expect(report.unexpected.isEmpty && report.missing.isEmpty && report.loaded.count == 8)
        let short = state.filter { $0.name != "norm.bias" }
        let error = try #require(weightsError { try withTensors(short) { try SmallNet().loadPretrained($0) } })
        #expect(error.code == .mismatch && error.reason.contains("Missing: norm.bias"), "\(error)")
        #expect(try withTensors(short) { try SmallNet().loadPretrained($0, strict: false) }.missing == ["norm.bias"])
    }

    @Test("what the model has no place for is an error, passed over when named, reported when asked")
    func unexpected() throws {
        let state = try torchTensors("zip.state") + [("extra.weight", Tensor([1]))]
        try withTensors(state) { path in
            let error = try #require(weightsError { try SmallNet().loadPretrained(path) })
            #expect(
                error.reason.contains("Unexpected: extra.weight") && error.remedy?.contains("ignoring:") == true,
                "\(error)")
            #expect(try SmallNet().loadPretrained(path, ignoring: ["extra"]).ignored == ["extra.weight"])
            #expect(try SmallNet().loadPretrained(path, strict: false).unexpected == ["extra.weight"])
        }
        let error = try #require(
            weightsError { try withTensors([("x", Tensor([1]))]) { try SmallNet().loadPretrained($0, strict: false) } })
        #expect(error.reason.contains("None of its names is one of the model's: x"), "\(error)")
    }

    @Test(
        "a head of another size stays as it is when that is asked for, and is an error otherwise; then nothing has changed"
    )
    func head() throws {
        let model = SmallNet(classes: 5)
        let before = model.stateDictionary()
        try withTorchFile("zip.state") { path in
            let error = try #require(weightsError { try model.loadPretrained(path) })
            #expect(error.reason.contains("head.weight is F32[3, 2], expected [5, 2]"), "\(error)")
            #expect(error.remedy?.contains("keepsOtherHead: true") == true)
            expectHolds(model, before.map { ($0.name, $0.tensor) })
            let report = try model.loadPretrained(path, keepsOtherHead: true)
            #expect(report.left.map(\.name) == ["head.weight", "head.bias"] && report.loaded.count == 7)
            #expect(
                report.description.contains(
                    "left as it was  head.weight [5, 2] (the file's is [3, 2]), head.bias [5] (the file's is [3])"))
            // Of other parts it is an error all the same.
            let wide = SmallNet(classes: 5)
            wide.norm.weight = Tensor.ones([3])
            let other = try #require(weightsError { try wide.loadPretrained(path, keepsOtherHead: true) })
            #expect(
                other.reason.contains("norm.weight is F32[2], expected [3]") && !other.reason.contains("head"),
                "\(other)")
            #expect(try SmallNet(classes: 5).loadPretrained(path, leaving: ["head"]).left.count == 2)
        }
        expectHolds(model, before.filter { $0.name.hasPrefix("head") }.map { ($0.name, $0.tensor) })
        expectHolds(model, try torchTensors("zip.state").filter { !$0.name.hasPrefix("head") })
    }

    @Test("quantised weights, which are whole numbers, are no weights")
    func quantized() throws {
        let state = try torchTensors("zip.state").map {
            ($0.name, $0.name == "conv.weight" ? ($0.value * 100).to(.int32) : $0.value)
        }
        let error = try #require(weightsError { try withTensors(state) { try SmallNet().loadPretrained($0) } })
        #expect(error.reason.contains("conv.weight is I32[2, 3, 3, 3], expected [2, 3, 3, 3]"), "\(error)")
    }

    @Test("a tensor that the model shares is filled once, from whichever of its names the file has")
    func shared() throws {
        final class Tied: Module {
            let table = Linear(2, 3)
            let output: Linear
            override init() { output = table }
        }
        let values = Tensor([1, 2, 3, 4, 5, 6]).reshaped([3, 2]), bias = Tensor([1, 2, 3])
        for names in [["table"], ["output"], ["table", "output"]] {
            let model = Tied()
            let state = names.flatMap { [("\($0).weight", values), ("\($0).bias", bias)] }
            let report = try withTensors(state) { try model.loadPretrained($0) }
            #expect(report.loaded == ["table.weight", "table.bias"] && report.ignored.count == (names.count - 1) * 2)
            #expect(model.output.weight.floats == values.floats)
        }
    }

    @Test("names of the caller's own, and the old names of normalisations")
    func renamed() throws {
        let state = try torchTensors("zip.state")
        let model = SmallNet()
        let renamed = state.map { (name: $0.name.replacing("conv.", with: "stem.first."), value: $0.value) }
        try withTensors(renamed) { path in
            #expect(weightsError { try model.loadPretrained(path) } != nil)
            try model.loadPretrained(path) { $0.hasPrefix("stem.first.") ? "conv." + $0.dropFirst(11) : nil }
        }
        expectHolds(model, state)
        let old = state.map {
            (
                name: $0.name.replacing("norm.weight", with: "norm.gamma").replacing("norm.bias", with: "norm.beta"),
                value: $0.value
            )
        }
        let another = SmallNet()
        try withTensors(old) { _ = try another.loadPretrained($0) }
        expectHolds(another, state)
    }
}
