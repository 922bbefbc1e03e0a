// SPDX-License-Identifier: Apache-2.0
// Whole-buffer gzip: several members, a limit against bombs, and errors that name the byte.

/// Reading and writing gzip (RFC 1952) held in memory.
public enum Gzip {
    /// The most bytes a decompressed stream may have unless the caller says otherwise: `LOCKSTEP_READ_LIMIT` MiB, a
    /// quarter of the machine's memory unless that is set.
    public static let defaultLimit = ReadLimits.bytes

    /// Whether `bytes` start with gzip's magic number.
    public static func isGzip(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
    }

    /// The decompressed contents of all members of `bytes`, one after another. Zero padding after the last member is
    /// accepted, as gzip itself does.
    ///
    /// - Parameters:
    ///   - file: the name errors carry.
    ///   - limit: the most bytes to produce; memory grows with what is produced, never with what a header claims, and is
    ///     asked for where there is some.
    /// - Throws: `DataError` whose place is the offset in the *compressed* bytes: `.truncated`, `.malformed`, `.tooLarge`.
    public static func decompress(
        _ bytes: [UInt8], file: String, limit: Int = defaultLimit
    ) throws(DataError) -> [UInt8] {
        guard isGzip(bytes) else {
            throw DataError(.malformed, file: file, at: .byte(0), "not gzip: it does not start with 1f 8b")
        }
        guard var inflater = Inflater() else {
            throw DataError(.tooLarge, file: file, "no memory to decompress")
        }
        let first = min(max(4 * bytes.count, 1 << 12), limit + 1)
        try Room.require(first, for: "cannot be decompressed", file: file)
        var output = [UInt8](repeating: 0, count: first)
        var filled = 0
        var position = 0
        while true {
            var consumed = 0
            var produced = 0
            let outcome = bytes.withUnsafeBytes { input in
                output.withUnsafeMutableBytes { room in
                    inflater.step(
                        UnsafeRawBufferPointer(rebasing: input[position...]),
                        UnsafeMutableRawBufferPointer(rebasing: room[filled...]), consumed: &consumed,
                        produced: &produced)
                }
            }
            position += consumed
            filled += produced
            if filled > limit {
                throw DataError(
                    .tooLarge, file: file, at: .byte(position),
                    "decompresses to more than the limit of \(limit) bytes",
                    remedy: limit == defaultLimit ? ReadLimits.moreBytes : nil)
            }
            switch outcome {
            case .damaged(let words):
                throw DataError(.malformed, file: file, at: .byte(position), "damaged gzip data: \(words)")
            case .memberEnd:
                if try isLastMember(endingAt: position, in: bytes, file: file) {
                    output.removeLast(output.count - filled)
                    return output
                }
                inflater.reset()
            case .more where filled == output.count:
                // One byte beyond the limit is enough to notice that it is exceeded.
                let more = min(output.count, limit + 1 - output.count)
                // For a while both the old and the new bytes lie there.
                try Room.require(
                    output.count + more, for: "decompresses to more than \(filled) bytes", file: file)
                output.append(contentsOf: repeatElement(0, count: more))
            case .more where position == bytes.count || (consumed == 0 && produced == 0):
                throw DataError(
                    .truncated, file: file, at: .byte(position), "the gzip data end in the middle",
                    remedy: "The file was probably cut short while it was copied or downloaded; fetch it again")
            case .more:
                break
            }
        }
    }

    /// `bytes` as gzip; the same input always gives the same output.
    ///
    /// - Parameter level: 0 (store) to 9 (smallest).
    public static func compress(_ bytes: [UInt8], level: Int = 6) throws(DataError) -> [UInt8] {
        guard let result = Zlib.gzip(bytes, level: min(max(level, 0), 9)) else {
            throw DataError(.tooLarge, file: "gzip", "no memory to compress \(bytes.count) bytes")
        }
        return result
    }

    /// The bytes of the file at `path`, decompressed if they are gzip, whatever the file is called.
    package static func readFile(_ path: String, limit: Int = defaultLimit) throws(DataError) -> [UInt8] {
        let bytes = try Files.read(path)
        return isGzip(bytes) ? try decompress(bytes, file: path, limit: limit) : bytes
    }

    private static func isLastMember(endingAt end: Int, in bytes: [UInt8], file: String) throws(DataError) -> Bool {
        if end == bytes.count { return true }
        if bytes.count - end >= 2, bytes[end] == 0x1F, bytes[end + 1] == 0x8B { return false }
        if let stray = bytes[end...].firstIndex(where: { $0 != 0 }) {
            throw DataError(.malformed, file: file, at: .byte(stray), "bytes that are not gzip follow the gzip data")
        }
        return true
    }
}
