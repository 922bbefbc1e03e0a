// SPDX-License-Identifier: Apache-2.0
// Tests of loaders of images: digits with augmentations, folders of files, the same for any number of ranks and workers.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Image loaders") struct ImageLoadersTests {
    private func batches(_ loader: any BatchSource, epoch: Int) throws -> [Batch] {
        var (result, iterator) = ([Batch](), try loader.makeIterator(epoch: epoch))
        while let batch = try iterator.next() { result.append(batch) }
        return result
    }

    @Test("[TX-05] augmentations change training digits anew in every epoch, and never those for validation")
    func digits() throws {
        let plain = try DataLoaders.digits(batchSize: 32, seed: 3, asImages: true)
        let dls = try DataLoaders.digits(batchSize: 32, seed: 3, asImages: true, augment: augTransforms(doFlip: false))
        let valid = try #require(dls.valid)
        #expect(
            try batches(valid, epoch: 0).map { $0.inputs[0].floats }
                == batches(#require(plain.valid), epoch: 0).map { $0.inputs[0].floats })
        let (first, again) = (try batches(dls.train, epoch: 0)[0], try batches(dls.train, epoch: 0)[0])
        let original = try batches(plain.train, epoch: 0)[0]
        #expect(first.targets[0].ints == original.targets[0].ints)
        #expect(first.inputs[0].floats == again.inputs[0].floats)
        #expect(first.inputs[0].floats != original.inputs[0].floats)
        #expect(first.inputs[0].floats.allSatisfy { $0 >= 0 && $0 <= 1 })
        // The same items in another epoch.
        let loader = try #require(dls.train as? DataLoader)
        #expect(
            try loader.batch(of: [1, 2, 3], epoch: 0).inputs[0].floats
                != loader.batch(of: [1, 2, 3], epoch: 1).inputs[0].floats)
        // On other data of the run: as in training, for averages over augmented passes.
        let passes = try #require(valid as? TransformedDataLoader).with(splitIndex: 0)
        #expect(try batches(passes, epoch: 0)[0].inputs[0].floats != batches(valid, epoch: 0)[0].inputs[0].floats)
    }

    @Test("the parts of a batch are augmented as the whole", arguments: [2, 3]) func parts(ranks: Int) throws {
        let dls = try DataLoaders.digits(batchSize: 32, seed: 3, asImages: true, augment: augTransforms())
        let loader = try #require(dls.train as? DataLoader)
        for indices in loader.indexBatches(epoch: 2).prefix(2) {
            let whole = try loader.batch(of: indices, epoch: 2).inputs[0].floats
            let parts = try (0..<ranks).flatMap { rank in
                let part = rank * 32 / ranks..<(rank + 1) * 32 / ranks
                return try loader.batch(of: Array(indices[part]), epoch: 2).inputs[0].floats
            }
            #expect(parts == whole)
        }
    }

    @Test("augmented digits need images") func flat() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try DataLoaders.digits(augment: augTransforms())
        }
        expectTrap(result, says: "augmentations need images [C, H, W], these are [64]; pass asImages: true")
    }

    /// Six files of two classes.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let reference = try imageReference()
        let names = ["png.rgb", "png.rgba", "png.grey", "png.palette", "png.pixel", "png.bits"]
        try withTemporaryFolder { folder in
            for (number, name) in names.enumerated() {
                let bytes = try reference.tensor(name + "/file").ints.map { UInt8($0) }
                try Files.writeAtomically([bytes], to: "\(folder)/\(["cat", "dog"][number % 2])/\(number).png")
            }
            try Files.writeAtomically([Array("no image".utf8)], to: folder + "/cat/notes.txt")
            try body(folder)
        }
    }

    @Test("a folder for each class: images of one size, their classes, and back", .enabled(if: ImageFile.readsPNG))
    func folder() throws {
        try withFolder { folder in
            let dls = try DataLoaders.images(
                path: folder, size: 4, batchSize: 2, validFraction: 0.34, seed: 1, normalize: nil)
            #expect(dls.vocabulary == ["cat", "dog"])
            #expect(dls.targetKind == .category(count: 2))
            let valid = try #require(dls.valid)
            let all = try batches(dls.train, epoch: 0) + batches(valid, epoch: 0)
            #expect(all.map(\.size) == [2, 2, 2])
            for batch in all {
                #expect(batch.inputs[0].shape == [2, 3, 4, 4] && batch.inputs[0].dtype == .float32)
                #expect(batch.inputs[0].floats.allSatisfy { $0 >= 0 && $0 <= 1 })
            }
            let test = try dls.testLoader(for: ["\(folder)/cat/0.png"])
            #expect(try batches(test, epoch: 0)[0].inputs[0].shape == [1, 3, 4, 4])
            #expect(try batches(test, epoch: 0)[0].targets.isEmpty)
            let workers = try DataLoaders.images(
                path: folder, size: 4, batchSize: 2, validFraction: 0.34, seed: 1, augment: augTransforms(),
                normalize: nil,
                numWorkers: 2)
            let alone = try DataLoaders.images(
                path: folder, size: 4, batchSize: 2, validFraction: 0.34, seed: 1, augment: augTransforms(),
                normalize: nil)
            #expect(
                try batches(workers.train, epoch: 3).map { $0.inputs[0].floats }
                    == batches(alone.train, epoch: 3).map { $0.inputs[0].floats })
            let normalised = try DataLoaders.images(path: folder, size: 4, batchSize: 4, validFraction: 0.34, seed: 1)
            #expect(abs(try normalised.oneBatch().inputs[0].mean().item()) < 1e-4)
        }
    }

    @Test("folders train and valid are the two parts", .enabled(if: ImageFile.readsPNG)) func parts() throws {
        try withFolder { folder in
            let pixel = try Files.read(folder + "/cat/0.png")
            for place in ["train/a/1", "train/b/2", "train/b/3", "valid/a/4"] {
                try Files.writeAtomically([pixel], to: "\(folder)/set/\(place).png")
            }
            let dls = try DataLoaders.images(path: folder + "/set", size: 2, batchSize: 3, normalize: nil)
            #expect((dls.train as? DataLoader)?.itemCount == 3 && (dls.valid as? DataLoader)?.itemCount == 1)
        }
    }

    @Test("what is wrong with a folder is said, and a damaged file is named") func mistakes() throws {
        try withFolder { folder in
            let none = dataError { try DataLoaders.images(path: folder + "/none", size: 4) }
            #expect(none?.code == .unreadable)
            let single = dataError { try DataLoaders.images(path: folder + "/cat", size: 4) }
            #expect(
                single?.description.contains("has training images of 1 class.") == true, "\(String(describing: single))"
            )
            try Files.createFolder(folder + "/empty")
            #expect(dataError { try DataLoaders.images(path: folder + "/empty", size: 4) }?.remedy != nil)
            try Files.writeAtomically(
                [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 1]], to: folder + "/cat/0.png")
            // Nothing is read before a batch is made, except the first image, for its type.
            let damaged = dataError {
                try DataLoaders.images(path: folder, size: 4, batchSize: 6, validFraction: 0, normalize: nil).oneBatch()
            }
            #expect(damaged?.description.contains("/cat/0.png") == true)
        }
    }
}
