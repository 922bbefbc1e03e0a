// SPDX-License-Identifier: Apache-2.0
// Reading safetensors: every claim of the header is checked before anyone sees the data.

import LockstepTensor

extension Safetensors {
    /// The archive in the file at `path`.
    ///
    /// Checked: header size and syntax, no name twice, offsets inside the file, no overlap and no gap, element count times
    /// element size equal to the byte count, and, if the file was written by Lockstep, the checksum of every byte.
    /// - Throws: `DataError` naming the file and the byte.
    public static func read(_ path: String) throws(DataError) -> Archive {
        try parse(Files.read(path), file: path)
    }

    /// The archive in `bytes`; `file` is the name errors carry.
    public static func parse(_ bytes: [UInt8], file: String) throws(DataError) -> Archive {
        try parse(.array(bytes), file: file)
    }

    /// The same for bytes that may be mapped: every one of them is looked at, and none but the header's copied.
    package static func parse(_ bytes: FileBytes, file: String) throws(DataError) -> Archive {
        let length = bytes.copy(0..<min(8, bytes.count)).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // A header beyond the limit is refused for its length alone.
        let end = length <= UInt64(headerLimit) ? min(8 + Int(length), bytes.count) : min(8, bytes.count)
        let (entries, metadata, seal) = try header(bytes.copy(0..<end), fileSize: bytes.count, file: file)
        let archive = Archive(file: file, entries: entries, metadata: metadata, bytes: bytes, isSealed: seal != nil)
        return try verifyChecksum(archive, at: seal)
            ? archive
            : Archive(
                file: file, entries: entries, metadata: metadata, bytes: bytes, isSealed: false)
    }

    /// The tensors and the metadata that the header in `bytes`, the first of a file of `fileSize`, describes, and the byte at
    /// which the digits of its checksum begin.
    static func header(
        _ bytes: [UInt8], fileSize: Int, file: String
    ) throws(DataError) -> (entries: [Entry], metadata: [(key: String, value: String)], seal: Int?) {
        var reader = ByteReader(bytes, file: file)
        let claimed = try reader.integer(UInt64.self, .little, "the length of the header")
        guard claimed <= UInt64(headerLimit) else {
            throw reader.error(
                .tooLarge, at: 0,
                "not safetensors, or hostile: a header of \(claimed) bytes, the limit is \(headerLimit)")
        }
        let text = try reader.take(Int(claimed), "the header")
        // What is made of it: a value of JSON, at least a digit and a comma in the file, takes 32 bytes, and 16 in its array, which
        // doubles.
        try Room.require(text.count * 48, for: "its header of \(claimed) bytes cannot be read", file: file)
        let header = Array(text)
        guard header.first == UInt8(ascii: "{") else {
            throw reader.error(.malformed, at: 8, "not safetensors: the header does not start with {")
        }
        var scanner = JSONScanner(header, base: 8, file: file)
        guard case .object(let members) = try scanner.document().value else {
            throw reader.error(.malformed, at: 8, "the header is not a JSON object")
        }
        var entries: [Entry] = []
        var metadata: [(key: String, value: String)] = []
        var seal: Int?
        // The scanner compares bytes: names that only look alike are equal here, and nobody could ask for the second.
        var names: Set<String> = []
        for (name, node) in members {
            guard names.insert(name).inserted else {
                throw DataError(.malformed, file: file, at: .byte(node.offset), "two tensors are called “\(name)”")
            }
            if name == metadataKey {
                metadata = try strings(node, file)
                if case .object(let pairs) = node.value {
                    seal = pairs.first { $0.key == checksumKey }.map { $0.value.offset + 1 }
                }
            } else {
                entries.append(try entry(name, node, dataStart: reader.position, file))
            }
        }
        try checkCoverage(entries, dataStart: reader.position, end: fileSize, file)
        return (entries, metadata, seal)
    }

    private static func entry(
        _ name: String, _ node: JSONNode, dataStart: Int, _ file: String
    ) throws(DataError) -> Entry {
        func fail(_ reason: String, _ code: DataError.Code = .malformed) -> DataError {
            DataError(code, file: file, at: .byte(node.offset), "tensor “\(name)”: \(reason)")
        }
        guard case .object(let members) = node.value else { throw fail("its description is not a JSON object") }
        func member(_ key: String) throws(DataError) -> JSONNode.Value {
            guard let node = members.first(where: { $0.key == key })?.value else {
                throw fail("its description lacks “\(key)”")
            }
            return node.value
        }
        guard case .string(let typeName) = try member("dtype") else { throw fail("its dtype is not a string") }
        guard let type = ElementType(rawValue: typeName) else {
            throw fail("the element type \(typeName) is not read here", .unsupported)
        }
        guard let shape = sizes(try member("shape")) else { throw fail("its shape is not a list of sizes") }
        guard let offsets = sizes(try member("data_offsets")), offsets.count == 2, offsets[0] <= offsets[1] else {
            throw fail("its data_offsets are not two rising numbers")
        }
        guard shape.count <= Shape.maxRank else {
            throw fail("\(shape.count) axes, at most \(Shape.maxRank) are read here", .unsupported)
        }
        guard let count = NumericArray.product(shape), let needed = NumericArray.product([count, type.byteCount]) else {
            throw fail("shape \(shape) has more elements than a computer can count", .tooLarge)
        }
        guard needed == offsets[1] - offsets[0] else {
            throw fail(
                "\(typeName)\(shape) needs \(needed) bytes, its data_offsets \(offsets) span \(offsets[1] - offsets[0])"
            )
        }
        let (start, overflow) = offsets[0].addingReportingOverflow(dataStart)
        let (end, overflow2) = offsets[1].addingReportingOverflow(dataStart)
        guard !overflow, !overflow2 else { throw fail("its data_offsets \(offsets) are out of range") }
        return Entry(name: name, type: type, shape: shape, range: start..<end)
    }

