// SPDX-License-Identifier: Apache-2.0
// Learning masks: from files of images and masks to a U-Net that finds them, in one process and on ranks that are threads.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import LockstepTransfer
import Testing

@Suite("Segmentation") struct SegmentationTests {
    /// Pictures of a bright square, and masks in which it is class 1.
    private static func draw(in folder: String, count: Int = 24) throws {
        for name in ["images/a", "masks/a"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        var random = SplitMix64(seed: 3)
        for number in 0..<count {
            let (row, column) = (Int.random(in: 4..<20, using: &random), Int.random(in: 4..<20, using: &random))
            var (pixels, mask) = ([UInt8](repeating: 40, count: 1024), [UInt8](repeating: 0, count: 1024))
            for y in row..<row + 8 {
                for x in column..<column + 8 { (pixels[32 * y + x], mask[32 * y + x]) = (200, 1) }
            }
            for (name, values) in [("images/a/\(number).png", pixels), ("masks/a/\(number)_m.png", mask)] {
                let png = try #require(Pixels(Tensor(values, shape: [1, 32, 32]))?.png)
                try Data(png).write(to: URL(filePath: "\(folder)/\(name)"))
            }
        }
    }

    private static func loaders(_ folder: String, size: Int = 32) throws -> DataLoaders {
        try DataLoaders.segmentation(
            images: folder + "/images", masks: folder + "/masks", ending: "_m.png", codes: ["ground", "square"],
            size: size, channels: .grey, batchSize: 8, validFraction: 0.25)
    }

    @Test("a batch holds images and the classes of their pixels, cropped alike")
    func batches() throws {
        try withTemporaryFolder { folder in
            try Self.draw(in: folder.path)
            let dls = try Self.loaders(folder.path, size: 24)
            #expect(dls.targetKind == .mask(count: 2))
            for batch in dls.train {
                let (x, y) = (batch.inputs[0], batch.targets[0])
                #expect(x.shape == [8, 1, 24, 24] && y.shape == [8, 24, 24] && y.dtype == .int64)
                // What is bright is the square, but for its smoothed edge.
                let bright = (x.squeezed(axis: 1) .> 0).to(.int64)
                #expect((bright - y).abs().to(.float32).mean().item() < 0.06)
            }
        }
    }

    @Test("a U-Net on a network by its name learns them, and says how far it came; groups are fastai's")
    func learns() throws {
        try withTemporaryFolder { folder in
            try Self.draw(in: folder.path)
            let path = folder.path
            @Sendable func train(on ranks: any Communicator) throws -> (Double, [Int]) {
                let learner = try Learner.segmentation(
                    dls: Self.loaders(path), .resnet18, channels: 1, imageSize: 32, callbacks: [Recorder()],
                    metrics: [Dice()], defaultCallbacks: .core)
                try learner.withoutLogging {
                    try learner.distributed(over: ranks) { try learner.fitOneCycle(8, lrMax: 2e-3) }
                }
                let groups = learner.splitter(learner.model).map { $0.reduce(0) { $0 + $1.value.count } }
                return (learner.recorder?.rows.last?["dice"] ?? .nan, groups)
            }
            let (dice, groups) = try train(on: SoloCommunicator())
            #expect(dice > 0.8, "dice \(dice)")
            #expect(groups.count == 3 && groups[0] < groups[1])
            let two = try InProcessWorld(2).run { try train(on: $0).0 }
            #expect(abs(two[0] - two[1]) < 1e-12 && two[0] > 0.8)
        }
    }

    @Test("an image without a mask, and a pixel of no class, are named")
    func refused() throws {
        try withTemporaryFolder { folder in
            try Self.draw(in: folder.path, count: 4)
            let other = #expect(throws: DataError.self) {
                try DataLoaders.segmentation(
                    images: folder.path + "/images", masks: folder.path + "/masks", codes: ["a", "b"], size: 8)
            }
            #expect("\(try #require(other))".contains("masks/a/0.png: is not there: it should be the mask of"))
            // The first batch is read for its statistics.
            let error = #expect(throws: DataError.self) {
                try DataLoaders.segmentation(
                    images: folder.path + "/images", masks: folder.path + "/masks", ending: "_m.png", codes: ["a"],
                    size: 8, batchSize: 2)
            }
            #expect("\(try #require(error))".contains("is of class 1, and there are 1 classes"))
            let empty = #expect(throws: DataError.self) {
                try DataLoaders.segmentation(
                    images: folder.path + "/masks/b", masks: folder.path, codes: ["a"], size: 8)
            }
            #expect(try #require(empty).code == .unreadable)
        }
    }
}
