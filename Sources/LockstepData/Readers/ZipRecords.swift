// SPDX-License-Identifier: Apache-2.0
// The records of a zip archive, each said twice and in the same words.

/// The records of a zip archive as PyTorch writes them, or NumPy: nothing encrypted or in several parts.
///
/// A zip archive describes each record in a header before it and in a directory at the end; readers that follow one of them
/// and checkers that follow the other see different archives. Here both must agree, no two records may share a byte or a
/// name, and the directory must end where the file does.
struct ZipRecords {
    /// One record.
    struct Record {
        let name: String
        /// Where its bytes lie in the file, as they are or deflated.
        let range: Range<Int>
        /// How many they are when they are inflated; nil for a record that is stored as it is.
        let inflatedSize: Int?
        /// The CRC-32 of its bytes (inflated); 0 where PyTorch computed none.
        let checksum: UInt32
        /// Where its header begins.
        let header: Int
    }

    let records: [Record]
    /// The most that is read of a directory.
    private static let directoryLimit = 64 << 20

    /// - Parameter inflates: Whether records may be deflated; otherwise they are refused.
    /// - Throws: `DataError` naming the byte.
    init(_ bytes: FileBytes, file: String, inflates: Bool = false) throws(DataError) {
        let directory = try ZipDirectory(bytes, file: file)
        guard directory.range.count <= ZipRecords.directoryLimit else {
            throw DataError(
                .tooLarge, file: file, at: .byte(directory.range.lowerBound),
                "a directory of \(directory.range.count) bytes, the limit is \(ZipRecords.directoryLimit)")
        }
        // A record of the directory, 46 bytes or more, becomes a name and 64 bytes.
        try Room.require(directory.range.count * 8, for: "its directory cannot be read", file: file)
        var reader = ZipReader(bytes.copy(directory.range), base: directory.range.lowerBound, file: file)
        var records: [Record] = []
        var names: Set<String> = []
        while reader.remaining > 0 {
            let described = try ZipHeader(central: &reader, inflates: inflates)
            guard names.insert(described.name).inserted else {
                throw reader.error(.malformed, "two records are called “\(described.name)”")
            }
            let data = try described.locate(in: bytes, before: directory.range.lowerBound, file: file)
            records.append(
                Record(
                    name: described.name, range: data, inflatedSize: described.inflatedSize,
                    checksum: described.checksum, header: described.offset))
        }
        guard records.count == directory.count else {
            throw DataError(
                .malformed, file: file, at: .byte(directory.range.lowerBound),
                "the directory has \(records.count) records, its end says \(directory.count)")
        }
        let ordered = records.sorted { $0.header < $1.header }
        for (record, next) in zip(ordered, ordered.dropFirst()) where record.range.upperBound > next.header {
            throw DataError(
                .malformed, file: file, at: .byte(next.header),
                "the record “\(next.name)” begins inside “\(record.name)”")
        }
        self.records = records
    }
}

/// Where a zip archive's directory lies, from the end of the file.
private struct ZipDirectory {
    let range: Range<Int>
    let count: Int

    init(_ bytes: FileBytes, file: String) throws(DataError) {
        let size = bytes.count
        func cut() -> DataError {
            DataError(
                .truncated, file: file, at: .byte(size),
                "a zip archive without its directory at the end: the file was cut short, or something was added",
                remedy: "Fetch it again")
        }
        guard size >= 22 else { throw cut() }
        var end = ZipReader(bytes.copy(size - 22..<size), base: size - 22, file: file)
        guard try end.number(4) == 0x0605_4B50 else { throw cut() }
        let (disk, firstDisk) = (try end.number(2), try end.number(2))
        let (here, all) = (try end.number(2), try end.number(2))
        let (length, offset) = (try end.number(4), try end.number(4))
        guard try end.number(2) == 0 else { throw cut() }
        guard disk == 0, firstDisk == 0, here == all else {
            throw end.error(.unsupported, "an archive in several parts")
        }
        var (count, start, bytesOfIt, stop) = (all, offset, length, size - 22)
        if size >= 22 + 20 + 56 {
            var locator = ZipReader(bytes.copy(size - 42..<size - 22), base: size - 42, file: file)
            if try locator.number(4) == 0x0706_4B50 {
                _ = try locator.number(4)
                let place = try locator.number(8)
                guard place == size - 42 - 56 else {
                    throw locator.error(.malformed, "its zip64 end is at byte \(place), not right before")
                }
                var wide = ZipReader(bytes.copy(place..<place + 56), base: place, file: file)
                guard try wide.number(4) == 0x0606_4B50, try wide.number(8) == 44 else {
                    throw wide.error(.malformed, "no zip64 end of the usual length")
                }
                _ = try wide.number(4)
                guard try wide.number(8) == 0 else { throw wide.error(.unsupported, "an archive in several parts") }
                let (wideHere, wideAll) = (try wide.number(8), try wide.number(8))
                let (wideLength, wideOffset) = (try wide.number(8), try wide.number(8))
                func agrees(_ narrow: Int, _ wide: Int, _ most: Int) -> Bool { narrow == wide || narrow == most }
                guard wideHere == wideAll, agrees(count, wideAll, 0xFFFF), agrees(length, wideLength, 0xFFFF_FFFF),
                    agrees(offset, wideOffset, 0xFFFF_FFFF)
                else { throw wide.error(.malformed, "its zip64 end says other than its end") }
                (count, start, bytesOfIt, stop) = (wideAll, wideOffset, wideLength, place)
            }
        }
        guard start <= stop, bytesOfIt == stop - start else {
            throw DataError(
                .malformed, file: file, at: .byte(stop),
                "the directory is said to be \(bytesOfIt) bytes at byte \(start), which does not end here")
        }
        (range, self.count) = (start..<stop, count)
    }
}

