// SPDX-License-Identifier: Apache-2.0
// Networks for images against torchvision's and timm's, with weights by a formula.

import LockstepChecks
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Networks for images") struct VisionNetworkTests {
    @Test("names, shapes and number of parameters are those of the files", arguments: VisionArchitecture.all)
    func names(_ architecture: VisionArchitecture) throws {
        let reference = try Reference.load("vision")
        let model = withSeed(0) { architecture.model() }
        #expect(model.parameterCount == (try reference.tensor("\(architecture.name)/parameters").ints[0]))
        #expect(FormulaWeights.keys(of: model) == (try reference.tensor("\(architecture.name)/keys").ints[0]))
    }

    /// A build without optimisation takes half a minute for each of the largest: `make test` tries all.
    private static var tried: [VisionArchitecture] {
        #if DEBUG
            VisionArchitecture.all.filter {
                ![
                    "resnet101", "wide_resnet50_2", "vit_base_patch16_224", "deit_small_patch16_224",
                    "deit_base_patch16_224",
                ].contains($0.name)
            }
        #else
            VisionArchitecture.all
        #endif
    }

    /// Float64, as the original computed: in float32 a rectifier of a million may be on the other side of its kink.
    @Test("outputs, and all gradients of a step, are the original's", arguments: tried)
    func step(_ architecture: VisionArchitecture) throws {
        let (reference, name) = (try Reference.load("vision"), architecture.name)
        let model = architecture.model(classes: 10)
        try FormulaWeights.fill(model)
        FormulaWeights.removeChance(from: model)
        let (size, batch) = architecture.leastImageSize == 224 ? (224, 2) : (64, 4)
        let input = FormulaWeights.tensor("\(name)/x", [batch, 3, size, size])
        model.eval()
        let evaluated = withNoGrad { model.forward([input])[0] }
        let golden = try reference.tensor("\(name)/evaluated")
        let largest = golden.doubles.map(\.magnitude).max() ?? 0
        expectClose(evaluated, golden, "\(name), evaluated", relative: 1e-5, absolute: 5e-5 * largest)

        model.convert(to: .float64)
        model.train()
        let x = input.to(.float64).requiringGradient()
        let y = model.forward([x])[0]
        expectClose(y, try reference.tensor("\(name)/trained"), "\(name), trained", relative: 1e-6, absolute: 1e-6)
        y.backward(gradient: FormulaWeights.tensor("\(name)/dy", y.shape).to(.float64))
        var gradients: [(String, Tensor)] = [("x", try #require(x.gradient))]
        for (name, parameter) in model.namedParameters().sorted(by: { $0.name < $1.name }) {
            gradients.append((name, try #require(parameter.gradient, "\(name)")))
        }
        let sums = try reference.tensor("\(name)/gradients")
        #expect(sums.shape == [gradients.count, 2])
        for (row, (part, gradient)) in gradients.enumerated() {
            let (own, golden) = (FormulaWeights.summary(part, gradient), sums[row].doubles)
            expectClose(own, golden, "\(name): d\(part)", relative: 1e-5, absolute: 1e-9 + 1e-5 * golden[1])
        }
    }

    @Test("a network is found by its name, and no two share one") func byName() {
        let all = VisionArchitecture.all
        #expect(Set(all.map(\.name)).count == all.count)
        for architecture in all {
            #expect(VisionArchitecture(named: architecture.name)?.description == architecture.name)
        }
        #expect(VisionArchitecture(named: "resnet19") == nil)
    }

    @Test("a body is what comes before the head, gives the features it promises, and shares their weights")
    func bodies() throws {
        for name in ["resnet18", "resnet50"] {
            let architecture = try #require(VisionArchitecture(named: name))
            let model = withSeed(1) { architecture.model(classes: 2) }
            model.eval()
            let body = Sequential(architecture.bodyLayers(of: model))
            let y = withNoGrad { body(sample([2, 3, 40, 33])) }
            #expect(y.shape == [2, architecture.features, 2, 2])
            let head = model.namedParameters().filter { parameter in
                architecture.headParts.contains { parameter.name.hasPrefix($0 + ".") }
            }
            #expect(head.map(\.name) == ["fc.weight", "fc.bias"])
            #expect(body.parameterCount + 2 * architecture.features + 2 == model.parameterCount)
        }
    }

    @Test("images of one pixel pass, in evaluation") func onePixel() {
        let model = withSeed(2) { VisionArchitecture.resnet18.model(classes: 3, channels: 1) }
        model.eval()
        #expect(withNoGrad { model.forward([sample([1, 1, 1, 1])])[0].shape } == [1, 3])
    }
}
