// SPDX-License-Identifier: Apache-2.0
// Pickles and PyTorch's files as terms, for those that torch.save would not write.

import LockstepData

/// A value that is written as a pickle of protocol 2.
package indirect enum PickleTerm: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case tuple([PickleTerm])
    case list([PickleTerm])
    case dictionary([(PickleTerm, PickleTerm)])
    /// A name of Python's: `collections.OrderedDict`.
    case global(String, String)
    case call(PickleTerm, [PickleTerm])
    case persistent(PickleTerm)
    /// Instructions as they are.
    case raw([UInt8])

    /// An ordered dictionary, as `state_dict()` gives one.
    package static func ordered(_ items: [(PickleTerm, PickleTerm)]) -> PickleTerm {
        .raw(
            PickleTerm.call(.global("collections", "OrderedDict"), []).bytes + [0x28]
                + items.flatMap { $0.bytes + $1.bytes } + [0x75])
    }

    /// A storage of `count` elements.
    package static func storage(_ type: String = "FloatStorage", _ key: String = "0", count: Int) -> PickleTerm {
        .persistent(.tuple([.text("storage"), .global("torch", type), .text(key), .text("cpu"), .integer(count)]))
    }

    /// A tensor over a storage.
    package static func tensor(_ storage: PickleTerm, offset: Int = 0, _ shape: [Int], _ strides: [Int]) -> PickleTerm {
        func numbers(_ values: [Int]) -> PickleTerm { .tuple(values.map { .integer($0) }) }
        return .call(
            .global("torch._utils", "_rebuild_tensor_v2"),
            [storage, .integer(offset), numbers(shape), numbers(strides), .bool(false), .ordered([])])
    }

    /// The instructions that make it.
    package var bytes: [UInt8] {
        switch self {
        case .none: [0x4E]
        case .bool(let value): [value ? 0x88 : 0x89]
        case .integer(let value):
            (0..<1 << 31).contains(value)
                ? [0x4A] + little(value, 4) : [0x8A, 8] + little(value, 8)
        case .real(let value): [0x47] + little(Int(bitPattern: UInt(value.bitPattern)), 8).reversed()
        case .text(let value): [0x58] + little(value.utf8.count, 4) + Array(value.utf8)
        case .tuple(let items): [0x28] + items.flatMap(\.bytes) + [0x74]
        case .list(let items): [0x5D, 0x28] + items.flatMap(\.bytes) + [0x65]
        case .dictionary(let items): [0x7D, 0x28] + items.flatMap { $0.bytes + $1.bytes } + [0x75]
        case .global(let module, let name): [0x63] + Array("\(module)\n\(name)\n".utf8)
        case .call(let name, let arguments): name.bytes + PickleTerm.tuple(arguments).bytes + [0x52]
        case .persistent(let value): value.bytes + [0x51]
        case .raw(let bytes): bytes
        }
    }

    /// The whole pickle.
    package var pickle: [UInt8] { [0x80, 2] + bytes + [0x2E] }
}

/// Files as torch.save writes them, and as it would not.
package enum TorchFile {
    /// How the headers of a zip archive say sizes.
    package enum Headers: CaseIterable {
        /// Behind the data, as PyTorch does.
        case trailed
        /// Before them.
        case plain
        /// In zip64 fields.
        case wide
        /// As PyTorch does for more than 4 GiB: in zip64 fields, half of them before the data and all behind.
        case large
    }

    /// A zip archive of a pickle and the records of its storages, called `0`, `1`, …
    package static func zip(
        _ pickle: [UInt8], _ storages: [[UInt8]] = [], headers: Headers = .trailed, others: [(String, [UInt8])] = []
    ) -> [UInt8] {
        archive(
            [("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8))]
                + storages.enumerated().map { ("a/data/\($0)", $1) } + others, headers)
    }

    /// The older format: magic number, version, system, pickle, storages by their keys.
    package static func stream(
        _ pickle: [UInt8], _ storages: [(key: String, count: Int, bytes: [UInt8])] = []
    ) -> [UInt8] {
        let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        let system = PickleTerm.dictionary([
            (.text("protocol_version"), .integer(1001)), (.text("little_endian"), .bool(true)),
        ])
        return magic + PickleTerm.integer(1001).pickle + system.pickle + pickle
            + PickleTerm.list(storages.map { .text($0.key) }).pickle
            + storages.flatMap { little($0.count, 8) + $0.bytes }
    }

    /// Records in a zip archive, stored as they are.
    package static func archive(_ records: [(name: String, bytes: [UInt8])], _ headers: Headers = .trailed) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in records {
            let crc = little(Int(Safetensors.checksum(ofFile: [bytes[...]])), 4)
            let size = little(bytes.count, 4), full: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
            let (isTrailed, isWide) = (headers == .trailed || headers == .large, headers == .wide || headers == .large)
            let flags: [UInt8] = [isTrailed ? 8 : 0, 8], name = Array(name.utf8), long = little(bytes.count, 8)
            let wide: [UInt8] = isWide ? [1, 0, 16, 0] + long + long : []
            let before: [UInt8] = headers == .large ? [1, 0, 16, 0] + long + little(0, 8) : wide
            let sizes = isWide ? full + full : size + size
            let offset = little(file.count, 4)
            file += [0x50, 0x4B, 3, 4, 0, 0] + flags + [0, 0, 0, 0, 0, 0]
            file += isTrailed ? [UInt8](repeating: 0, count: 12) : crc + sizes
            file += little(name.count, 2) + little(before.count, 2) + name + before + bytes
            if isTrailed { file += [0x50, 0x4B, 7, 8] + crc + (isWide ? long + long : size + size) }
            directory +=
                [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + flags + [0, 0, 0, 0, 0, 0] + crc + sizes + little(name.count, 2)
            directory += little(wide.count, 2) + [UInt8](repeating: 0, count: 10) + offset + name + wide
        }
        let count = little(records.count, 2), place = file.count
        var end: [UInt8] = []
        if headers != .plain {
            let wide = little(records.count, 8)
            end += [0x50, 0x4B, 6, 6] + little(44, 8) + [0, 0, 0, 0] + little(0, 8) + wide + wide
            end += little(directory.count, 8) + little(place, 8)
            end += [0x50, 0x4B, 6, 7] + little(0, 4) + little(place + directory.count, 8) + little(1, 4)
        }
        end += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + little(directory.count, 4) + little(place, 4) + [0, 0]
        return file + directory + end
    }
}

/// The lowest bytes of `value`, the lowest first.
private func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
