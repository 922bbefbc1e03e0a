// SPDX-License-Identifier: Apache-2.0
// Safetensors that a machine which changes bytes gets behind the length and the checksum of.

import LockstepData

/// Inputs that begin with `{` are a header, a zero byte and the data: the length is added. A checksum is put right.
enum Safetensed {
    private static let key = Array(#""lockstep.crc32":""#.utf8)

    /// The file that `input` stands for.
    static func file(_ input: [UInt8]) -> [UInt8] {
        var bytes = input
        if input.first == UInt8(ascii: "{") {
            let header = input.prefix { $0 != 0 }
            bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
            bytes += input.dropFirst(header.count + 1)
        }
        seal(&bytes)
        return bytes
    }

    /// `file` as such an input.
    static func text(of file: [UInt8]) -> [UInt8] {
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return Array(file[8..<8 + length]) + [0] + file[(8 + length)...]
    }

    private static func seal(_ bytes: inout [UInt8]) {
        guard let place = bytes.prefix(1 << 20).firstRange(of: key)?.upperBound, place + 8 <= bytes.count else {
            return
        }
        for digit in 0..<8 { bytes[place + digit] = UInt8(ascii: "0") }
        let digits = Array(String(Safetensors.checksum(ofFile: [bytes[...]]), radix: 16).utf8)
        bytes.replaceSubrange(place + 8 - digits.count..<place + 8, with: digits)
    }
}
