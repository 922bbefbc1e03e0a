// SPDX-License-Identifier: Apache-2.0
// Reading PNG and JPEG files into tensors of bytes, with every length checked before memory is asked for.

import CImageCodecs
public import LockstepTensor

/// What the pixels of an image are brought to.
public enum ImageChannels: String, CaseIterable, Codable, Sendable {
    /// As the file has them: 1 grey, 2 grey and alpha, 3 red, green and blue, 4 those and alpha.
    case asStored
    /// One channel: `0.299·red + 0.587·green + 0.114·blue` (ITU-R 601-2, as in Pillow).
    case grey
    /// Three channels; grey three times, alpha left out.
    case rgb
    /// Four channels; alpha 255 where the file has none.
    case rgba

    /// The number of channels; nil where the file decides.
    public var count: Int? {
        switch self {
        case .asStored: nil
        case .grey: 1
        case .rgb: 3
        case .rgba: 4
        }
    }
}

/// Reads image files.
///
/// PNG needs libpng and JPEG libjpeg when the package is built; without them reading is refused with a sentence that says
/// so. Palettes are looked up, 16 bits become 8. Colour profiles and the orientation that cameras note are not applied.
public enum ImageFile {
    /// The most pixels an image may have before it is refused: `LOCKSTEP_PIXEL_LIMIT`; 2²⁷, 128 million, unless that is set.
    public static let maxPixels = ReadLimits.pixels
    /// Whether PNG files can be read.
    public static var readsPNG: Bool { lsi_has_png() != 0 }
    /// Whether JPEG files can be read.
    public static var readsJPEG: Bool { lsi_has_jpeg() != 0 }
    /// The endings of names by which image files are found in folders, without the point, in lower case.
    public static let extensions = ["png", "jpg", "jpeg"]

    /// The image in the file at `path`: uint8 `[channels, height, width]`, the channels next to each other in memory.
    ///
    /// - Throws: `DataError` naming the file: unreadable, neither PNG nor JPEG, damaged, cut short, too large.
    public static func read(_ path: String, channels: ImageChannels = .rgb) throws(DataError) -> Tensor {
        try decode(Files.read(path), file: path, channels: channels)
    }

    /// The image in the bytes of a file, as ``read(_:channels:)``.
    /// - Parameter file: what errors call the file.
    public static func decode(
        _ bytes: [UInt8], file: String, channels: ImageChannels = .rgb
    ) throws(DataError) -> Tensor {
        let (size, pixels) = try decoded(bytes, file: file)
        let (width, height) = (Int(size.width), Int(size.height))
        let stored = Int(size.channels)
        let count = channels.count ?? stored
        let result = Tensor.uninitializedChannelsLast([1, count, height, width], dtype: .uint8)
        let output = result.unsafePointer.assumingMemoryBound(to: UInt8.self)
        pixels.withUnsafeBufferPointer { pixels in
            if stored == count {
                for place in 0..<pixels.count { output[place] = pixels[place] }
            } else {
                for pixel in 0..<width * height {
                    convert(pixels, pixel * stored, stored, output + pixel * count, count)
                }
            }
        }
        return result[0]
    }

    /// One pixel from `stored` channels to `count` others.
    private static func convert(
        _ pixels: UnsafeBufferPointer<UInt8>, _ place: Int, _ stored: Int, _ output: UnsafeMutablePointer<UInt8>,
        _ count: Int
    ) {
        let isGrey = stored < 3
        if count == 1 {
            let (red, green, blue) = (
                Int(pixels[place]), Int(pixels[place + (isGrey ? 0 : 1)]), Int(pixels[place + (isGrey ? 0 : 2)])
            )
            // The factors in units of 2⁻¹⁶; they add up to 1.
            output[0] = UInt8((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16)
            return
        }
        for channel in 0..<3 { output[channel] = pixels[place + (isGrey ? 0 : channel)] }
        if count == 4 { output[3] = stored == 2 || stored == 4 ? pixels[place + stored - 1] : 255 }
    }

    // MARK: Codecs

    private enum Format: String { case png = "PNG", jpeg = "JPEG" }

    private static func decoded(_ bytes: [UInt8], file: String) throws(DataError) -> (lsi_size, [UInt8]) {
        let format: Format
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            format = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            format = .jpeg
        } else {
            throw DataError(
                bytes.isEmpty ? .truncated : .unsupported, file: file,
                bytes.isEmpty ? "is empty" : "is neither a PNG nor a JPEG image")
        }
        guard format == .png ? readsPNG : readsJPEG else {
            throw DataError(
                .unsupported, file: file, "is a \(format.rawValue) image, and this build cannot read those",
                remedy: "Install \(format == .png ? "libpng-dev" : "libjpeg-dev") and build again")
        }
        var size = lsi_size()
        var message = [CChar](repeating: 0, count: Int(LSI_MESSAGE))
        let header = bytes.withUnsafeBufferPointer { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -1 }
            return format == .png
                ? lsi_png_size(base, bytes.count, &size, &message) : lsi_jpeg_size(base, bytes.count, &size, &message)
        }
        guard header == 0 else { throw damaged(file, format, message) }
        let (pixelCount, overflow) = size.width.multipliedReportingOverflow(by: size.height)
        guard size.width > 0, size.height > 0, !overflow, pixelCount <= maxPixels else {
            throw DataError(
                .tooLarge, file: file,
                "says it has \(size.width) × \(size.height) pixels, the limit is \(maxPixels) in all",
                remedy: ReadLimits.morePixels)
        }
        // The pixels as stored, those that are given back, and what libjpeg keeps of an image that comes in several scans.
        let perPixel = Int(size.channels) + 4 + (format == .jpeg ? 2 * Int(size.channels) : 0)
        try Room.require(
            Int(pixelCount) * perPixel, for: "\(size.width) × \(size.height) pixels cannot be decoded", file: file)
        var pixels = [UInt8](repeating: 0, count: Int(pixelCount) * Int(size.channels))
        let result = bytes.withUnsafeBufferPointer { bytes in
            pixels.withUnsafeMutableBufferPointer { pixels -> Int32 in
                guard let base = bytes.baseAddress, let output = pixels.baseAddress else { return -1 }
                return format == .png
                    ? lsi_png_decode(base, bytes.count, size, output, &message)
                    : lsi_jpeg_decode(base, bytes.count, size, output, &message)
            }
        }
        guard result == 0 else { throw damaged(file, format, message) }
        return (size, pixels)
    }

    private static func damaged(_ file: String, _ format: Format, _ message: [CChar]) -> DataError {
        let words = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return DataError(.malformed, file: file, "is a damaged \(format.rawValue) image: \(words)")
    }
}