/// What the directory says of one record.
private struct ZipHeader {
    let name: String
    let checksum: UInt32
    let offset: Int
    /// Bytes in the file, and bytes of the record.
    private let packed, full: Int
    private let method: Int
    private let flags: Int
    private let isWide: Bool

    /// Bit 3: sizes and checksum follow the data.
    private var isTrailed: Bool { flags & 8 != 0 }
    /// Bytes of a deflated record.
    var inflatedSize: Int? { method == 8 ? full : nil }

    init(central reader: inout ZipReader, inflates: Bool) throws(DataError) {
        guard try reader.number(4) == 0x0201_4B50 else { throw reader.error(.malformed, "no record of a directory") }
        _ = try reader.number(4)
        let flags = try reader.number(2)
        method = try reader.number(2)
        _ = try reader.number(4)
        self.flags = flags
        checksum = UInt32(try reader.number(4))
        var (packed, full, lengths) = (try reader.number(4), try reader.number(4), [Int]())
        for _ in 0..<3 { lengths.append(try reader.number(2)) }
        let disk = try reader.number(2)
        _ = try reader.number(6)
        var offset = try reader.number(4)
        let name = try reader.text(lengths[0])
        let wide = try reader.wideField(lengths[1])
        _ = try reader.take(lengths[2])
        func bad(_ reason: String) -> DataError {
            reader.error(
                .unsupported, "the record “\(name)” \(reason)",
                remedy: inflates ? NPZ.remedy : PickleMachine.remedy)
        }
        // Bits 1 and 2 say how hard a deflater tried.
        guard flags & ~(method == 8 ? 0x080E : 0x0808) == 0 else {
            throw bad("is encrypted or of a kind (0x\(hex(UInt16(flags)))) not read here")
        }
        guard method == 0 || method == 8 && inflates else {
            throw bad(
                inflates
                    ? "is compressed by method \(method), and only deflate is read"
                    : "is compressed" + (name.contains("/code/") ? ": this is a TorchScript program, no weights" : ""))
        }
        isWide = wide != nil
        if var wide {
            if full == 0xFFFF_FFFF { full = try wide.number(8) }
            if packed == 0xFFFF_FFFF { packed = try wide.number(8) }
            if offset == 0xFFFF_FFFF { offset = try wide.number(8) }
        }
        guard method == 8 || packed == full, disk == 0 else {
            throw bad("is stored in \(packed) bytes and has \(full)")
        }
        (self.name, self.packed, self.full, self.offset) = (name, packed, full, offset)
    }

