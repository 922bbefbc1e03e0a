// SPDX-License-Identifier: Apache-2.0
// Records, checksums, bins: what an event file is made of.

import Foundation
import LockstepData
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepTensorBoard

@Suite("Event files") struct EventFileTests {
    @Test("checksums are those of RFC 3720") func checksums() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(0..<32) == 0x46DD_794E)
    }

    @Test("files of a folder sort in the order in which they were made, also within a second") func order() throws {
        try withTemporaryFolder { folder in
            var paths: [String] = []
            for _ in 0..<12 { paths.append(try EventFile(in: folder.path).path) }
            #expect(paths == paths.sorted() && Set(paths).count == 12)
            #expect(try events(paths[0]).map(\.fileVersion) == ["brain.Event:2"])
        }
    }

    @Test("a name with a number that is no time stands in nobody's way") func hugeNumber() throws {
        try withTemporaryFolder { folder in
            let huge = folder.appending(path: EventFile.prefix + "9223372036854775807.x")
            try Data().write(to: huge)
            let file = try EventFile(in: folder.path)
            #expect(try events(file.path).count == 1)
        }
    }

    @Test("a folder that cannot be is an error that names it") func unwritable() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "file").path
            try Data().write(to: URL(filePath: file))
            let error = #expect(throws: DataError.self) { try EventFile(in: file + "/events") }
            #expect("\(try #require(error))".contains(file))
        }
    }

    @Test("every value is in the bin whose bounds hold it, and what is no number in none") func bins() throws {
        let values: [Float] = [0, -0.0, 1, -1, 1e-20, -1e-20, 1e30, -1e30, .nan, .infinity, 0.5, 0.5, 3e-13]
        let message = try #require(HistogramBins(values)).message
        #expect(message.num == 11 && message.min == Double(-1e30 as Float) && message.max == Double(1e30 as Float))
        #expect(message.bucket.reduce(0, +) == 11 && message.bucket.count == message.bucketLimit.count)
        #expect(
            message.bucketLimit == message.bucketLimit.sorted()
                && Set(message.bucketLimit).count == message.bucketLimit.count)
        for value in values where value.isFinite {
            let place = try #require(message.bucketLimit.firstIndex { $0 > Double(value) })
            #expect(message.bucket[place] > 0, "\(value)")
        }
        #expect(HistogramBins([])?.message == nil && HistogramBins([.nan, -.infinity])?.message == nil)
        let one = try #require(HistogramBins([7])).message
        #expect(one.bucket.filter { $0 > 0 } == [1] && one.min == 7 && one.max == 7 && one.sumSquares == 49)
    }
}
