// SPDX-License-Identifier: Apache-2.0
// Tests of the .npy reader and writer: versions, byte orders, Fortran order, hostile headers.

import Testing

@testable import LockstepData

@Suite("NPY")
struct ReadersNPYTests {
    func npy(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let length = header.utf8.count
        let size =
            version == 1
            ? [UInt8(length & 255), UInt8(length >> 8)] : [UInt8(length & 255), UInt8(length >> 8), 0, 0]
        return NPY.magic + [version, 0] + size + Array(header.utf8) + data
    }

    static let samples: [(String, NumericArray.Elements)] = [
        ("|b1", .bool([true, false, true, true, false, false])),
        ("|u1", .uint8([0, 1, 127, 128, 254, 255])),
        ("|i1", .int8([0, 1, 127, -128, -2, -1])),
        ("<i2", .int16([0, 1, -1, .min, .max, 258])),
        ("<i4", .int32([0, 1, -1, .min, .max, 65536])),
        ("<i8", .int64([0, 1, -1, .min, .max, 1 << 40])),
        ("<f4", .float32([0, -0.5, .infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 3.25])),
        ("<f8", .float64([0, -0.5, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .pi])),
    ]

    @Test("every element type survives writing and reading", arguments: samples)
    func roundTrip(descr: String, elements: NumericArray.Elements) throws {
        let array = try #require(NumericArray(shape: [2, 3], elements: elements))
        let bytes = NPY.encode(array)
        #expect(
            String(decoding: bytes[10..<80], as: UTF8.self).hasPrefix(
                "{'descr': '\(descr)', 'fortran_order': False, 'shape': (2, 3), }"))
        #expect((10 + Int(bytes[8]) + 256 * Int(bytes[9])) % 64 == 0)
        #expect(try NPY.parse(bytes, file: "x") == array)
    }

    @Test(
        "a scalar, a vector and an empty array keep their shapes",
        arguments: [([], 1), ([3], 3), ([0, 4], 0), ([1, 1, 1], 1)])
    func shapes(shape: [Int], count: Int) throws {
        let array = try #require(NumericArray(shape: shape, elements: .uint8([UInt8](repeating: 5, count: count))))
        #expect(try NPY.parse(NPY.encode(array), file: "x") == array)
    }

    @Test("big endian numbers are turned round")
    func bigEndian() throws {
        let shorts = try NPY.parse(
            npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", [1, 2, 255, 254]), file: "x")
        #expect(shorts.elements == .int16([258, -2]))
        let floats = try NPY.parse(
            npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", [0x3F, 0x80, 0, 0]), file: "x")
        #expect(floats.elements == .float32([1]))
        let doubles = try NPY.parse(
            npy("{'descr': '>f8', 'fortran_order': False, 'shape': (), }", [0xC0, 0, 0, 0, 0, 0, 0, 0]), file: "x")
        #expect(doubles.elements == .float64([-2]))
    }

    @Test("Fortran order comes back row-major")
    func fortran() throws {
        // [[0, 1, 2], [3, 4, 5]] stored column by column.
        let array = try NPY.parse(
            npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [0, 3, 1, 4, 2, 5]), file: "x")
        #expect(array.elements == .uint8([0, 1, 2, 3, 4, 5]))
        // a[i, j, k] = 100 i + 10 j + k of shape (2, 3, 2): the first index runs fastest.
        var cube: [UInt8] = []
        for k: UInt8 in 0..<2 {
            for j: UInt8 in 0..<3 {
                for i: UInt8 in 0..<2 { cube.append(100 * i + 10 * j + k) }
            }
        }
        let read = try NPY.parse(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2), }", cube), file: "x")
        #expect(read.elements == .uint8([0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]))
        let none = try NPY.parse(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 0), }", []), file: "x")
        #expect(none.shape == [2, 0])
    }

    @Test("versions 2 and 3, other key orders, Python 2 longs and other quotes are read", arguments: [2, 3] as [UInt8])
    func versions(version: UInt8) throws {
        let bytes = npy("{\"shape\":(2L,),'fortran_order':False,'descr':'=u1'}", [8, 9], version: version)
        #expect(try NPY.parse(bytes, file: "x").elements == .uint8([8, 9]))
    }

    @Test(
        "headers that lie are errors that name the file and what is wrong",
        arguments: [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "needs 12 bytes of data, the file has 4"),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "needs 3 bytes of data, the file has 4"),
            ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "the element type '<c8' is not read here"),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "the element type '|O' is not read here"),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "expected a quoted name, found '['"),
            ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", "expected True or False, found '0'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "expected the length of an axis, found '-'"),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "is too large"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
                "more elements than a computer can count"
            ),
            (
                "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }",
                "more elements than a computer can count"
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 0, 4611686018427387904), }",
                "more elements than a computer can count"
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 9223372036854775807, 9223372036854775807), }",
                "more elements than a computer can count"
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }",
                "9 axes, at most 8 are read here"
            ),
            ("{'descr': '<f4', 'fortran_order': False, }", "lacks the key 'shape'"),
            (
                "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
                "the key 'descr' appears twice"
            ),
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "unexpected key 'x'"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } exit()",
                "expected the end of the header, found 'e'"
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (" + String(repeating: "1,", count: 65) + "), }",
                "more than 64 axes"
            ),
            ("", "expected '{', found its end"),
        ])
    func hostile(header: String, message: String) throws {
        let error = try #require(dataError { try NPY.parse(npy(header, [0, 0, 128, 63]), file: "bad.npy") })
        #expect(error.description.hasPrefix("bad.npy: byte ") && error.description.contains(message), "\(error)")
    }

    @Test("another magic number or a later version is an error")
    func magic() {
        #expect(dataError { try NPY.parse(Array("PK\u{3}\u{4}garbage".utf8), file: "a.npz") }?.place == .byte(0))
        #expect(dataError { try NPY.parse(npy("{}", [], version: 4), file: "a.npy") }?.code == .unsupported)
        var long = npy("{}", [], version: 2)
        long[11] = 0x7F
        #expect(dataError { try NPY.parse(long, file: "a.npy") }?.code == .truncated)
    }

    @Test("every proper prefix is an error; changed bytes never crash")
    func damage() throws {
        let valid = NPY.encode(try #require(NumericArray(shape: [2, 3], elements: Self.samples[6].1)))
        for length in 0..<valid.count {
            #expect(dataError { try NPY.parse(Array(valid[..<length]), file: "cut") } != nil)
        }
        withstandsDamage(valid) { bytes, file in _ = try NPY.parse(bytes, file: file) }
        withstandsDamage(npy("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }", [UInt8](0..<12))) {
            bytes, file in
            _ = try NPY.parse(bytes, file: file)
        }
    }

    @Test("a file written here is read again, also through gzip")
    func files() throws {
        try withTemporaryFolder { folder in
            let array = try #require(NumericArray(shape: [6], elements: Self.samples[5].1))
            try NPY.write(array, to: folder + "/a.npy")
            #expect(try NPY.read(folder + "/a.npy") == array)
            try Files.writeAtomically([Gzip.compress(NPY.encode(array))], to: folder + "/b.npy.gz")
            #expect(try NPY.read(folder + "/b.npy.gz") == array)
        }
    }
}
