// SPDX-License-Identifier: Apache-2.0
// Tests of augmentations: what is drawn and how often, images with their masks, the same for items, batches and ranks.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Augmentation") struct AugmentationTests {
    private func generator(_ item: Int) -> PhiloxGenerator {
        PhiloxGenerator(seed: 1, epoch: 0, item: item, purpose: .augmentation)
    }

    private func context(_ rows: [Int], batch: Bool = true, epoch: Int = 0, split: Int? = 0) -> TransformContext {
        TransformContext(
            splitIndex: split, items: rows.map { ItemContext(seed: 7, epoch: epoch, index: $0) }, isBatch: batch)
    }

    private func augmented(
        _ images: Tensor, _ transforms: [any Transform], _ context: TransformContext
    ) throws -> Tensor {
        try #require(try Pipeline(transforms).encode(TensorImage(images), context: context) as? TensorImage).tensor
    }

    @Test("flips, turns and zooms happen as often as asked, within their ranges") func draws() {
        let all = AffineAugmentation(flip: 0.25, maxRotate: 20, zoom: 0.5...2, probability: 0.5)
        var (flips, turns, zooms) = (0, 0, 0)
        for item in 0..<4000 {
            var random = generator(item)
            let map = all.map(using: &random)
            let determinant = map.a * map.e - map.b * map.d
            if determinant < 0 { flips += 1 }
            if abs(abs(determinant) - 1) > 1e-9 { zooms += 1 }
            if abs(map.b) > 1e-9 { turns += 1 }
            let scale = abs(determinant).squareRoot()
            #expect(scale >= 0.5 - 1e-9 && scale <= 2 + 1e-9)
            #expect(abs(map.b) / scale <= sin(20 * Double.pi / 180) + 1e-9)
        }
        #expect(
            abs(flips - 1000) < 110 && abs(turns - 2000) < 130 && abs(zooms - 2000) < 130, "\(flips) \(turns) \(zooms)")
        var random = generator(0)
        #expect(AffineAugmentation().map(using: &random) == .identity)
    }

    @Test("the eight ways to lay a square on itself come equally often") func dihedral() {
        var counts: [AffineMatrix: Int] = [:]
        for item in 0..<4000 {
            var random = generator(item)
            counts[AffineAugmentation.dihedral.map(using: &random), default: 0] += 1
        }
        #expect(counts.count == 8 && counts.values.allSatisfy { abs($0 - 500) < 100 }, "\(counts.values)")
    }

    @Test("light changes within its range, as often as asked") func light() {
        let lighting = LightingAugmentation(maxBrightness: 0.2, maxContrast: 0.3, probability: 0.5)
        let changes = (0..<4000).map { item in
            var random = generator(item)
            return lighting.change(using: &random)
        }
        let most = log(0.6 / 0.4)
        #expect(changes.allSatisfy { abs($0.brightness) <= most + 1e-9 })
        #expect(changes.allSatisfy { $0.contrast >= 0.7 - 1e-9 && $0.contrast <= 1 / 0.7 + 1e-9 })
        #expect(abs(changes.filter { $0.brightness != 0 }.count - 2000) < 130)
        #expect(abs(changes.filter { $0.contrast > 1 }.count - 1000) < 110)
    }

    @Test("a batch is augmented as its items one by one, whatever part of it a rank has") func rankInvariance() throws {
        var source = PhiloxGenerator(seed: 4)
        let images = Tensor.uniform([6, 3, 9, 7], using: &source)
        let transforms = augTransforms() + [RandomErasing()]
        let rows = [11, 2, 5, 300, 8, 1]
        let whole = try augmented(images, transforms, context(rows))
        #expect(whole.floats != images.floats)
        for (start, end) in [(0, 2), (2, 3), (3, 6)] {
            let part = try augmented(images[start..<end], transforms, context(Array(rows[start..<end])))
            #expect(part.floats == whole[start..<end].floats)
        }
        #expect(try augmented(images, transforms, context(rows, epoch: 1)).floats != whole.floats)
        #expect(try augmented(images, transforms, context(rows, split: 1)).floats == images.floats)
    }

    @Test("an image and its mask are changed alike") func masks() throws {
        let classes = sampleIntegers([8, 8], in: 0..<5)
        let transform = AffineAugmentation(flip: 0.5, transpose: 0.5)
        for item in 0..<8 {
            let pair = ItemTuple([TensorImage(classes.to(.float32).unsqueezed(axis: 0)), TensorMask(classes)])
            let result = try #require(
                try Pipeline([transform]).encode(pair, context: context([item], batch: false)) as? ItemTuple)
            let mask = try #require(result[1] as? TensorMask).tensor
            #expect(mask.dtype == .int64)
            #expect(mask.ints == (result[0] as? TensorImage)?.tensor.ints)
        }
        let bytes = try augmented(
            Tensor.full([2, 1, 4, 4], 200, dtype: .uint8), [AffineAugmentation(maxRotate: 30)], context([0, 1]))
        #expect(bytes.dtype == .uint8 && bytes.ints.allSatisfy { $0 == 200 })
    }

    @Test("erasing fills the area asked for, and nothing else") func erasing() {
        let image = Tensor.full([2, 20, 30], 100)
        var erased = 0
        for item in 0..<300 {
            var random = generator(item)
            let values = RandomErasing(area: 0.1...0.2, minAspect: 0.5).erased(image, using: &random).floats
            let changed = values[..<600].filter { $0 != 100 }.count
            #expect(changed == values[600...].filter { $0 != 100 }.count)
            #expect(changed <= 160 && changed >= 35, "\(changed)")
            erased += changed
        }
        #expect(abs(Double(erased) / 300 - 90) < 10, "\(erased)")
        var random = generator(0)
        #expect(RandomErasing(area: 1...1, minAspect: 1).erased(.zeros([1, 1, 1]), using: &random).shape == [1, 1, 1])
    }

    @Test(
        "random crops stay inside the image and within their shape and area",
        arguments: [(1, 1), (7, 50), (64, 48), (3, 200)])
    func crops(height: Int, width: Int) {
        for item in 0..<200 {
            var random = generator(item)
            let part = RandomResizedCrop.part(height, width, minScale: 0.2, ratio: 0.75...4.0 / 3, using: &random)
            #expect(part.rows.lowerBound >= 0 && part.rows.upperBound <= height && !part.rows.isEmpty)
            #expect(part.columns.lowerBound >= 0 && part.columns.upperBound <= width && !part.columns.isEmpty)
        }
    }

    @Test("images come to one size: cropped, padded or squeezed; the middle outside training")
    func resize() throws {
        let image = Tensor(Array(0..<24).map(Float.init), shape: [1, 4, 6])
        func made(_ transform: any Transform, split: Int? = 1, item: Int = 0) throws -> Tensor {
            try augmented(image, [transform], context([item], batch: false, split: split))
        }
        #expect(try made(Resize(4)).floats == image[.all, .all, 1..<5].floats)
        let crops = try Set((0..<30).map { try made(Resize(4), split: 0, item: $0).floats[0] })
        #expect(crops == [0, 1])  // the left edge is at 0 or 1: Int(u · 2)
        let padded = try made(Resize(6, method: .pad))
        #expect(padded.shape == [1, 6, 6] && padded[0, 0].floats == Array(repeating: 0, count: 6))
        #expect(padded[0, 1].floats == image[0, 0].floats)
        #expect(try made(Resize(height: 2, width: 3, method: .squish)).shape == [1, 2, 3])
        #expect(try made(RandomResizedCrop(3), split: 0).shape == [1, 3, 3])
        #expect(try made(RandomResizedCrop(3)).floats == made(RandomResizedCrop(3), item: 9).floats)
        let mask = try Pipeline([Resize(2)]).encode(
            TensorMask(image[0].to(.int64)), context: context([0], batch: false, split: 1))
        #expect((mask as? TensorMask)?.tensor.shape == [2, 2])
    }

    @Test("settings go through a file unchanged, and mistakes are named") func settings() async throws {
        let affine = AffineAugmentation(flip: 0.5, maxRotate: 3, zoom: 1...2)
        #expect(try JSONDecoder().decode(AffineAugmentation.self, from: JSONEncoder().encode(affine)) == affine)
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = AffineAugmentation.flip(1.5)
        }
        expectTrap(result, says: "AffineAugmentation: a probability of 1.5 is not in 0...1")
        let sizes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Resize(0)
        }
        expectTrap(sizes, says: "Resize: a size of 0 × 0 pixels")
    }
}
