// SPDX-License-Identifier: Apache-2.0
// Which engine convolves: the same one for equal shapes, whatever the batch; choices by timing as text and back.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Choice of a convolution's engine") struct ConvolutionRuleTests {
    private static let line =
        "forward 3x9x10 20x9x10 kernel 3x3 stride 1x1 dilation 1x1 padding 1,1,1,1 groups 1 blas"

    private static func shape(
        _ batch: Int, _ inputs: Int, _ size: Int, _ outputs: Int, groups: Int = 1
    ) -> lsk_convolution {
        lsk_convolution(
            batch: batch, groups: groups, in_channels: inputs, in_height: size, in_width: size, out_channels: outputs,
            out_height: size, out_width: size, kernel_height: 3, kernel_width: 3, stride_height: 1, stride_width: 1,
            dilation_height: 1, dilation_width: 1, pad_top: 1, pad_left: 1, pad_bottom: 1, pad_right: 1)
    }

    private static func rule(_ c: lsk_convolution, _ way: lsk_convolution_way) -> UInt32 {
        withUnsafePointer(to: c) { lsk_convolution_rule($0, way).rawValue }
    }

    @Test("a last smaller batch, another rank's part and a validation batch use the engine of the others")
    func anyBatch() {
        for (inputs, size, outputs, groups) in [
            (1, 8, 16, 1), (16, 8, 32, 1), (16, 14, 32, 1), (3, 32, 16, 1), (64, 8, 64, 1), (16, 14, 16, 16),
            (1, 28, 32, 1),
        ] {
            for way in [LSK_FORWARD, LSK_BACKWARD_DATA, LSK_BACKWARD_WEIGHT] {
                let engines = [1, 2, 7, 8, 19, 20, 31, 32, 64, 1000].map {
                    Self.rule(Self.shape($0, inputs, size, outputs, groups: groups), way)
                }
                #expect(Set(engines).count == 1, "\(inputs)→\(outputs), \(size)², way \(way.rawValue): \(engines)")
            }
        }
    }

    @Test("an engine that does not serve a shape costs more than any and is not taken")
    func unserved() {
        let grouped = Self.shape(32, 16, 14, 16, groups: 4)
        #expect(
            withUnsafePointer(to: grouped) { lsk_convolution_cost($0, LSK_FORWARD, LSK_ENGINE_DIRECT) } == .infinity)
        #expect(Self.rule(grouped, LSK_FORWARD) != LSK_ENGINE_DIRECT.rawValue)
        if lsk_has_onednn() == 0 || lsk_uses_own_products() == 0 {
            for way in [LSK_FORWARD, LSK_BACKWARD_DATA, LSK_BACKWARD_WEIGHT] {
                let engine = Self.rule(Self.shape(32, 16, 14, 32), way)
                if lsk_has_onednn() == 0 { #expect(engine != LSK_ENGINE_ONEDNN.rawValue) }
                if lsk_uses_own_products() == 0 { #expect(engine != LSK_ENGINE_DIRECT.rawValue) }
            }
        }
    }

    @Test("what was chosen by timing comes out as text and holds again when it is set back, for any batch")
    func roundTrip() async {
        let result = await #expect(processExitsWith: .success) {
            func bits(_ batch: Int) -> [UInt32] {
                sample([batch, 3, 9, 10], seed: 1).conv2d(sample([20, 3, 3, 3], seed: 2), padding: 1).floats.map(
                    \.bitPattern)
            }
            func bits(_ batch: Int, _ engine: lsk_convolution_engine) -> [UInt32] {
                lsk_set_convolution_engine(engine)
                defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
                return bits(batch)
            }
            let byRule = bits(4)
            precondition(ConvolutionEngine.choices.isEmpty, "the rule remembers nothing")
            let measured = bits(4, LSK_ENGINE_MEASURED)
            let choices = ConvolutionEngine.choices
            precondition(choices.count == 1 && choices[0].hasPrefix("forward 3x9x10 20x9x10 kernel 3x3"), "\(choices)")
            precondition(bits(4) == byRule, "what somebody measured is not the rule's affair")
            ConvolutionEngine.forgetChoices()
            precondition(ConvolutionEngine.choices.isEmpty)
            try? ConvolutionEngine.restore(choices)
            precondition(ConvolutionEngine.choices == choices)
            precondition(bits(4) == measured && bits(4, LSK_ENGINE_MEASURED) == measured)
            for (name, engine) in [
                ("blas", LSK_ENGINE_BLAS), ("direct", LSK_ENGINE_DIRECT), ("onednn", LSK_ENGINE_ONEDNN),
            ] {
                let line = Self.line.replacing("blas", with: name)
                guard (try? ConvolutionEngine.restore([line])) != nil else { continue }
                for batch in [1, 4, 33] { precondition(bits(batch) == bits(batch, engine), "\(name), batch \(batch)") }
            }
            ConvolutionEngine.forgetChoices()
            precondition(bits(4) == byRule)
        }
        #expect(result != nil)
    }

    @Test(
        "a line that is no choice is refused, and nothing changes",
        arguments: [
            ("", "does not name"), ("forward", "does not name"), (line + " ", "does not name"),
            (line.replacing("forward", with: "sideways"), "does not name"),
            (line.replacing("kernel", with: "colonel"), "does not name"),
            (line.replacing("blas", with: "gpu"), "no engine"),
            (line.replacing("blas", with: "measured"), "no engine"),
            (line.replacing("3x9x10", with: "0x9x10"), "a size"),
            (line.replacing("3x9x10", with: "3x9"), "a size"), (line.replacing("3x9x10", with: "3x9x10x1"), "a size"),
            (line.replacing("3x9x10", with: "-3x9x10"), "a size"),
            (line.replacing("3x9x10", with: "3x9xten"), "a size"),
            (line.replacing("3x9x10", with: "3x9x1048577"), "a size"),
            (line.replacing("3x9x10", with: "3x9x9223372036854775808"), "a size"),
            (line.replacing("stride 1x1", with: "stride 0x1"), "a size"),
            (line.replacing("stride 1x1", with: "stride 2x1"), "no convolution makes"),
            (line.replacing("kernel 3x3", with: "kernel 1048576x1048576"), "no convolution makes"),
            (line.replacing("dilation 1x1", with: "dilation 1048576x1"), "no convolution makes"),
            (line.replacing("padding 1,1,1,1", with: "padding 1,1,1"), "a size"),
            (line.replacing("padding 1,1,1,1", with: "padding -1,1,3,1"), "such padding"),
            (line.replacing("groups 1", with: "groups 2"), "such groups"),
            (String(repeating: "forward ", count: 1000), "longer than any"),
        ])
    func refused(_ text: String, _ words: String) {
        let before = ConvolutionEngine.choices
        let error = #expect(throws: ConvolutionChoiceError.self) { try ConvolutionEngine.restore([Self.line, text]) }
        #expect(error?.description.contains(words) == true && error?.code == .malformed, "\(error?.description ?? "")")
        #expect(error?.description.contains("choice 2") == true && (error?.description.count ?? 0) < 400)
        #expect(ConvolutionEngine.choices == before)
    }

    @Test("two choices for one shape, too many of them, and an engine that is not there are refused")
    func conflicts() {
        let other = Self.line.replacing("blas", with: "direct")
        #expect(throws: ConvolutionChoiceError.self) { try ConvolutionEngine.restore([Self.line, other]) }
        let many = (1...4097).map { Self.line.replacing("3x9x10 ", with: "\($0)x9x10 ") }
        #expect(throws: ConvolutionChoiceError.self) { try ConvolutionEngine.restore(many) }
        guard lsk_has_onednn() == 0 else { return }
        let error = #expect(throws: ConvolutionChoiceError.self) {
            try ConvolutionEngine.restore([Self.line.replacing("blas", with: "onednn")])
        }
        #expect(error?.code == .unavailable)
    }

    @Test("what decides besides the shape is a line that names rule, products and library")
    func identity() {
        #expect(ConvolutionEngine.identity.hasPrefix("rule 1, "))
        #expect(ConvolutionEngine.identity.contains("oneDNN"))
        lsk_set_convolution_engine(LSK_ENGINE_BLAS)
        defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
        #expect(ConvolutionEngine.identity.hasPrefix("patches, "))
    }
}
