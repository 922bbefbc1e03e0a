// SPDX-License-Identifier: Apache-2.0
// Writing safetensors: deterministic bytes, a checksum in the metadata, and a file that appears whole or not at all.

extension Safetensors {
    /// Writes `items` to `path`: first to a temporary file beside it, flushed to the disk, then renamed.
    ///
    /// - Parameters:
    ///   - items: in the order the header shall list them.
    ///   - metadata: free text pairs; PyTorch's ecosystem likes `("format", "pt")`. `lockstep.format` and `lockstep.crc32` are ours.
    ///   - checksum: whether to store a CRC-32 of the whole file that `read` verifies.
    /// - Throws: `DataError` (`.unwritable`, or `.mismatch` for items that contradict themselves or each other).
    public static func write(
        _ items: [Item], metadata: [(key: String, value: String)] = [], checksum: Bool = true, to path: String
    ) throws(DataError) {
        try write(items.map(Part.init), metadata: metadata, checksum: checksum, to: path)
    }

    /// The same for tensors whose bytes may lie elsewhere.
    ///
    /// - Parameter readsBack: Whether what the disk gives back is compared with the checksum before the file takes its place.
    package static func write(
        _ parts: [Part], metadata: [(key: String, value: String)] = [], checksum: Bool = true,
        readsBack: Bool = false, to path: String
    ) throws(DataError) {
        try Files.writeAtomically(chunks(parts, metadata: metadata, checksum: checksum, file: path), to: path) {
            (temporary) throws(DataError) in
            if readsBack { try verify(temporary) }
        }
    }

    /// `items` as the bytes of a file; the same items give the same bytes.
    public static func encode(
        _ items: [Item], metadata: [(key: String, value: String)] = [], checksum: Bool = true
    ) throws(DataError) -> [UInt8] {
        try encode(parts: items.map(Part.init), metadata: metadata, checksum: checksum)
    }

    /// The same for tensors whose bytes may lie elsewhere.
    package static func encode(
        parts: [Part], metadata: [(key: String, value: String)] = [], checksum: Bool = true
    ) throws(DataError) -> [UInt8] {
        let chunks = try chunks(parts, metadata: metadata, checksum: checksum, file: "safetensors")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(chunks.reduce(0) { $0 + $1.count })
        for chunk in chunks { chunk.withUnsafeBytes { bytes += $0 } }
        return bytes
    }

    private static func chunks(
        _ items: [Part], metadata: [(key: String, value: String)], checksum withChecksum: Bool, file: String
    ) throws(DataError) -> [ByteChunk] {
        try validate(items, metadata, file)
        // Wide types first, otherwise as given: then every tensor is aligned for its own type in the file.
        let order = items.indices.sorted {
            (-items[$0].type.byteCount, $0) < (-items[$1].type.byteCount, $1)
        }
        var offsets = [Int](repeating: 0, count: items.count)
        var end = 0
        for index in order {
            offsets[index] = end
            end += items[index].bytes.count
        }
        var metadata = metadata
        if withChecksum {
            metadata.append((versionKey, version))
            metadata.append((checksumKey, noChecksum))
        }
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.map { "\(jsonString($0.key)):\(jsonString($0.value))" }
            members.append("\"\(metadataKey)\":{\(pairs.joined(separator: ","))}")
        }
        for (item, offset) in zip(items, offsets) {
            let shape = item.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(jsonString(item.name)):{\"dtype\":\"\(item.type.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(offset + item.bytes.count)]}")
        }
        var header = Array("{\(members.joined(separator: ","))}".utf8)
        header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        guard header.count <= headerLimit else {
            throw DataError(
                .tooLarge, file: file, "the header would be \(header.count) bytes, the limit is \(headerLimit)")
        }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        var first = length + header
        let body = order.map { items[$0].bytes }
        if withChecksum { seal(&first, before: body) }
        return [.array(first)] + body
    }

    /// Puts the checksum of all bytes in its place.
    private static func seal(_ header: inout [UInt8], before body: [ByteChunk]) {
        // Quotes inside of names and texts are escaped: this stands nowhere else.
        let key = Array("\(jsonString(checksumKey)):\"".utf8)
        guard let place = header.firstRange(of: key)?.upperBound else { return }
        let crc = ([.array(header)] + body).reduce(0 as UInt32) { crc, chunk in
            chunk.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
        }
        let digits = Array(digits(crc).utf8)
        header.replaceSubrange(place..<place + digits.count, with: digits)
    }

    private static func validate(
        _ items: [Part], _ metadata: [(key: String, value: String)], _ file: String
    ) throws(DataError) {
        var seen: Set<String> = [metadataKey]
        for item in items {
            guard seen.insert(item.name).inserted else {
                throw DataError(.mismatch, file: file, "two tensors are called “\(item.name)”")
            }
            let count =
                item.shape.allSatisfy { $0 >= 0 } ? NumericArray.product(item.shape + [item.type.byteCount]) : nil
            guard count == item.bytes.count else {
                throw DataError(
                    .mismatch, file: file,
                    "tensor “\(item.name)”: \(item.type.rawValue)\(item.shape) does not fit \(item.bytes.count) bytes")
            }
        }
        var keys: Set<String> = []
        for (key, _) in metadata {
            guard keys.insert(key).inserted else {
                throw DataError(.mismatch, file: file, "the metadata key “\(key)” is given twice")
            }
            guard ![versionKey, checksumKey].contains(key) else {
                throw DataError(.mismatch, file: file, "the metadata key “\(key)” is written by Lockstep itself")
            }
        }
    }
}
