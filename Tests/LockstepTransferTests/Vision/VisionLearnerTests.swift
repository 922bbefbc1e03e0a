// SPDX-License-Identifier: Apache-2.0
// Learners of images from known networks: weights, heads, groups, what is frozen, normalisation, export.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import LockstepTransfer
import Testing

@Suite("Learners of images") struct VisionLearnerTests {
    /// Writes the weights of a network by the formula.
    private func write(_ architecture: VisionArchitecture, to file: String) throws -> Module {
        let model = architecture.model(classes: 7)
        try FormulaWeights.fill(model)
        try Safetensors.write(model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) }, to: file)
        return model
    }

    /// Images of two classes as a folder of PNG files.
    private func images(in folder: URL) throws -> String {
        for index in 0..<12 {
            let file = folder.appending(path: "set/\(index % 2)/\(index).png")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            let pixels = FormulaWeights.numbers("image \(index)", 768).map {
                UInt8(60 + 100 * (index % 2) + Int(40 * $0))
            }
            try Data(try #require(PNGWriter.encode(pixels, width: 16, height: 16, channels: 3))).write(to: file)
        }
        return folder.appending(path: "set").path
    }

    private func loaders(channels: Int = 3, size: Int = 32) -> DataLoaders {
        let x = sample([8, channels, size, size])
        let data = TensorDataset(inputs: [x], targets: [Tensor([0, 1, 0, 1, 0, 1, 0, 1] as [Int])])
        return DataLoaders(DataLoader(data, batchSize: 4), DataLoader(data, batchSize: 4))
    }

    @Test("weights of a file stand in the body, the head is new, and only the head trains at the start")
    func pretrained() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "w.safetensors").path
            let model = try write(.resnet18, to: file)
            let learner = try Learner.vision(
                dls: loaders(), .resnet18, weights: file, outputs: 2, loss: CrossEntropyFlat(), defaultCallbacks: .core)
            let body = try #require((learner.model as? Sequential)?.layers[0])
            let (own, given) = (body.stateDictionary(), model.stateDictionary().filter { !$0.name.hasPrefix("fc.") })
            #expect(own.map(\.tensor.floats) == given.map(\.tensor.floats))
            let optimizer = try #require(learner.optimizer)
            #expect(optimizer.groups.count == 3 && optimizer.frozenIndex == 2)
            let before = body.parameters().map { $0.value.floats }
            let norms = Set(body.normalizationParameters().map(ObjectIdentifier.init))
            try learner.withoutLogging { try learner.fit(1, lr: 0.01) }
            for (parameter, old) in zip(body.parameters(), before) {
                // Normalisation goes on training: fastai's train_bn.
                #expect((parameter.value.floats == old) != norms.contains(ObjectIdentifier(parameter)))
            }
            try learner.withoutLogging { try learner.fineTune(1, baseLR: 0.01) }
            for (parameter, old) in zip(body.parameters(), before) { #expect(parameter.value.floats != old) }
        }
    }

    @Test("a file without a tensor, or with one too many, is refused by name; the classifier's are left alone")
    func misfits() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "w.safetensors").path
            let model = try write(.resnet18, to: file)
            var items = model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) }
            try Safetensors.write(items.filter { !$0.name.hasPrefix("fc.") }, to: file)
            var report: WeightReport?
            _ = try createBody(.resnet18, weights: file) { report = $0 }
            #expect(report?.left.map(\.name) == ["fc.weight", "fc.bias"] && report?.missing == [])
            items.removeAll { $0.name == "layer3.1.bn2.running_var" }
            try Safetensors.write(items + [.init("layer9.weight", .zeros([1]))], to: file)
            let error = #expect(throws: DataError.self) { try createBody(.resnet18, weights: file) }
            let text = "\(try #require(error))"
            #expect(text.contains("layer3.1.bn2.running_var") && text.contains("layer9.weight") && text.contains(file))
            #expect(throws: DataError.self) { try createBody(.resnet34, weights: file) }
            #expect(throws: DataError.self) { try createBody(.resnet18, weights: file + ".none") }
        }
    }

    @Test("images of 1, 2 and 5 channels take the first convolution as timm makes it") func channels() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "w.safetensors").path
            let model = try write(.mobilenetV3Small, to: file)
            let colour = try #require(model.parameters().first).value
            for (channels, expected) in [
                (1, colour.sum(axes: [1], keepDims: true)), (2, colour[.all, 0..<2] * 1.5),
                (5, Tensor.concatenated([colour, colour[.all, 0..<2]], axis: 1) * 0.6),
            ] {
                let body = try createBody(.mobilenetV3Small, channels: channels, weights: file)
                expectClose(try #require(body.parameters().first).value, expected)
                body.eval()
                #expect(withNoGrad { body(sample([1, channels, 32, 32])).shape } == [1, 576, 1, 1])
            }
        }
    }

    @Test("a head is fastai's, with and without pooling, dropout and hidden layers") func heads() {
        let usual = createHead(features: 5, outputs: 3)
        #expect(
            usual.layers.map(\.label) == [
                "AdaptiveConcatPool2d(1)", "Flatten", "BatchNorm1d(10)", "Dropout(0.25)",
                "Linear(10, 512, bias: false)", "ReLU", "BatchNorm1d(512)", "Dropout(0.5)",
                "Linear(512, 3, bias: false)",
            ])
        let plain = createHead(
            features: 5, outputs: 3, layers: [], dropout: 0, pools: false, firstBatchNorm: false, finalBatchNorm: true)
        #expect(plain.layers.map(\.label) == ["Linear(5, 3)", "BatchNorm1d(3, momentum: 0.01)"])
        #expect((usual.layers[2] as? BatchNorm)?.bias?.floats == Array(repeating: 1e-3, count: 10))
    }

    @Test("every network takes a head, and its groups hold each parameter once")
    func everyNetwork() throws {
        for architecture in VisionArchitecture.all where !architecture.name.contains("base") {
            if ["resnet101", "wide_resnet50_2"].contains(architecture.name) { continue }  // as resnet50
            let size = architecture.leastImageSize
            let learner = try Learner.vision(
                dls: loaders(size: size), architecture, outputs: 2, loss: CrossEntropyFlat(), layers: [4],
                defaultCallbacks: .none)
            learner.model.eval()
            let y = withNoGrad { learner.model.forward([sample([2, 3, max(size, 32), max(size, 32)])])[0] }
            #expect(y.shape == [2, 2], "\(architecture)")
            let groups = learner.splitter(learner.model)
            #expect(groups.count == architecture.cuts.count + 2 && groups.allSatisfy { !$0.isEmpty }, "\(architecture)")
            #expect(
                groups.flatMap { $0 }.map(ObjectIdentifier.init)
                    == learner.model.parameters().map(ObjectIdentifier.init),
                "\(architecture)")
        }
    }

    @Test(
        "images are normalised as the weights' were, and what is exported predicts the same",
        .enabled(if: ImageFile.readsPNG), arguments: ["resnet18", "efficientnet_lite0"])
    func export(_ name: String) throws {
        try withTemporaryFolder { folder in
            let set = try images(in: folder)
            let architecture = try #require(VisionArchitecture(named: name))
            let file = folder.appending(path: "w.safetensors").path
            _ = try write(architecture, to: file)
            let dls = try DataLoaders.images(path: set, size: 32, batchSize: 4)
            let learner = try Learner.vision(
                dls: dls, architecture, weights: file, metrics: [.accuracy], path: folder.path,
                defaultCallbacks: .core)
            for case let loader as any TransformingBatchSource in dls.loaders {
                let found = loader.transforms.afterBatch.transforms.compactMap { $0 as? Normalize }
                #expect(found == [architecture.statistics])
            }
            try learner.withoutLogging { try learner.fineTune(1) }
            let bundle = folder.appending(path: "export.bundle").path
            try learner.export(to: bundle)
            let loaded = try Learner.load(contentsOf: bundle, splitter: .vision(architecture))
            let (own, other) = (try learner.predict("\(set)/1/1.png"), try loaded.predict("\(set)/1/1.png"))
            #expect(own.output.floats == other.output.floats && "\(own.decoded)" == "\(other.decoded)")
            #expect(loaded.model.description == learner.model.description)
            #expect(loaded.splitter(loaded.model).count == learner.splitter(learner.model).count)
        }
    }

    @Test("a loader's own statistics stay when they are asked to") func ownStatistics() throws {
        try withTemporaryFolder { folder in
            let set = try images(in: folder)
            let file = folder.appending(path: "w.safetensors").path
            _ = try write(.mobilenetV3Small, to: file)
            let own = Normalize(mean: [0.1, 0.2, 0.3], std: [1, 2, 3])
            let dls = try DataLoaders.images(path: set, size: 32, batchSize: 4, normalize: own)
            _ = try Learner.vision(
                dls: dls, .mobilenetV3Small, weights: file, normalize: false, defaultCallbacks: .none)
            let loader = try #require(dls.train as? any TransformingBatchSource)
            #expect(loader.transforms.afterBatch.transforms.compactMap { $0 as? Normalize } == [own])
        }
    }

    @Test("a model without a body and a head, and data that say nothing of their targets, end with a sentence")
    func mistakes() async {
        let splitter = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterSplitter.bodyAndHead()(Linear(2, 2))
        }
        expectTrap(splitter, says: "the model is a Linear, not a Sequential of a body and a head")
        let cuts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterSplitter.bodyAndHead(cuts: [1])(Sequential([Sequential([ReLU()]), Sequential([ReLU()])]))
        }
        expectTrap(cuts, says: "cuts [1] of a body of 1 layers")
        let targets = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let data = TensorDataset(inputs: [.zeros([1, 3, 8, 8])], targets: [Tensor([0])])
            _ = try Learner.vision(dls: DataLoaders(DataLoader(data)), .resnet18)
        }
        expectTrap(targets, says: "pass outputs: and loss:")
    }
}
