// SPDX-License-Identifier: Apache-2.0
// EfficientNet-Lite0 with its real weights, on real photographs: run by `make test-pretrained`, which gets both.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Real weights of networks for images") struct RealWeightsTests {
    private static let folder = ProcessInfo.processInfo.environment["LOCKSTEP_PRETRAINED"]

    @Test(
        "fifty photographs get PyTorch's scores, and those with a name their label",
        .enabled(if: folder != nil, "make test-pretrained gets the weights"))
    func lite() throws {
        let folder = try #require(Self.folder)
        let architecture = VisionArchitecture.efficientnetLite0
        let model = architecture.model()
        let report = try model.loadPretrained("\(folder)/efficientnet-lite0.pth")
        #expect(report.missing == [] && report.unexpected == [] && report.loaded.count > 240)
        let archive = try Safetensors.read("\(folder)/efficientnet-lite0.safetensors")
        let images = archive.tensor(try #require(archive.entry("images"))).to(.float32)
        let golden = archive.tensor(try #require(archive.entry("scores")))
        #expect(images.shape == [50, 3, 224, 224])
        let mean = Tensor(try #require(architecture.statistics.mean), shape: [3, 1, 1])
        let std = Tensor(try #require(architecture.statistics.std), shape: [3, 1, 1])
        model.eval()
        let scores = withNoGrad {
            let parts = stride(from: 0, to: 50, by: 10).map { first in
                model.forward([(images[first..<first + 10] / 255 - mean) / std])[0]
            }
            return Tensor.concatenated(parts, axis: 0)
        }
        expectClose(scores, golden, "scores", relative: 1e-4, absolute: 1e-4)
        let best = scores.argmax(axis: 1).ints
        #expect(best == golden.argmax(axis: 1).ints)
        // Numbers of ImageNet's labels: palace, daisy, Egyptian cat, espresso, missile.
        let labels = ["china": 698, "flower": 985, "chelsea": 285, "coffee": 967, "rocket": 657]
        let names = (archive.metadata("names") ?? "").split(separator: " ").map(String.init)
        var seen: Set<String> = []
        for (name, label) in zip(names, best) where seen.insert(name).inserted {
            #expect(labels[name] == nil || labels[name] == label, "\(name) is \(label)")
        }
        #expect(seen.intersection(labels.keys).count >= 2)
    }
}
