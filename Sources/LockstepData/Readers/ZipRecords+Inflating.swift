// SPDX-License-Identifier: Apache-2.0
// The bytes of a zip archive's record, inflated if they have to be.

extension ZipRecords.Record {
    /// The record's bytes, whose checksum agrees.
    ///
    /// - Throws: `DataError`: `.malformed`, `.checksum`; `.tooLarge` for one that says to be larger than the limit, or than there is
    ///   memory for.
    func contents(of bytes: FileBytes, file: String) throws(DataError) -> [UInt8] {
        let size = inflatedSize ?? range.count
        // Deflate makes at most 1032 bytes of one: memory is not taken for what a header only claims.
        guard inflatedSize == nil || size / 1032 <= range.count else {
            throw failure(.malformed, file, "says to inflate from \(range.count) bytes to \(size), which they cannot")
        }
        guard size <= ReadLimits.bytes else {
            throw failure(
                .tooLarge, file, "has \(size) bytes, the limit is \(ReadLimits.bytes)", remedy: ReadLimits.moreBytes)
        }
        try Room.require(size, for: "the record “\(name)” cannot be read", file: file)
        let contents = inflatedSize == nil ? bytes.copy(range) : try inflated(bytes, to: size, file)
        let actual = contents.withUnsafeBytes { Zlib.crc32($0) }
        guard checksum == actual else {
            throw failure(
                .checksum, file, "has the checksum \(hex(actual)), and should have \(hex(checksum))",
                remedy: checksum == 0 ? NPZ.remedy : "The file was damaged after it was written; use another copy")
        }
        return contents
    }

    private func inflated(_ bytes: FileBytes, to size: Int, _ file: String) throws(DataError) -> [UInt8] {
        guard var inflater = Inflater(.none) else { throw failure(.tooLarge, file, "finds no memory to inflate it") }
        // One more than it says to have: what is longer is noticed.
        var output = [UInt8](repeating: 0, count: size + 1)
        var (taken, filled) = (0, 0)
        while true {
            var (consumed, produced) = (0, 0)
            let outcome = bytes.withUnsafeBytes(range) { input in
                output.withUnsafeMutableBytes { room in
                    inflater.step(
                        UnsafeRawBufferPointer(rebasing: input[taken...]),
                        UnsafeMutableRawBufferPointer(rebasing: room[filled...]), consumed: &consumed,
                        produced: &produced)
                }
            }
            taken += consumed
            filled += produced
            switch outcome {
            case .damaged(let words): throw failure(.malformed, file, "is damaged: \(words)")
            case .memberEnd:
                guard filled == size, taken == range.count else {
                    throw failure(
                        .malformed, file,
                        "inflates \(taken) of its \(range.count) bytes to \(filled), and should have \(size)")
                }
                output.removeLast()
                return output
            case .more where filled > size || consumed == 0 && produced == 0:
                throw failure(
                    .malformed, file,
                    filled > size ? "inflates to more than the \(size) bytes that it says" : "ends in the middle")
            case .more: break
            }
        }
    }

    private func failure(
        _ code: DataError.Code, _ file: String, _ reason: String, remedy: String? = nil
    ) -> DataError {
        DataError(
            code, file: file, at: .byte(range.lowerBound), "the record “\(name)” \(reason)", remedy: remedy)
    }
}
