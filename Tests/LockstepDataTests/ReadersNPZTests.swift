// SPDX-License-Identifier: Apache-2.0
// Tests of the .npz reader on files of NumPy, and on damaged ones; and of what .npy files hold that tensors do not.

import LockstepChecks
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("NPZ")
struct ReadersNPZTests {
    private static func reference() throws -> Reference { try Reference.load("arrays") }
    private static func bytes(_ name: String) throws -> [UInt8] {
        try reference().tensor(name + "/file").ints.map { UInt8($0) }
    }

    @Test("every array of savez and savez_compressed is NumPy's, in its order", arguments: ["savez", "compressed"])
    func values(name: String) throws {
        let file = try NPZ(parsing: Self.bytes(name), file: name)
        let expected = try Self.reference().tensors(under: "values")
        #expect(file.names.sorted() == expected.map(\.name).sorted() && file.names.first == "x")
        for (name, value) in expected {
            let array = try file.array(name)
            #expect(array.shape == value.shape.dimensions, "\(name)")
            #expect(array.doubles == value.doubles, "\(name)")
            #expect(array.elements.typeName == "\(value.dtype)", "\(name)")
        }
    }

    @Test(
        "arrays without names are arr_0 and arr_1; a file may hold none; one that is not there is told with those that are"
    )
    func names() throws {
        let file = try NPZ(parsing: Self.bytes("unnamed"), file: "u.npz")
        #expect(file.names == ["arr_0", "arr_1"])
        #expect(try file.array("arr_0").integers == [0, 1, 2])
        let error = try #require(dataError { try file.array("x") })
        #expect("\(error)".contains("holds no array “x”") && "\(error)".contains("arr_0, arr_1"))
        #expect(try NPZ(parsing: Self.bytes("none"), file: "n.npz").names.isEmpty)
    }

    @Test("what NumPy writes to a pipe has its sizes behind the data") func streamed() throws {
        let file = try NPZ(parsing: Self.bytes("streamed"), file: "s.npz")
        for name in ["x", "y"] {
            #expect(try file.array(name).doubles == Self.reference().tensor("values/\(name)").doubles)
        }
        var changed = try Self.bytes("streamed")
        let trailer = try #require(changed.indices.first { changed[$0...].starts(with: [0x50, 0x4B, 7, 8]) })
        changed[trailer + 8] ^= 1
        #expect(dataError { try NPZ(parsing: changed, file: "s.npz") } != nil)
    }

    @Test("half precision and unsigned integers of .npy files", arguments: ["half", "swapped", "u2", "u4"])
    func types(name: String) throws {
        let array = try NPY.parse(Self.bytes(name), file: name)
        let expected = try Self.reference().tensor("values/" + name)
        #expect(array.doubles == expected.doubles && array.elements.typeName == "\(expected.dtype)")
    }

    @Test("objects of Python, other files and no zip archive are refused by name")
    func refused() throws {
        let objects = try NPZ(parsing: Self.bytes("objects"), file: "o.npz")
        #expect(try #require(dataError { try objects.array("a") }).description.contains("'|O'"))
        let other = try #require(
            dataError { try NPZ(parsing: TorchFile.archive([("a.txt", [1])], .plain), file: "t.npz") })
        #expect("\(other)".contains("“a.txt”, which is no .npy file"))
        #expect(try #require(dataError { try NPZ(parsing: [1, 2, 3], file: "z") }).reason.contains("not a .npz file"))
        #expect(dataError { try NPZ(parsing: [], file: "z") } != nil)
    }

    @Test(
        "no bit of a file changes a number unnoticed; cut short, it is refused", arguments: ["unnamed", "compressed"])
    func damaged(name: String) throws {
        let bytes = try Self.bytes(name)
        func all(_ bytes: [UInt8]) throws -> [(String, NumericArray)] {
            let file = try NPZ(parsing: bytes, file: name)
            return try file.names.map { ($0, try file.array($0)) }
        }
        let whole = try all(bytes)
        for place in stride(from: 0, to: bytes.count, by: name == "unnamed" ? 1 : 7) {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            // Times, versions and attributes of a record say nothing of its numbers.
            guard let read = try? all(changed) else { continue }
            #expect(read.map(\.1) == whole.map(\.1), "byte \(place)")
        }
        for length in stride(from: 0, to: bytes.count, by: 5) {
            #expect(throws: DataError.self) { try all(Array(bytes[..<length])) }
        }
    }

    @Test("a record that inflates to more or less than it says is refused")
    func sizes() throws {
        let bytes = try Self.bytes("compressed")
        let central = try #require(bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
        // The size before deflating, in the directory and in the zip64 field of the header before the data.
        for change in [-1, 1] {
            var changed = bytes
            let size = Int(bytes[central + 24]) | Int(bytes[central + 25]) << 8
            for place in [central + 24, 30 + 5 + 4] {
                changed[place] = UInt8((size + change) & 255)
                changed[place + 1] = UInt8((size + change) >> 8)
            }
            let file = try NPZ(parsing: changed, file: "c.npz")
            let error = try #require(dataError { try file.array("x") })
            #expect(error.reason.contains("inflates"), "\(error)")
        }
    }
}
