// SPDX-License-Identifier: Apache-2.0
// Files that ask for more than the machine should give: refused by name, with the limit and what moves it.
import Foundation
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Readers: limits") struct ReadLimitsTests {
    /// A PNG that says how large it is and holds nothing else.
    static func png(_ width: UInt32, _ height: UInt32) -> [UInt8] {
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            let body = Array(name.utf8) + data
            return big(UInt32(data.count)) + body + big(body.withUnsafeBytes { Zlib.crc32($0) })
        }
        func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(width) + big(height) + [8, 2, 0, 0, 0])
            + chunk("IDAT", [0x78, 0x9C, 0x63, 0, 0, 0, 1, 0, 1]) + chunk("IEND", [])
    }

    /// A JPEG that says how large it is and holds nothing else.
    static func jpeg(_ width: UInt16, _ height: UInt16) -> [UInt8] {
        let size = [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)]
        return [0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8] + size + [3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]
            + [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0] + [0, 0, 0xFF, 0xD9]
    }

    @Test("images that say they have gigabytes of pixels are refused with the limit and the remedy")
    func bombs() {
        for (bytes, size) in [
            (ReadLimitsTests.png(60_000, 60_000), "60000 × 60000"),
            (ReadLimitsTests.png(1_000_000, 3000), "1000000 × 3000"),
            (ReadLimitsTests.jpeg(65_000, 65_000), "65000 × 65000"),
        ] {
            if bytes[0] == 0x89 ? !ImageFile.readsPNG : !ImageFile.readsJPEG { continue }
            let error = dataError { try ImageFile.decode(bytes, file: "bomb") }
            #expect(error?.code == .tooLarge)
            #expect(
                error?.description.contains("bomb: says it has \(size) pixels, the limit is 134217728 in all") == true,
                "\(String(describing: error))")
            #expect(error?.remedy?.contains("LOCKSTEP_PIXEL_LIMIT") == true)
        }
    }

    @Test("LOCKSTEP_PIXEL_LIMIT moves the limit of images, down and up") func pixels() async {
        let lower = await #expect(processExitsWith: .success) {
            setenv("LOCKSTEP_PIXEL_LIMIT", "99", 1)
            try #require(ImageFile.maxPixels == 99)
            let error = dataError { try ImageFile.decode(ReadLimitsTests.png(10, 10), file: "a.png") }
            try #require(!ImageFile.readsPNG || error?.description.contains("10 × 10 pixels, the limit is 99") == true)
        }
        _ = lower
        let higher = await #expect(processExitsWith: .success) {
            setenv("LOCKSTEP_PIXEL_LIMIT", "5000000000", 1)
            // Then memory is asked for, or the data are found to lack; the size alone is no reason.
            let error = dataError { try ImageFile.decode(ReadLimitsTests.png(60_000, 60_000), file: "a.png") }
            try #require(error?.description.contains("the limit is") == false)
        }
        _ = higher
    }

    @Test("LOCKSTEP_READ_LIMIT holds for files as they are and for what they decompress to") func bytes() async {
        let result = await #expect(processExitsWith: .success) {
            setenv("LOCKSTEP_READ_LIMIT", "1", 1)
            try withTemporaryFolder { folder in
                let large = [UInt8](repeating: 7, count: 1 << 20 | 1)
                try Files.writeAtomically([large], to: folder + "/large")
                try Files.writeAtomically([Gzip.compress(large)], to: folder + "/packed")
                for name in ["large", "packed"] {
                    let error = dataError { try Gzip.readFile("\(folder)/\(name)") }
                    try #require(error?.code == .tooLarge)
                    try #require(error?.description.contains("the limit") == true, "\(String(describing: error))")
                    try #require(error?.remedy?.contains("LOCKSTEP_READ_LIMIT") == true)
                    try #require(error?.file == "\(folder)/\(name)")
                }
                try Files.writeAtomically([Gzip.compress(Array(large.dropLast()))], to: folder + "/packed")
                try #require(try Gzip.readFile(folder + "/packed").count == 1 << 20)
            }
        }
        _ = result
    }

    @Test("a line of commas is no table of a million columns") func columns() {
        let error = dataError { try CSV.parse([UInt8](repeating: UInt8(ascii: ","), count: 1 << 20), file: "t.csv") }
        #expect(error?.code == .tooLarge)
        #expect(error?.description.contains("t.csv: line 1: 1048577 columns, the limit is 131072") == true)
    }

    @Test("unless set, a file may have a quarter of the machine's memory") func usual() throws {
        guard getenv("LOCKSTEP_READ_LIMIT") == nil, getenv("LOCKSTEP_PIXEL_LIMIT") == nil else { return }
        #expect(ReadLimits.bytes < Int(ProcessInfo.processInfo.physicalMemory) / 3)
        #expect(Files.defaultLimit == ReadLimits.bytes && Gzip.defaultLimit == ReadLimits.bytes)
        #expect(ImageFile.maxPixels == 1 << 27)
    }
}