    private static func sizes(_ value: JSONNode.Value) -> [Int]? {
        guard case .array(let nodes) = value else { return nil }
        var result: [Int] = []
        for node in nodes {
            guard case .integer(let size) = node.value, size >= 0 else { return nil }
            result.append(size)
        }
        return result
    }

    private static func strings(_ node: JSONNode, _ file: String) throws(DataError) -> [(key: String, value: String)] {
        guard case .object(let members) = node.value else {
            throw DataError(.malformed, file: file, at: .byte(node.offset), "__metadata__ is not a JSON object")
        }
        var result: [(key: String, value: String)] = []
        for (key, value) in members {
            guard case .string(let text) = value.value else {
                throw DataError(
                    .malformed, file: file, at: .byte(value.offset), "the metadata “\(key)” is not a string")
            }
            result.append((key, text))
        }
        return result
    }

    /// Tensors must follow one another without gap or overlap from `dataStart` to `end`.
    private static func checkCoverage(
        _ entries: [Entry], dataStart: Int, end: Int, _ file: String
    ) throws(DataError) {
        // Empty tensors sort before the one that starts where they lie.
        let ordered = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var reached = dataStart
        for entry in ordered {
            guard entry.range.lowerBound == reached else {
                let what = entry.range.lowerBound < reached ? "overlaps the tensor before it" : "leaves a gap before it"
                throw DataError(
                    .malformed, file: file, at: .byte(entry.range.lowerBound),
                    "tensor “\(entry.name)” \(what), which ends at byte \(reached)")
            }
            reached = entry.range.upperBound
            guard reached <= end else {
                throw DataError(
                    .truncated, file: file, at: .byte(end),
                    "the file ends inside tensor “\(entry.name)”, whose data end at byte \(reached)")
            }
        }
        guard reached == end else {
            throw DataError(
                .malformed, file: file, at: .byte(reached), "\(end - reached) bytes follow the last tensor")
        }
    }

    /// Whether the file is sealed: false for one from elsewhere, and for version 1, whose metadata nothing protects.
    private static func verifyChecksum(_ archive: Archive, at seal: Int?) throws(DataError) -> Bool {
        let (stored, version) = (archive.metadata(checksumKey), archive.metadata(versionKey))
        if stored == nil, version == nil { return false }
        func damaged(_ reason: String) -> DataError { Safetensors.damaged(archive.file, reason) }
        // A changed bit may have hit the very key.
        guard let stored, let version else { throw damaged("it has only one of \(versionKey) and \(checksumKey)") }
        if version == "1" {
            let actual = checksum(archive.entries.lazy.map { ($0.name, $0.type, $0.shape, archive.bytes(of: $0)) })
            guard stored == actual else {
                throw damaged("the checksum in its metadata is \(stored), that of its tensors \(actual)")
            }
            return false
        }
        guard version == Safetensors.version else { throw unknown(version, archive.file) }
        let bytes = archive.bytes
        guard let seal, seal + noChecksum.utf8.count <= bytes.count,
            bytes.copy(seal..<seal + noChecksum.utf8.count).elementsEqual(stored.utf8)
        else { throw damaged("“\(stored)” is no checksum") }
        let before = Array(noChecksum.utf8).withUnsafeBytes { Zlib.crc32($0, seed: bytes.checksum(0..<seal)) }
        let actual = digits(bytes.checksum(seal + noChecksum.utf8.count..<bytes.count, seed: before))
        guard stored == actual else {
            throw damaged("the checksum in its metadata is \(stored), that of its bytes \(actual)")
        }
        return true
    }

    static func damaged(_ file: String, _ reason: String) -> DataError {
        DataError(
            .checksum, file: file, reason,
            remedy: "The file was damaged or changed after it was written; use another copy")
    }

    static func unknown(_ version: String, _ file: String) -> DataError {
        DataError(
            .unsupported, file: file,
            "it says that it was written in version “\(version)” of Lockstep's format; known are 1 and \(Safetensors.version)",
            remedy: "Read it with the version of Lockstep that wrote it, or use another copy if the file is damaged")
    }
}
