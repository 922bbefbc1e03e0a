// SPDX-License-Identifier: Apache-2.0
// Anonymous files as shared memory, and who may open them.
import CMPI
import Testing

@testable import LockstepComm

@Suite("Sharing memory")
struct SharingTests {
    @Test("what one mapping of a file writes, another reads; it ends with its descriptor, mappings stay")
    func mapped() throws {
        for bytes in [4096, 12_288] {
            var file = cmpi_memfd_create(bytes)
            let first = try #require(cmpi_memfd_map(&file))
            let second = try #require(cmpi_memfd_map(&file))
            #expect(first != second)
            #expect(UnsafeRawBufferPointer(start: first, count: bytes).allSatisfy { $0 == 0 })
            first.storeBytes(of: 7, toByteOffset: bytes - 1, as: UInt8.self)
            #expect(second.load(fromByteOffset: bytes - 1, as: UInt8.self) == 7)
            let known = file
            cmpi_memfd_close(&file)
            #expect(file.descriptor == -1)
            #expect(withUnsafePointer(to: known) { cmpi_memfd_map($0) } == nil, "closed")
            #expect(second.load(fromByteOffset: bytes - 1, as: UInt8.self) == 7)
            cmpi_unmap(first, bytes)
            cmpi_unmap(second, bytes)
        }
    }

    @Test("another file, size, process or namespace is not mistaken for the one")
    func mistaken() {
        var file = cmpi_memfd_create(4096)
        defer { cmpi_memfd_close(&file) }
        let changes: [(inout cmpi_memfd) -> Void] = [
            { $0.inode &+= 1 }, { $0.device &+= 1 }, { $0.bytes = 8192 }, { $0.pid = 1 << 22 },
            { $0.pid_namespace &+= 1 },
            { $0.pid_namespace = 0 }, { $0.descriptor = 0 }, { $0.descriptor = -1 },
        ]
        for (index, change) in changes.enumerated() {
            var other = file
            change(&other)
            #expect(cmpi_memfd_map(&other) == nil, "change \(index)")
        }
    }

    @Test("LOCKSTEP_SHARED_MEMORY allows windows, files, both or none")
    func allowed() {
        let settings = [nil, "window", "memfd", "off"].map { SharingMethod.allowed($0) }
        #expect(settings.map(\.windows) == [true, true, false, false])
        #expect(settings.map(\.files) == [true, false, true, false])
    }
}
