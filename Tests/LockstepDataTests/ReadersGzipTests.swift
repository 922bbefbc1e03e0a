// SPDX-License-Identifier: Apache-2.0
// Tests of gzip: round trips, several members, damage, bombs, and the file functions beneath.

import Foundation
import Testing

@testable import LockstepData

@Suite("Gzip")
struct ReadersGzipTests {
    /// Bytes that do not compress to nothing.
    func noise(_ count: Int) -> [UInt8] {
        var generator = SplitMix(seed: 7)
        return (0..<count).map { _ in UInt8.random(in: 0...40, using: &generator) }
    }

    @Test(
        "compressing and decompressing gives the bytes back", arguments: [0, 1, 31, 64, 65, 4095, 4096, 4097, 300_007])
    func roundTrip(count: Int) throws {
        let bytes = noise(count)
        #expect(try Gzip.decompress(Gzip.compress(bytes), file: "x") == bytes)
    }

    @Test("zeros that decompress a thousandfold come back whole")
    func highRatio() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000_003)
        let packed = try Gzip.compress(zeros, level: 9)
        #expect(packed.count < 10_000)
        #expect(try Gzip.decompress(packed, file: "x") == zeros)
    }

    @Test("equal input gives equal output")
    func deterministic() throws {
        #expect(try Gzip.compress(noise(1000)) == Gzip.compress(noise(1000)))
    }

    @Test("several members are one stream, zero padding after them is accepted")
    func members() throws {
        let joined = try Gzip.compress([1, 2]) + Gzip.compress([]) + Gzip.compress([3]) + [0, 0, 0]
        #expect(try Gzip.decompress(joined, file: "x") == [1, 2, 3])
    }

    @Test("bytes after the last member are an error that names their place")
    func trailing() throws {
        let packed = try Gzip.compress([1, 2, 3])
        let error = try #require(dataError { try Gzip.decompress(packed + [0, 9], file: "a.gz") })
        #expect(error.code == .malformed)
        #expect(error.place == .byte(packed.count + 1))
        #expect(error.description.hasPrefix("a.gz: byte \(packed.count + 1): "))
    }

    @Test("every proper prefix is an error")
    func prefixes() throws {
        let packed = try Gzip.compress(noise(200))
        for length in 0..<packed.count {
            let error = dataError { try Gzip.decompress(Array(packed[..<length]), file: "cut.gz") }
            #expect(error?.code == (length < 2 ? .malformed : .truncated), "prefix of \(length)")
        }
        withstandsDamage(packed) { bytes, file in _ = try Gzip.decompress(bytes, file: file) }
    }

    @Test("a changed byte in the data is noticed by the checksum")
    func checksum() throws {
        var packed = try Gzip.compress(noise(50), level: 0)
        packed[packed.count - 20] ^= 1
        let error = try #require(dataError { try Gzip.decompress(packed, file: "flip.gz") })
        #expect(error.description.contains("incorrect data check"))
    }

    @Test("a bomb stops at the limit", arguments: [0, 1, 999_999])
    func bomb(limit: Int) throws {
        let packed = try Gzip.compress([UInt8](repeating: 0, count: 1_000_000))
        let error = try #require(dataError { try Gzip.decompress(packed, file: "bomb.gz", limit: limit) })
        #expect(error.code == .tooLarge)
        #expect(error.description.contains("limit of \(limit) bytes"))
        #expect(try Gzip.decompress(packed, file: "bomb.gz", limit: 1_000_000).count == 1_000_000)
    }

    @Test("a missing file and a folder are errors that name them")
    func unreadable() throws {
        let error = try #require(dataError { try Files.read("/no/such/file.idx") })
        #expect(error.description == "/no/such/file.idx: cannot be opened: No such file or directory")
        #expect(dataError { try Files.read("/tmp") }?.description == "/tmp: is a folder, not a file")
    }

    @Test("files are written whole, parents are made, and nothing temporary stays")
    func atomicWriting() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a/b/file.bin"
            try Files.writeAtomically([[1, 2], [], [3]], to: path)
            #expect(try Files.read(path) == [1, 2, 3])
            try Files.writeAtomically([[9]], to: path)
            #expect(try Files.read(path) == [9])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a/b") == ["file.bin"])
            #expect(dataError { try Files.read(path, limit: 0) }?.code == .tooLarge)
            // A folder in the place of the target: the rename fails and the temporary file is removed.
            #expect(dataError { try Files.writeAtomically([[1]], to: folder + "/a/b") }?.code == .unwritable)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a") == ["b"])
        }
    }
}
