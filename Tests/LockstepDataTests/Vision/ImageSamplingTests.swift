// SPDX-License-Identifier: Apache-2.0
// Tests of sampling, resizing and lighting against PyTorch, Pillow and fastai, in every memory order and odd sizes.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Image sampling") struct ImageSamplingTests {
    private static let maps = [
        "identity", "flip", "flipVertical", "transposition", "rotation", "back", "quarter", "zoom", "smaller", "all",
    ]

    private func map(_ name: String) throws -> AffineMatrix {
        let m = try imageReference().tensor("warp.\(name)/map").doubles
        return AffineMatrix(a: m[0], b: m[1], c: m[2], d: m[3], e: m[4], f: m[5])
    }

    @Test("warping is PyTorch's grid_sample", arguments: maps) func warping(name: String) throws {
        let reference = try imageReference()
        let x = try reference.tensor("warp/x").unsqueezed(axis: 0)
        for padding in ImagePadding.allCases {
            let wanted = try reference.tensor("warp.\(name)/\(padding.rawValue)")
            for input in [x, x.laidOut(.channelsLast), Tensor.concatenated([x, x], axis: 0)[1...]] {
                let y = ImageSampling.warped(input, by: [try map(name)], padding: padding)
                expectClose(y[0], wanted, relative: 1e-4, absolute: 1e-5)
            }
        }
        // Where a place lies in the middle of two pixels, either is the nearest.
        if ["rotation", "back", "smaller"].contains(name) {
            let y = ImageSampling.warped(x, by: [try map(name)], padding: .zeros, nearest: true)
            expectClose(y[0], try reference.tensor("warp.\(name)/nearest"))
        }
    }

    @Test("every image of a batch has its own map; what nothing happens to is the same to the bit") func rows() throws {
        let x = sample([4, 2, 5, 7], seed: 3)
        let maps: [AffineMatrix] = [.identity, .flip(), .rotation(degrees: 30), .identity]
        let y = ImageSampling.warped(x, by: maps, padding: .border)
        #expect(y[0].floats == x[0].floats && y[3].floats == x[3].floats)
        #expect(y[1].floats == x[1].flipped(axes: [-1]).floats)
        for (row, map) in maps.enumerated() {
            #expect(ImageSampling.warped(x[row..<row + 1], by: [map], padding: .border)[0].floats == y[row].floats)
        }
    }

    @Test("a quarter turn of an image that is not square does not distort it") func quarterTurn() {
        var values = [Float](repeating: 0, count: 3 * 7)
        values[7 + 3] = 1  // the middle
        values[7 + 4] = 2  // to its right
        let x = Tensor(values, shape: [1, 1, 3, 7])
        let y = ImageSampling.warped(x, by: [.rotation(degrees: 90)], padding: .zeros)
        #expect(abs(y[0, 0, 1, 3].item() - 1) < 1e-6)
        #expect(abs(y[0, 0, 2, 3].item() - 2) < 1e-6, "clockwise: what was to the right is below")
    }

    @Test("images of 0 or 1 pixels, and empty batches", arguments: ImagePadding.allCases) func edges(
        padding: ImagePadding
    ) {
        let maps: [AffineMatrix] = [.rotation(degrees: 45), .zoom(3, x: 0, y: 1), .flip()]
        let pixels = Tensor([5, 6, 7] as [Float], shape: [3, 1, 1, 1])
        #expect(ImageSampling.warped(pixels, by: maps, padding: padding).floats == [5, 6, 7])
        #expect(ImageSampling.warped(.zeros([3, 2, 0, 4]), by: maps, padding: padding).shape == [3, 2, 0, 4])
        #expect(ImageSampling.warped(.zeros([0, 1, 8, 8]), by: [], padding: padding).shape == [0, 1, 8, 8])
        let wild = AffineMatrix(a: .nan, c: .infinity, e: 1e300)
        #expect(ImageSampling.warped(.ones([1, 1, 3, 3]), by: [wild], padding: padding).shape == [1, 1, 3, 3])
    }

    @Test("resizing is Pillow's", arguments: ["half", "larger", "odd", "pixel", "toPixel", "mixed"])
    func resizing(name: String) throws {
        let (x, y) = (try imageReference().tensor("resize.\(name)/x"), try imageReference().tensor("resize.\(name)/y"))
        for input in [x, x.unsqueezed(axis: 0).laidOut(.channelsLast)[0]] {
            let made = ImageResizing.resized(
                input, rows: 0..<x.shape[1], columns: 0..<x.shape[2], height: y.shape[1], width: y.shape[2])
            expectClose(made, y, relative: 1e-4, absolute: 1e-5)
        }
    }

    @Test("resizing a part, and bytes to within a step of Pillow's") func parts() throws {
        let reference = try imageReference()
        let part = ImageResizing.resized(
            try reference.tensor("resize.part/x"), rows: 2..<9, columns: 3..<10, height: 6, width: 6)
        expectClose(part, try reference.tensor("resize.part/y"), relative: 1e-4, absolute: 1e-5)
        let bytes = try reference.tensor("resize.bytes/x").permuted([2, 0, 1])
        let made = ImageResizing.resized(bytes, rows: 0..<20, columns: 0..<14, height: 9, width: 6)
        #expect(made.dtype == .uint8)
        let wanted = try reference.tensor("resize.bytes/y").permuted([2, 0, 1]).ints
        #expect(zip(made.ints, wanted).allSatisfy { abs($0 - $1) <= 1 })
        let classes = Tensor([1, 1, 2, 2, 3, 3, 4, 4] as [Int], shape: [1, 2, 4])
        #expect(
            ImageResizing.resized(classes, rows: 0..<2, columns: 0..<4, height: 1, width: 2, nearest: true).ints == [
                3, 4,
            ])
    }

    @Test("lighting is fastai's, image by image") func lighting() throws {
        let reference = try imageReference()
        let changes = zip(
            try reference.tensor("light/brightness").doubles, try reference.tensor("light/contrast").doubles
        ).map { Lighting(brightness: $0, contrast: $1) }
        let (x, y) = (try reference.tensor("light/x"), try reference.tensor("light/y"))
        for input in [x, x.laidOut(.channelsLast)] {
            expectClose(Lighting.applied(changes, to: input), y, relative: 1e-4, absolute: 1e-5)
        }
        #expect(Lighting.applied([.unchanged], to: Tensor([-3, 9] as [Float], shape: [1, 2])).floats == [-3, 9])
    }
}
