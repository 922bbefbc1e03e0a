// SPDX-License-Identifier: Apache-2.0
// U-Nets against fastai's DynamicUnet, with weights by a formula; and images of other sizes than the network was made with.

import LockstepChecks
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("U-Nets") struct UNetTests {
    private static func network(_ name: String, _ outputs: Int) throws -> UNet {
        let architecture = try #require(VisionArchitecture(named: name))
        let whole = withSeed(0) { architecture.model(classes: 1) }
        let body = architecture.bodyLayers(of: whole)
        let encoder = body.count == 1 ? try #require(body[0] as? Sequential) : Sequential(body)
        return UNet(
            encoder, outputs: outputs, imageSize: 64, blurs: name == "mobilenet_v2", lastCross: name != "convnext_tiny",
            norm: name == "mobilenet_v2" ? .batch : .none)
    }

    @Test(
        "names, number of parameters, outputs and gradients are fastai's",
        arguments: ["resnet18", "mobilenet_v2", "convnext_tiny"])
    func step(_ name: String) throws {
        let reference = try Reference.load("vision")
        let key = "unet.\(name)"
        let usual = try Self.network(name, 1000)
        #expect(usual.parameterCount == (try reference.tensor("\(key)/parameters").ints[0]))
        #expect(FormulaWeights.keys(of: usual) == (try reference.tensor("\(key)/keys").ints[0]))

        let model = try Self.network(name, 10)
        try FormulaWeights.fill(model)
        FormulaWeights.removeChance(from: model)
        let input = FormulaWeights.tensor("\(key)/x", [4, 3, 64, 64]).to(.float64)
        model.convert(to: .float64)
        model.eval()
        func compare(_ y: Tensor, _ part: String) throws {
            #expect(y.shape == [4, 10, 64, 64])
            let golden = try reference.tensor("\(key)/\(part)")[0].doubles
            expectClose(FormulaWeights.summary(part, y), golden, part, relative: 1e-5, absolute: 1e-6 * golden[1])
        }
        try compare(withNoGrad { model(input) }, "evaluated")

        model.train()
        let x = input.requiringGradient()
        let y = model(x)
        try compare(y, "trained")
        y.backward(gradient: FormulaWeights.tensor("\(key)/dy", y.shape).to(.float64))
        var gradients: [(String, Tensor)] = [("x", try #require(x.gradient))]
        for (name, parameter) in model.namedParameters().sorted(by: { $0.name < $1.name }) {
            gradients.append((name, try #require(parameter.gradient, "\(name)")))
        }
        let sums = try reference.tensor("\(key)/gradients")
        #expect(sums.shape == [gradients.count, 2])
        for (row, (part, gradient)) in gradients.enumerated() {
            let (own, golden) = (FormulaWeights.summary(part, gradient), sums[row].doubles)
            expectClose(own, golden, "d\(part)", relative: 1e-5, absolute: 1e-9 + 1e-5 * golden[1])
        }
    }

    @Test(
        "goes up from every network whose features are an image, to images of any size that it takes",
        arguments: VisionArchitecture.all.filter(\.givesImage))
    func everyNetwork(_ architecture: VisionArchitecture) throws {
        // Those of one family are made alike.
        guard !["resnet101", "xresnet101", "wide_resnet50_2"].contains(architecture.name) else { return }
        let whole = withSeed(0) { architecture.model(classes: 1, channels: 1) }
        let model = UNet(
            Sequential(architecture.bodyLayers(of: whole)), outputs: 3, channels: 1, imageSize: [64, 96])
        model.eval()
        for size in [[64, 96], [33, 71]] {
            let y = withNoGrad { model(sample([1, 1, size[0], size[1]])) }
            #expect(y.shape == [1, 3, size[0], size[1]], "\(architecture)")
        }
        #expect(model.isTraining == false)
    }

    @Test("what cannot be made is refused in a sentence")
    func refused() async {
        let flat = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = UNet(
                Sequential {
                    ReLU(); ReLU()
                }, outputs: 2, imageSize: 8)
        }
        expectTrap(flat, says: "UNet: the encoder makes no image smaller")
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = UNet(Sequential { MaxPool2d(2) }, outputs: 0, imageSize: 8)
        }
        expectTrap(none, says: "UNet: 0 outputs of images [3, 8, 8]: all must be positive")
    }
}
