// SPDX-License-Identifier: Apache-2.0
// Tests of zip archives that say one thing to one reader and another thing to the next.

import LockstepChecks
import Testing

@testable import LockstepData

@Suite("Zip records")
struct ZipRecordsTests {
    private let pickle = PickleTerm.dictionary([(.text("a"), .tensor(.storage(count: 1), [1], [1]))]).pickle
    private func plain() -> [UInt8] { TorchFile.zip(pickle, [[0, 0, 128, 63]], headers: .plain) }

    /// The error for a file in which `change` was done at the `number`th place of `mark`.
    private func error(
        _ file: [UInt8], _ mark: [UInt8], number: Int = 0, _ change: (inout [UInt8], Int) -> Void
    ) throws -> DataError? {
        var bytes = file
        let places = bytes.indices.filter { bytes[$0...].starts(with: mark) }
        change(&bytes, places[number])
        return dataError { try TorchArchive.parse(bytes, file: "a.pth") }
    }

    @Test("a header before the data that says other than the directory is refused")
    func local() throws {
        let header: [UInt8] = [0x50, 0x4B, 3, 4]
        for (offset, what) in [
            (14, "checksum"), (18, "packed size"), (22, "size"), (6, "flags"), (8, "method"), (30, "name"),
        ] {
            let error = try #require(try error(plain(), header, number: 2) { $0[$1 + offset] ^= 1 }, "\(what)")
            #expect(error.description.contains("described otherwise in the header before it"), "\(what): \(error)")
        }
        let trailed = TorchFile.zip(pickle, [[0, 0, 128, 63]])
        for offset in [4, 8, 12] {
            let error = try #require(try error(trailed, [0x50, 0x4B, 7, 8], number: 2) { $0[$1 + offset] ^= 1 })
            #expect(error.description.contains("what follows the record “a/data/0”"), "\(error)")
        }
    }

    @Test("compressed, encrypted, split and repeated records are refused by name")
    func kinds() throws {
        let central: [UInt8] = [0x50, 0x4B, 1, 2]
        #expect(try error(plain(), central, number: 2) { $0[$1 + 10] = 8 }?.reason.contains("is compressed") == true)
        #expect(try error(plain(), central, number: 2) { $0[$1 + 8] |= 1 }?.reason.contains("encrypted") == true)
        #expect(try error(plain(), central, number: 2) { $0[$1 + 34] = 1 }?.code == .unsupported)
        let twice = TorchFile.archive([
            ("a/data.pkl", pickle), ("a/data/0", [0, 0, 128, 63]), ("a/data/0", [0, 0, 0, 0]),
        ])
        #expect(dataError { try TorchArchive.parse(twice, file: "a") }?.reason == "two records are called “a/data/0”")
        let two = TorchFile.archive([("a/data.pkl", pickle), ("a/data/0", [0, 0, 128, 63]), ("a/b/data.pkl", pickle)])
        #expect(dataError { try TorchArchive.parse(two, file: "a") }?.reason.contains("2 records “data.pkl”") == true)
        let elsewhere = TorchFile.archive([("a/data.pkl", pickle), ("b/data/0", [0, 0, 128, 63])])
        #expect(dataError { try TorchArchive.parse(elsewhere, file: "a") }?.reason.contains("is not in “a/”") == true)
        let program = TorchFile.zip(pickle, [[0, 0, 128, 63]], others: [("a/code/x.py", [])])
        #expect(dataError { try TorchArchive.parse(program, file: "a") }?.reason.contains("TorchScript") == true)
    }

    @Test("records that share bytes are refused")
    func overlap() throws {
        // The directory's second record is sent to the first one's header, and is called as it.
        let file = TorchFile.archive([("a", [1, 2, 3, 4]), ("b", [1, 2, 3, 4])], .plain)
        var bytes = file
        let central = bytes.indices.filter { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) }
        bytes[central[1] + 42] = 0
        #expect(dataError { try ZipRecords(.array(bytes), file: "a") } != nil)
        // A record whose data hold the next one's header.
        let inner = TorchFile.archive([("b", [9])], .plain).prefix(30 + 1 + 1)
        let outer = TorchFile.archive([("a", Array(inner)), ("b", [9])], .plain)
        bytes = outer
        let second = bytes.indices.filter { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) }[1]
        bytes[second + 42] = 31
        let error = try #require(dataError { try ZipRecords(.array(bytes), file: "a") })
        #expect(error.reason.contains("begins inside “a”"), "\(error)")
    }

    @Test("something before, between directory and end, or behind the archive is refused")
    func surroundings() throws {
        #expect(dataError { try TorchArchive.parse(plain() + [0], file: "a") }?.code == .truncated)
        #expect(dataError { try TorchArchive.parse([0x50, 0x4B] + plain(), file: "a") } != nil)
        var bytes = plain()
        bytes.insert(0, at: bytes.count - 22)
        #expect(dataError { try TorchArchive.parse(bytes, file: "a") }?.code == .malformed)
        let wide = TorchFile.zip(pickle, [[0, 0, 128, 63]], headers: .wide)
        for offset in [4, 24, 32, 40, 48] {
            #expect(try error(wide, [0x50, 0x4B, 6, 6]) { $0[$1 + offset] ^= 1 } != nil, "\(offset)")
        }
        #expect(try error(plain(), [0x50, 0x4B, 5, 6]) { $0[$1 + 10] ^= 1 } != nil)
    }
}
