// SPDX-License-Identifier: Apache-2.0
// Tests of image files: Pillow's pixels, every kind of file, damage, sizes that are lies, builds without the libraries.

import LockstepChecks
import LockstepTensor
import Testing

@testable import LockstepData

/// What Pillow and PyTorch give; see Tests/Reference.
func imageReference() throws -> Reference { try Reference.load("images") }

@Suite("Image files") struct ImageFileTests {
    private static let pngs = ["grey", "greyAlpha", "rgb", "rgba", "palette", "bits", "pixel"].map { "png." + $0 }
    private static let jpegs = ["rgb", "grey", "progressive"].map { "jpeg." + $0 }

    private func bytes(_ name: String) throws -> [UInt8] {
        try imageReference().tensor(name + "/file").ints.map { UInt8($0) }
    }

    private func check(_ name: String, tolerance: Int) throws {
        let reference = try imageReference()
        for (channels, key) in [(ImageChannels.asStored, "pixels"), (.rgb, "rgb"), (.grey, "grey")] {
            let image = try ImageFile.decode(bytes(name), file: name, channels: channels)
            let wanted = try reference.tensor("\(name)/\(key)").permuted([2, 0, 1])
            #expect(image.dtype == .uint8 && image.shape == wanted.shape, "\(name) \(key)")
            let worst = zip(image.ints, wanted.ints).map { abs($0 - $1) }.max()
            #expect((worst ?? 0) <= tolerance, "\(name) \(key)")
            #expect(image.unsqueezed(axis: 0).isChannelsLast)
        }
    }

    @Test("PNG: Pillow's pixels, to the bit", .enabled(if: ImageFile.readsPNG), arguments: pngs)
    func png(name: String) throws { try check(name, tolerance: 0) }

    @Test("16 bits become the nearest of 8, neither cut off nor made brighter", .enabled(if: ImageFile.readsPNG))
    func sixteenBits() throws {
        // What Pillow writes of [[0, 32768, 25828, 25829, 65535]]; 257 steps are one.
        let file: [UInt8] = [
            137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 5, 0, 0, 0, 1, 16, 0, 0, 0, 0, 99, 5,
            231, 108, 0, 0, 0, 19, 73, 68, 65, 84, 120, 156, 99, 100, 96, 104, 96, 120, 242, 132, 129, 113, 182, 20, 0,
            15, 53, 3, 0, 222, 96, 237, 107, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
        ]
        #expect(try ImageFile.decode(file, file: "a.png", channels: .asStored).ints == [0, 128, 100, 101, 255])
    }

    @Test("JPEG: Pillow's pixels, to two steps", .enabled(if: ImageFile.readsJPEG), arguments: jpegs)
    func jpeg(name: String) throws { try check(name, tolerance: 2) }

    @Test(
        "alpha is kept where four channels are asked for, and 255 where there is none", .enabled(if: ImageFile.readsPNG)
    )
    func alpha() throws {
        let stored = try ImageFile.decode(bytes("png.greyAlpha"), file: "", channels: .asStored)
        let wide = try ImageFile.decode(bytes("png.greyAlpha"), file: "", channels: .rgba)
        #expect(wide[3].ints == stored[1].ints && wide[0].ints == stored[0].ints && wide[2].ints == stored[0].ints)
        let opaque = try ImageFile.decode(bytes("png.rgb"), file: "", channels: .rgba)
        #expect(opaque[3].ints.allSatisfy { $0 == 255 })
    }

    @Test("damaged PNG files give errors that name them", .enabled(if: ImageFile.readsPNG))
    func damagedPNG() throws {
        withstandsDamage(try bytes("png.palette")) { _ = try ImageFile.decode($0, file: $1) }
    }

    @Test("damaged JPEG files give errors that name them, or a picture", .enabled(if: ImageFile.readsJPEG))
    func damagedJPEG() throws {
        withstandsDamage(try bytes("jpeg.grey")) { _ = try ImageFile.decode($0, file: $1) }
        let whole = try bytes("jpeg.rgb")
        let cut = dataError { try ImageFile.decode(Array(whole.prefix(whole.count * 2 / 3)), file: "cut.jpg") }
        #expect(cut?.code == .malformed && cut?.description.contains("cut.jpg: is a damaged JPEG image") == true)
        let ink = dataError { try ImageFile.decode(bytes("jpeg.cmyk"), file: "ink.jpg") }
        #expect(ink?.description == "ink.jpg: is a damaged JPEG image: CMYK is not read")
    }

    @Test("a size beyond the limit is refused before memory is asked for", .enabled(if: ImageFile.readsJPEG))
    func size() throws {
        var bytes = try bytes("jpeg.grey")
        // The frame header: FF C0, length, precision, height, width.
        let frame = try #require(bytes.indices.dropLast(9).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        for place in 5...8 { bytes[frame + place] = 0xFF }
        let error = dataError { try ImageFile.decode(bytes, file: "bomb.jpg") }
        #expect(error?.code == .tooLarge || error?.code == .malformed, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("bomb.jpg: ") == true)
    }

    @Test("other files are refused by name") func others() throws {
        #expect(
            dataError { try ImageFile.decode(Array("GIF89a".utf8), file: "a.gif") }?.description
                == "a.gif: is neither a PNG nor a JPEG image")
        #expect(dataError { try ImageFile.decode([], file: "a.png") }?.code == .truncated)
        #expect(dataError { try ImageFile.read("/nowhere/a.png") }?.code == .unreadable)
    }

    @Test(
        "a build without the libraries says what to install", .enabled(if: !ImageFile.readsPNG || !ImageFile.readsJPEG))
    func missing() throws {
        let name = ImageFile.readsPNG ? "jpeg.rgb" : "png.rgb"
        let error = dataError { try ImageFile.decode(bytes(name), file: "a") }
        #expect(error?.code == .unsupported && error?.remedy?.hasPrefix("Install lib") == true)
    }
}
