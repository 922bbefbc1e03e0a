// SPDX-License-Identifier: Apache-2.0
// Tensors as pictures: bytes, characters, PNG.

import LockstepData
public import LockstepTensor

/// A picture of 8 bits per channel.
public struct Pixels: Equatable, Sendable {
    /// Pixels in a row.
    public let width: Int
    /// Number of rows.
    public let height: Int
    /// 1 for grey, 3 for red, green, blue.
    public let channels: Int
    /// Row by row, channels of a pixel side by side.
    public let bytes: [UInt8]

    /// The picture in `tensor`, `[C, H, W]` with one or three channels (more: the first three), or `[H, W]`; nil when it
    /// has another shape. Bytes are taken as they are; other values between 0 and 1 count up to 255, and those
    /// that are not all in there are spread over it.
    public init?(_ tensor: Tensor) {
        guard tensor.rank == 2 || tensor.rank == 3, tensor.count > 0 else { return nil }
        let image = tensor.rank == 2 ? tensor.unsqueezed(axis: 0) : tensor
        guard image.shape[0] == 1 || image.shape[0] >= 3 else { return nil }
        channels = min(image.shape[0], 3)
        (height, width) = (image.shape[1], image.shape[2])
        let values = image[0..<channels].permuted([1, 2, 0]).doubles.map { $0.isFinite ? $0 : 0 }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        let (start, end) = tensor.dtype == .uint8 ? (0, 255) : low >= 0 && high <= 1 ? (0, 1) : (low, high)
        // Halves, because the distance of the largest numbers is infinite; one colour where all are equal.
        let width = end / 2 - start / 2
        bytes = values.map { width > 0 ? UInt8((($0 / 2 - start / 2) / width * 255).rounded()) : 0 }
    }

    /// The brightness of a pixel, 0 to 255.
    private func brightness(_ row: Int, _ column: Int) -> Int {
        let at = (row * width + column) * channels
        return channels == 1
            ? Int(bytes[at]) : (299 * Int(bytes[at]) + 587 * Int(bytes[at + 1]) + 114 * Int(bytes[at + 2])) / 1000
    }

    /// The picture in characters, dark ones for dark pixels; a character is about twice as high as it is wide.
    ///
    /// - Parameter columns: Characters per line, at most.
    public func text(columns: Int = 24) -> [String] {
        let columns = max(1, min(columns, width < 16 ? 2 * width : width))
        let lines = max(1, (height * columns + width) / (2 * width))
        let shades = Array(" .:-=+*#%@")
        return (0..<lines).map { line in
            let rows = span(line, of: lines, over: height)
            return String(
                (0..<columns).map { column in
                    let part = span(column, of: columns, over: width)
                    let sum = rows.reduce(0) { sum, row in part.reduce(sum) { $0 + brightness(row, $1) } }
                    return shades[min(9, sum * 10 / (256 * rows.count * part.count))]
                })
        }
    }

    /// The pixels that character `index` of `count` stands for: one at least.
    private func span(_ index: Int, of count: Int, over size: Int) -> Range<Int> {
        let start = index * size / count
        return start..<max(start + 1, (index + 1) * size / count)
    }

    /// The picture as a PNG file; nil when there is no memory for it.
    public var png: [UInt8]? { PNGWriter.encode(bytes, width: width, height: height, channels: channels) }
}

/// Bytes as text (RFC 4648), for pictures inside of documents.
func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let count = min(3, bytes.count - start)
        let group = (0..<3).reduce(0) { $0 << 8 | ($1 < count ? Int(bytes[start + $1]) : 0) }
        for place in 0..<4 { text.append(place <= count ? digits[group >> (18 - 6 * place) & 63] : UInt8(ascii: "=")) }
    }
    return String(decoding: text, as: UTF8.self)
}
