// SPDX-License-Identifier: Apache-2.0
// Tests of the IDX reader: every element type, gzip, and headers that lie.

import Testing

@testable import LockstepData

@Suite("IDX")
struct ReadersIDXTests {
    /// An IDX file of unsigned bytes.
    func idx(_ shape: [UInt32], type: UInt8 = 0x08, _ data: [UInt8]) -> [UInt8] {
        let lengths = shape.flatMap { length in (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } }
        return [0, 0, type, UInt8(shape.count)] + lengths + data
    }

    @Test("shape and elements come back")
    func bytes() throws {
        let array = try IDX.parse(idx([2, 3], [1, 2, 3, 4, 5, 255]), file: "x")
        #expect(array.shape == [2, 3])
        #expect(array.elements == .uint8([1, 2, 3, 4, 5, 255]))
        #expect(array.floats == [1, 2, 3, 4, 5, 255])
        #expect(array.integers == [1, 2, 3, 4, 5, 255])
    }

    @Test("no elements at all are an empty array")
    func empty() throws {
        #expect(try IDX.parse(idx([0, 28, 28], []), file: "x").shape == [0, 28, 28])
    }

    @Test("as many axes as tensors have, and not one more")
    func axes() throws {
        #expect(try IDX.parse(idx(Array(repeating: 1, count: 8), [7]), file: "x").elements == .uint8([7]))
        let error = dataError { try IDX.parse(idx(Array(repeating: 1, count: 9), [7]), file: "x") }
        #expect(error?.description == "x: byte 3: 9 axes, at most 8 are read here")
    }

    @Test("every element type is read, big endian")
    func types() throws {
        #expect(try IDX.parse(idx([2], type: 0x09, [0xFF, 5]), file: "x").elements == .int8([-1, 5]))
        #expect(try IDX.parse(idx([2], type: 0x0B, [0xFF, 0xFE, 1, 2]), file: "x").elements == .int16([-2, 258]))
        #expect(try IDX.parse(idx([1], type: 0x0C, [0, 0, 1, 4]), file: "x").elements == .int32([260]))
        #expect(try IDX.parse(idx([1], type: 0x0D, [0x3F, 0x80, 0, 0]), file: "x").elements == .float32([1]))
        #expect(
            try IDX.parse(idx([1], type: 0x0E, [0xC0, 0, 0, 0, 0, 0, 0, 0]), file: "x").elements == .float64([-2]))
    }

    @Test("gzip is recognised by its bytes, not by the name")
    func gzip() throws {
        try withTemporaryFolder { folder in
            let plain = idx([3], [7, 8, 9])
            try Files.writeAtomically([Gzip.compress(plain)], to: folder + "/labels")
            try Files.writeAtomically([plain], to: folder + "/labels.gz")
            #expect(try IDX.read(folder + "/labels").elements == .uint8([7, 8, 9]))
            #expect(try IDX.read(folder + "/labels.gz").elements == .uint8([7, 8, 9]))
            try Files.writeAtomically([Gzip.compress(Array(plain.dropLast()))], to: folder + "/cut.gz")
            let error = dataError { try IDX.read(folder + "/cut.gz") }
            #expect(
                error?.description.hasPrefix(
                    "\(folder)/cut.gz: byte 8: shape [3] needs 3 bytes of data, the file has 2") == true)
        }
    }

    @Test(
        "headers that lie are errors that name the file and the byte",
        arguments: [
            ([1, 0, 8, 1, 0, 0, 0, 0], "byte 0: not IDX"),
            ([0, 0, 7, 1, 0, 0, 0, 0], "byte 2: unknown IDX element type 0x07"),
            ([0, 0, 8, 0], "byte 3: an IDX file has at least one axis"),
            ([0, 0, 8, 2, 0, 0, 0, 1], "byte 8: the file ends inside the length of axis 1 of 2"),
            ([0, 0, 8, 1, 0, 0, 0, 2, 9], "byte 8: shape [2] needs 2 bytes of data, the file has 1"),
            ([0, 0, 8, 1, 0, 0, 0, 1, 9, 9], "byte 9: 1 bytes follow the data"),
            ([0, 0, 8, 1, 255, 255, 255, 255, 9], "byte 8: shape [4294967295] needs 4294967295 bytes"),
            ([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12), "byte 4: the header claims more elements"),
            ([0, 0, 14, 2] + [UInt8](repeating: 127, count: 8), "byte 4: the header claims more elements"),
        ] as [([UInt8], String)])
    func hostile(bytes: [UInt8], message: String) throws {
        let error = try #require(dataError { try IDX.parse(bytes, file: "bad.idx") })
        #expect(error.description.hasPrefix("bad.idx: " + message), "\(error)")
    }

    @Test("every proper prefix is an error; changed bytes never crash")
    func damage() {
        let valid = idx([3, 4], type: 0x0B, [UInt8](0..<24))
        for length in 0..<valid.count {
            #expect(dataError { try IDX.parse(Array(valid[..<length]), file: "cut") } != nil)
        }
        withstandsDamage(valid) { bytes, file in _ = try IDX.parse(bytes, file: file) }
    }
}
