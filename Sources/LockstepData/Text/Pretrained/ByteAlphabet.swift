// SPDX-License-Identifier: Apache-2.0
// The letters by which vocabularies of bytes write them.

/// GPT-2's letters for the 256 bytes: printable Latin-1 stands for itself, the others for U+0100 on.
enum ByteAlphabet {
    /// The letter of each byte.
    static let letters: [UInt32] = {
        var (result, next) = ([UInt32](repeating: 0, count: 256), UInt32(256))
        for byte in 0..<256 {
            let isPrintable = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
            result[byte] = isPrintable ? UInt32(byte) : next
            if !isPrintable { next += 1 }
        }
        return result
    }()

    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: letters.enumerated().map { ($1, UInt8($0)) })

    /// The bytes that a token's letters stand for; nil when one of them is no such letter.
    static func bytes(of token: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard let byte = bytes[scalar.value] else { return nil }
            result.append(byte)
        }
        return result
    }
}
