// SPDX-License-Identifier: Apache-2.0
// Images as PNG files (ISO/IEC 15948): 8 bits per channel, grey or red-green-blue.

/// Makes PNG files of pixels.
package enum PNGWriter {
    /// The bytes of a PNG file; nil when zlib is out of memory.
    ///
    /// - Parameters:
    ///   - pixels: Row by row, channels of a pixel side by side.
    ///   - channels: 1 for grey, 3 for red, green, blue.
    package static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8]? {
        guard pixels.count == width * height * channels, width > 0, height > 0, channels == 1 || channels == 3 else {
            return nil
        }
        var rows: [UInt8] = []
        rows.reserveCapacity(pixels.count + height)
        for row in 0..<height {
            rows.append(0)  // no filter
            rows += pixels[row * width * channels..<(row + 1) * width * channels]
        }
        guard let member = Zlib.gzip(rows, level: 6), member.count > 18 else { return nil }
        // The deflate stream of the gzip member, between the ten bytes before and the eight behind it.
        let stream = [0x78, 0x9C] + member[10..<member.count - 8] + bigEndian(adler32(rows))
        let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, channels == 1 ? 0 : 2, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", stream)
            + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + content + bigEndian(content.withUnsafeBytes { Zlib.crc32($0) })
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// The checksum of zlib streams (RFC 1950).
    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return b << 16 | a
    }
}
