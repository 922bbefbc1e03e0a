// SPDX-License-Identifier: Apache-2.0
// The two formats of PyTorch's files: where the pickle lies, and where the storages that it speaks of.

extension TorchArchive {
    /// The most that is read of the pickles: a hundred times what the largest models need.
    private static let pickleLimit = 64 << 20
    /// What the older format begins with, as a number.
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    /// The tensors of the file at `path`, which is mapped: only what describes them is read.
    ///
    /// The file must not be cut short while it is in use.
    /// - Parameter key: The keys that lead to the dictionary of tensors, joined by dots (`state_dict`), where a file has several.
    /// - Throws: `DataError` naming the file and the byte.
    public static func read(_ path: String, key: String? = nil) throws(DataError) -> TorchArchive {
        try read(.mapped(try MappedFile(path)), file: path, key: key)
    }

    /// The tensors in `bytes`; `file` is the name errors carry.
    public static func parse(_ bytes: [UInt8], file: String, key: String? = nil) throws(DataError) -> TorchArchive {
        try read(.array(bytes), file: file, key: key)
    }

    /// Whether a file that begins with `start` is one of PyTorch's, as far as that tells.
    package static func isTorch(_ start: [UInt8]) -> Bool {
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return true }
        guard start.count > 8, start[0] == 0x80, (2...5).contains(start[1]) else { return false }
        // The length of a safetensors header may begin with the same two bytes; then the header follows.
        return start[8] != UInt8(ascii: "{")
    }

    private static func read(_ bytes: FileBytes, file: String, key: String?) throws(DataError) -> TorchArchive {
        let start = bytes.copy(0..<min(bytes.count, 512))
        if start.starts(with: [0x50, 0x4B]) { return try zip(bytes, file, key) }
        guard start.first == 0x80 else {
            // The format before the stream: a tar archive has its mark there.
            let isTar = start.count > 262 && start[257..<262].elementsEqual("ustar".utf8)
            throw DataError(
                isTar ? .unsupported : .malformed, file: file, at: .byte(0),
                isTar
                    ? "a tar archive, as PyTorch wrote before 2017" : "neither a zip archive nor a pickle of PyTorch's",
                remedy: isTar ? "Write it again with a newer PyTorch" : nil)
        }
        // Pickles lie before the tensors, and their length stands nowhere.
        var window = 1 << 20
        while true {
            do { return try stream(bytes, bytes.copy(0..<min(window, bytes.count)), file, key) } catch {
                guard error.code == .truncated, window < min(bytes.count, pickleLimit) else { throw error }
                window = min(window * 8, pickleLimit)
            }
        }
    }

    // MARK: Zip

    private static func zip(_ bytes: FileBytes, _ file: String, _ key: String?) throws(DataError) -> TorchArchive {
        let records = try ZipRecords(bytes, file: file).records
        func refuse(_ reason: String) -> DataError {
            DataError(.unsupported, file: file, reason, remedy: PickleMachine.remedy)
        }
        let pickles = records.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
        guard let pickle = pickles.first, pickles.count == 1 else {
            throw refuse(
                pickles.isEmpty
                    ? "a zip archive without a record “data.pkl”, so none of PyTorch's"
                    : "a zip archive with \(pickles.count) records “data.pkl”")
        }
        let folder = String(pickle.name.dropLast("data.pkl".count))
        // More texts than PyTorch writes beside the tensors would be programs (TorchScript, packages).
        var places: [String: Range<Int>] = [:]
        for record in records {
            guard record.name.hasPrefix(folder) else {
                throw refuse("the record “\(record.name)” is not in “\(folder)”")
            }
            let name = String(record.name.dropFirst(folder.count))
            if name.hasPrefix("data/") {
                places[String(name.dropFirst("data/".count))] = record.range
            } else if !["data.pkl", "version", "byteorder"].contains(name) && !name.hasPrefix(".") {
                let isProgram = name.hasPrefix("code/") || name == "constants.pkl"
                throw refuse(
                    "the record “\(record.name)” is nothing that a state dictionary needs"
                        + (isProgram ? ": this is a TorchScript program" : "") + ", and is refused")
            }
        }
        if let order = records.first(where: { $0.name == folder + "byteorder" }) {
            guard order.range.count <= 16, bytes.copy(order.range) == Array("little".utf8) else {
                throw refuse("numbers in another byte order than little endian")
            }
        }
        guard pickle.range.count <= pickleLimit else {
            throw DataError(
                .tooLarge, file: file, at: .byte(pickle.range.lowerBound),
                "a pickle of \(pickle.range.count) bytes, the limit is \(pickleLimit)")
        }
        try verify(pickle, bytes, file)
        try Room.require(pickle.range.count * 64, for: "its pickle cannot be read", file: file)
        var machine = PickleMachine(bytes.copy(pickle.range), base: pickle.range.lowerBound, file: file)
        let root = try machine.run()
        guard machine.position == machine.bytes.count else {
            throw machine.error(.malformed, "\(machine.bytes.count - machine.position) bytes follow the pickle")
        }
        var ranges: [Range<Int>] = []
        for storage in machine.storages {
            func bad(_ reason: String) -> DataError {
                DataError(.malformed, file: file, at: .byte(storage.place), "the storage “\(storage.key)” \(reason)")
            }
            guard let place = places[storage.key] else { throw bad("has no record") }
            guard let size = NumericArray.product([storage.count, storage.type.byteCount]), size == place.count else {
                throw bad(
                    "is \(storage.count) elements of \(storage.type.rawValue), its record has \(place.count) bytes")
            }
            ranges.append(place)
        }
        let found = try TorchDictionary(machine, root: root, key: key)
        return TorchArchive(
            file: file, format: .zip, key: found.key, entries: found.entries(ranges), values: found.values,
            bytes: bytes,
            records: records)
    }

    // MARK: Stream

    private static func stream(
        _ bytes: FileBytes, _ start: [UInt8], _ file: String, _ key: String?
    ) throws(DataError) -> TorchArchive {
        try Room.require(start.count * 2, for: "its pickles cannot be read", file: file)
        var machine = PickleMachine(start, base: 0, file: file)
        guard case .large(let number) = try machine.run(), machine.bytes[Int(number.start)...].starts(with: magic),
            Int(number.count) == magic.count
        else {
            throw DataError(
                .unsupported, file: file, at: .byte(0), "a pickle, but none that torch.save has written",
                remedy: PickleMachine.remedy)
        }
        guard case .integer(1001) = try machine.run() else {
            throw machine.error(.unsupported, "a version of PyTorch's older format other than 1001")
        }
        let place = machine.position
        guard case .dictionary(let system) = try machine.run(),
            machine.dictionaries[system].contains(where: { item in
                guard case .text(let name) = item.key, case .bool(true) = item.value, name.count == 13 else {
                    return false
                }
                return machine.string(name) == "little_endian"
            })
        else { throw machine.error(.unsupported, at: place, "numbers in another byte order than little endian") }
        let root = try machine.run()
        let keysPlace = machine.position
        guard case .sequence(let list) = try machine.run() else {
            throw machine.error(.malformed, at: keysPlace, "no list of storages follows the pickle")
        }
        var ranges = [Range<Int>?](repeating: nil, count: machine.storages.count)
        var position = machine.position
        for item in machine.sequences[list].items {
            guard case .text(let name) = item, name.count <= 256,
                let known = machine.storageNumbers[machine.string(name)],
                ranges[known] == nil
            else {
                throw machine.error(
                    .malformed, at: keysPlace, "the list of storages names one that nothing speaks of, or twice")
            }
            let storage = machine.storages[known]
            func bad(_ code: DataError.Code, _ reason: String) -> DataError {
                DataError(code, file: file, at: .byte(position), "the storage “\(storage.key)” \(reason)")
            }
            guard bytes.count - position >= 8 else { throw bad(.truncated, "is missing: the file was cut short") }
            let said = bytes.copy(position..<position + 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard said == UInt64(storage.count) else {
                throw bad(.malformed, "has \(said) elements, the pickle says \(storage.count)")
            }
            position += 8
            guard let size = NumericArray.product([storage.count, storage.type.byteCount]),
                size <= bytes.count - position
            else { throw bad(.truncated, "of \(storage.count) elements goes beyond the end of the file") }
            ranges[known] = position..<position + size
            position += size
        }
        guard position == bytes.count else {
            throw DataError(
                .malformed, file: file, at: .byte(position), "\(bytes.count - position) bytes follow the last storage")
        }
        let places = ranges.compactMap(\.self)
        guard places.count == machine.storages.count else {
            throw machine.error(.malformed, at: keysPlace, "the list of storages lacks some that tensors lie in")
        }
        let found = try TorchDictionary(machine, root: root, key: key)
        return TorchArchive(
            file: file, format: .stream, key: found.key, entries: found.entries(places), values: found.values,
            bytes: bytes, records: [])
    }
}