    /// Where the data lie, if the header before them says the same.
    func locate(in bytes: FileBytes, before limit: Int, file: String) throws(DataError) -> Range<Int> {
        func bad(_ reason: String, _ code: DataError.Code = .malformed) -> DataError {
            DataError(code, file: file, at: .byte(offset), "the record “\(name)” \(reason)")
        }
        guard offset <= limit, limit - offset >= 30 else { throw bad("lies beyond the directory") }
        var reader = ZipReader(bytes.copy(offset..<offset + 30), base: offset, file: file)
        guard try reader.number(4) == 0x0403_4B50 else { throw bad("has no header before it") }
        _ = try reader.number(2)
        let (flags, method) = (try reader.number(2), try reader.number(2))
        _ = try reader.number(4)
        let (crc, narrowPacked, narrowFull) = (try reader.number(4), try reader.number(4), try reader.number(4))
        let (nameLength, extraLength) = (try reader.number(2), try reader.number(2))
        let rest = offset + 30
        guard limit - rest >= nameLength + extraLength else { throw bad("lies beyond the directory") }
        var names = ZipReader(bytes.copy(rest..<rest + nameLength + extraLength), base: rest, file: file)
        let ownName = try names.text(nameLength)
        var (ownPacked, ownFull) = (narrowPacked, narrowFull)
        let field = try names.wideField(extraLength)
        if var wide = field {
            while wide.remaining > 0 {
                let number = try wide.number(8)
                // PyTorch's knows the packed size no sooner than it writes it behind the data.
                guard [packed, full, offset].contains(number) || isTrailed && number == 0 else {
                    throw bad("has another size in its zip64 header")
                }
            }
            if narrowFull == 0xFFFF_FFFF { ownFull = full }
            if narrowPacked == 0xFFFF_FFFF { ownPacked = packed }
        }
        // NumPy that writes to a stream announces wide sizes here and has them behind the data only.
        let isSilent =
            isTrailed && crc == 0
            && [narrowPacked, narrowFull].allSatisfy { $0 == 0 || field != nil && $0 == 0xFFFF_FFFF }
        guard ownName == name, flags == self.flags, method == self.method,
            isSilent || (crc == Int(checksum) && ownPacked == packed && ownFull == full)
        else { throw bad("is described otherwise in the header before it than in the directory") }
        let start = rest + nameLength + extraLength
        guard limit - start >= packed else {
            throw bad("has \(packed) bytes, more than lie before the directory", .truncated)
        }
        if isTrailed {
            try checkTrailer(bytes, at: start + packed, before: limit, isWide: isWide || field != nil, file: file)
        }
        return start..<start + packed
    }

    private func checkTrailer(
        _ bytes: FileBytes, at place: Int, before limit: Int, isWide: Bool, file: String
    ) throws(DataError) {
        // Sizes of eight bytes wherever something of the record is.
        func agrees(_ width: Int) throws(DataError) -> Bool {
            guard limit - place >= 8 + 2 * width else { return false }
            var reader = ZipReader(bytes.copy(place..<place + 8 + 2 * width), base: place, file: file)
            let (mark, crc) = (try reader.number(4), try reader.number(4))
            guard mark == 0x0807_4B50, crc == Int(checksum) else { return false }
            // As halves, because a hostile eight bytes may be no `Int`.
            for size in [packed, full] {
                guard try reader.number(4) == size & 0xFFFF_FFFF else { return false }
                if width == 8 { guard try reader.number(4) == size >> 32 else { return false } }
            }
            return true
        }
        if isWide, try agrees(8) { return }
        guard max(packed, full) <= 0xFFFF_FFFF, try agrees(4) else {
            throw DataError(
                .malformed, file: file, at: .byte(place),
                "what follows the record “\(name)” says otherwise than the directory")
        }
    }
}

/// Little-endian numbers of a zip archive's headers.
private struct ZipReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int
    private let shift: Int
    private let file: String

    init(_ bytes: [UInt8], base: Int, file: String) {
        (self.bytes, position, shift, self.file) = (bytes[...], 0, base, file)
    }

    private init(_ slice: ArraySlice<UInt8>, shift: Int, file: String) {
        (bytes, position, self.shift, self.file) = (slice, slice.startIndex, shift, file)
    }

    var remaining: Int { bytes.endIndex - position }

    mutating func take(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
        guard count <= remaining else { throw error(.truncated, "a header ends too early") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A number of at most eight bytes; what no `Int` holds is refused.
    mutating func number(_ width: Int) throws(DataError) -> Int {
        let value = try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else { throw error(.tooLarge, "the number \(value)") }
        return number
    }

    mutating func text(_ count: Int) throws(DataError) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else {
            throw error(.malformed, "a name that is not UTF-8")
        }
        return text
    }

    /// The zip64 field among the extra ones, of `length` bytes altogether.
    mutating func wideField(_ length: Int) throws(DataError) -> ZipReader? {
        var extra = ZipReader(try take(length), shift: shift, file: file)
        var wide: ZipReader?
        while extra.remaining > 0 {
            let (kind, size) = (try extra.number(2), try extra.number(2))
            let field = try extra.take(size)
            guard kind == 1 else { continue }
            guard wide == nil else { throw error(.malformed, "two zip64 fields in one header") }
            wide = ZipReader(field, shift: shift, file: file)
        }
        return wide
    }

    func error(_ code: DataError.Code, _ reason: String, remedy: String? = nil) -> DataError {
        DataError(code, file: file, at: .byte(shift + position), reason, remedy: remedy)
    }
}
