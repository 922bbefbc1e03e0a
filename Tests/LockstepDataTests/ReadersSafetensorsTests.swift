// SPDX-License-Identifier: Apache-2.0
// Tests of safetensors: round trips, determinism, alignment, the checksum, and files that lie.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Safetensors")
struct ReadersSafetensorsTests {
    let items = [
        Safetensors.Item(name: "mask", type: .bool, shape: [3], bytes: [1, 0, 1]),
        Safetensors.Item(name: "0.weight", type: .float32, shape: [2, 2], bytes: [UInt8](0..<16)),
        Safetensors.Item(name: "steps", type: .int64, shape: [], bytes: [UInt8](1...8)),
        Safetensors.Item(name: "empty", type: .float32, shape: [0, 5], bytes: []),
        Safetensors.Item(name: "ünï\"\\\n", type: .bfloat16, shape: [1], bytes: [0x80, 0x3F]),
    ]

    /// A file with this header, exactly as given.
    func raw(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8) + data
    }

    @Test("names, types, shapes, bytes, metadata and order come back")
    func roundTrip() throws {
        let bytes = try Safetensors.encode(items, metadata: [("format", "pt"), ("note", "a \"b\"\t")])
        let archive = try Safetensors.parse(bytes, file: "x")
        #expect(archive.entries.map(\.name) == items.map(\.name))
        for item in items {
            let entry = try #require(archive.entry(item.name))
            #expect(entry.type == item.type)
            #expect(entry.shape == item.shape)
            #expect(Array(archive.bytes(of: entry)) == item.bytes)
            #expect(archive.withUnsafeBytes(of: entry) { Array($0) } == item.bytes)
            #expect(entry.range.lowerBound % item.type.byteCount == 0, "\(item.name) is aligned")
        }
        #expect(archive.metadata("format") == "pt")
        #expect(archive.metadata("note") == "a \"b\"\t")
        #expect(archive.metadata("lockstep.format") == "2")
        #expect(archive.isSealed)
        #expect(archive.metadata("lockstep.crc32")?.count == 8)
    }

    @Test("equal items give equal bytes; no items at all are a file too")
    func deterministic() throws {
        #expect(try Safetensors.encode(items) == Safetensors.encode(items))
        #expect(try Safetensors.parse(Safetensors.encode([], checksum: false), file: "x").entries.isEmpty)
        #expect(try Safetensors.parse(Safetensors.encode([]), file: "x").entries.isEmpty)
    }

    @Test("a file as Python writes it is read: no checksum, any order of keys, padding")
    func foreign() throws {
        let header =
            #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}}   "#
        let archive = try Safetensors.parse(raw(header, [1, 2, 3, 4, 5, 6]), file: "x")
        #expect(archive.entries.map(\.name) == ["b", "a"])
        #expect(Array(archive.bytes(of: archive.entries[0])) == [3, 4, 5, 6])
    }

    @Test("a changed byte of the data, a name, a type or a shape fails the checksum")
    func checksum() throws {
        var bytes = try Safetensors.encode(items)
        bytes[bytes.count - 1] ^= 0x10
        let error = try #require(dataError { try Safetensors.parse(bytes, file: "flipped.safetensors") })
        #expect(error.code == .checksum)
        #expect(error.description.hasPrefix("flipped.safetensors: the checksum in its metadata is "))

        let valid = try Safetensors.encode([items[1]])
        func changed(_ old: String, _ new: String) -> [UInt8] {
            valid.replacing(Array(old.utf8), with: Array(new.utf8))
        }
        for (old, new) in [("0.weight", "1.weight"), ("F32", "I32"), ("[2,2]", "[1,4]")] {
            #expect(dataError { try Safetensors.parse(changed(old, new), file: "x") }?.code == .checksum, "\(old)")
        }
        // A later version may compute it in another way; a changed bit must not pass for one.
        let later = changed(#""lockstep.format":"2""#, #""lockstep.format":"3""#)
        #expect(dataError { try Safetensors.parse(later, file: "x") }?.code == .unsupported)
        for (old, new) in [("lockstep.format", "lockstep.Format"), ("lockstep.crc32", "lockstep.crc33")] {
            #expect(dataError { try Safetensors.parse(changed(old, new), file: "x") }?.code == .checksum, "\(old)")
        }
    }

    @Test("every single changed bit of a file is noticed, wherever it is")
    func everyBit() throws {
        let valid = try Safetensors.encode(
            items, metadata: [("resume.epoch", "891"), ("optimizer.group.0", "sqr_mom=0.99")])
        for byte in valid.indices {
            for bit in 0..<8 {
                var bytes = valid
                bytes[byte] ^= 1 << UInt8(bit)
                #expect(dataError { try Safetensors.parse(bytes, file: "x") } != nil, "bit \(bit) of byte \(byte)")
            }
        }
    }

    @Test("a file of version 1 is read, and is not sealed: nothing protects what its metadata say")
    func versionOne() throws {
        let item = items[1]
        let crc = Safetensors.checksum([(item.name, item.type, item.shape, item.bytes[...])])
        func file(_ crc: String) -> [UInt8] {
            raw(
                #"{"__metadata__":{"lockstep.format":"1","lockstep.crc32":""# + crc
                    + #""},"0.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#, item.bytes)
        }
        let archive = try Safetensors.parse(file(crc), file: "x")
        #expect(!archive.isSealed && archive.entries.count == 1)
        #expect(dataError { try Safetensors.parse(file("00000000"), file: "x") }?.code == .checksum)
    }

    @Test("a tensor of more axes than tensors have is refused, not a trap")
    func manyAxes() {
        let header = #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#
        #expect(dataError { try Safetensors.parse(raw(header, [0]), file: "x") }?.code == .unsupported)
    }

    @Test(
        "headers that lie are errors that name the file and the byte",
        arguments: [
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "byte 62: the key “a” appears twice"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#,
                "tensor “b” overlaps the tensor before it"
            ),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}"#,
                "tensor “b” leaves a gap before it"
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "4 bytes follow the last tensor"),
            (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "the file ends inside tensor “a”"),
            (
                #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
                "F32[3] needs 12 bytes, its data_offsets [0, 8] span 8"
            ),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "not two rising numbers"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, "not two rising numbers"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#, "not two rising numbers"),
            (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "its shape is not a list of sizes"),
            (
                #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
                "more elements than a computer can count"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[9223372036854775799,9223372036854775807]}}"#,
                "out of range"
            ),
            (#"{"a":{"dtype":"F3","shape":[2],"data_offsets":[0,8]}}"#, "the element type F3 is not read here"),
            (#"{"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}}"#, "its dtype is not a string"),
            (#"{"a":{"shape":[2],"data_offsets":[0,8]}}"#, "its description lacks “dtype”"),
            (#"{"a":[]}"#, "its description is not a JSON object"),
            (#"{"__metadata__":{"a":1}}"#, "the metadata “a” is not a string"),
            (#"{"__metadata__":[]}"#, "__metadata__ is not a JSON object"),
            (#"{"a":"#, "the JSON text ends too early"),
            (#"{"a":{}} x"#, "something follows the JSON value"),
            (#" {}"#, "the header does not start with {"),
            ("", "the header does not start with {"),
            ("{\"a\":" + String(repeating: "[", count: 100_000), "JSON nested more than 32 deep"),
            (#"{"\ud800":{}}"#, "half of a surrogate pair"),
        ])
    func hostile(header: String, message: String) throws {
        let error = try #require(
            dataError { try Safetensors.parse(raw(header, [UInt8](0..<8)), file: "bad.safetensors") })
        #expect(
            error.description.hasPrefix("bad.safetensors: byte ") && error.description.contains(message), "\(error)")
    }

    @Test("a header length beyond the limit or the file is refused before anything is allocated")
    func headerLength() {
        let absurd = [UInt8](repeating: 255, count: 16)
        #expect(dataError { try Safetensors.parse(absurd, file: "x") }?.code == .tooLarge)
        #expect(dataError { try Safetensors.parse([200, 0, 0, 0, 0, 0, 0, 0, 0x7B], file: "x") }?.code == .truncated)
    }

    @Test("items that contradict themselves or each other are refused")
    func badItems() {
        let short = Safetensors.Item(name: "a", type: .float32, shape: [2], bytes: [0])
        #expect(
            dataError { try Safetensors.encode([short]) }?.description.contains("F32[2] does not fit 1 bytes") == true)
        #expect(
            dataError { try Safetensors.encode([items[0], items[0]]) }?.description.contains(
                "two tensors are called “mask”") == true)
        #expect(dataError { try Safetensors.encode([], metadata: [("lockstep.crc32", "x")]) }?.code == .mismatch)
    }

    @Test("every proper prefix is an error; changed bytes never crash")
    func damage() throws {
        for checksum in [true, false] {
            let valid = try Safetensors.encode(items, checksum: checksum)
            for length in 0..<valid.count {
                #expect(dataError { try Safetensors.parse(Array(valid[..<length]), file: "cut") } != nil)
            }
            withstandsDamage(valid, flips: 800) { bytes, file in _ = try Safetensors.parse(bytes, file: file) }
        }
    }

    @Test("names that only look alike are refused, which would be one name")
    func lookAlikes() throws {
        let header =
            #"{"\u00e9":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"e\u0301":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
        try withTemporaryFolder { folder in
            let path = folder + "/a.safetensors"
            try Files.append(raw(header, [1, 2]), to: path, truncating: true)
            for error in [dataError { try Safetensors.read(path) }, dataError { try WeightFile(path) }] {
                #expect(error?.code == .malformed)
                #expect(error?.reason.contains("two tensors are called “e\u{301}”") == true)
            }
        }
    }

    @Test("a header whose length begins as a pickle does is a header", arguments: 2...5)
    func lengthLikeAPickle(_ protocolNumber: Int) throws {
        // 0x80 and the number are the lowest bytes of the length: 640 bytes, and 256 more each.
        let length = protocolNumber << 8 | 0x80
        let header = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
        let bytes = raw(header + String(repeating: " ", count: length - header.utf8.count), [3, 4])
        #expect(bytes.starts(with: [0x80, UInt8(protocolNumber), 0, 0, 0, 0, 0, 0]))
        try withTemporaryFolder { folder in
            let path = folder + "/a.safetensors"
            try Files.append(bytes, to: path, truncating: true)
            let weights = try WeightFile(path)
            #expect(weights.entries.map(\.name) == ["a"])
            #expect(try weights.tensor("a").ints == [3, 4])
        }
    }

    @Test("a file is written and read; a failed write leaves the old one")
    func files() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/models/m.safetensors"
            try Safetensors.write(items, to: path)
            #expect(try Safetensors.read(path).entries.count == items.count)
            let bad = Safetensors.Item(name: "a", type: .int8, shape: [9], bytes: [])
            #expect(dataError { try Safetensors.write([bad], to: path) } != nil)
            #expect(try Safetensors.read(path).entries.count == items.count)
        }
    }
}
