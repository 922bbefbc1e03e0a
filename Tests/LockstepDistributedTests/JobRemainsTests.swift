// SPDX-License-Identifier: Apache-2.0
// What is removed of what dead jobs of Open MPI have left, and what is not.
import Foundation
@testable import LockstepDistributed
import Testing

@Suite("Job remains")
struct JobRemainsTests {
    @Test("a file's name says whose job it was")
    func names() {
        func family(_ name: String) -> UInt32? { JobRemains.family(ofMemory: name, host: "vm", user: 0) }
        #expect(family("vader_segment.vm.0.16950001.0") == 0x1695)
        #expect(family("vader_segment.vm.0.2730001.12") == 0x273)
        #expect(family("osc_sm.vm.7ea70001.0.6") == 0x7ea7)
        for other in [
            "vader_segment.vm2.0.16950001.0", "vader_segment.vm.1000.16950001.0", "vader_segment.vm.0.x.0",
            "osc_sm.other.1.0",
            "sem.vm", "lockstep", "", "vader_segment.vm.0.",
        ] {
            #expect(family(other) == nil, "\(other)")
        }
    }

    private func withFolder(_ body: (JobRemains, String) throws -> Void) throws {
        let folder = "/dev/shm/lockstep-test-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(JobRemains(memory: folder, sessions: folder + "/sessions"), folder)
    }

    private func names(_ folder: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    private let prefix = "vader_segment.\(JobRemains.host).\(geteuid())."

    @Test("of its own job a launcher removes all that nobody has open; what another job has left stays")
    func own() throws {
        try withFolder { (remains: JobRemains, folder: String) throws in
            let (mine, other, foreign) = (prefix + "12340001.0", prefix + "12350001.0", "something else")
            for name in [mine, other, foreign] {
                #expect(FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil))
            }
            remains.remove(family: 0x1234, ofMpirun: Int32.max)
            #expect(try names(folder) == [other, foreign])
        }
    }

    @Test("what a process has mapped stays, though it has closed the file")
    func mapped() throws {
        try withFolder { (remains: JobRemains, folder: String) throws in
            let path = "\(folder)/\(prefix)12340001.0"
            let file = open(path, O_RDWR | O_CREAT, 0o600)
            #expect(ftruncate(file, 4096) == 0)
            let memory = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
            #expect(memory != MAP_FAILED)
            close(file)
            remains.removeOfDeadJobs()
            #expect(access(path, F_OK) == 0)
            munmap(memory, 4096)
            remains.removeOfDeadJobs()
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test("a link is nobody's memory")
    func link() throws {
        try withFolder { (remains: JobRemains, folder: String) throws in
            #expect(FileManager.default.createFile(atPath: "\(folder)/precious", contents: nil))
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(prefix)12340001.0", withDestinationPath: "\(folder)/precious")
            remains.removeOfDeadJobs()
            #expect(try names(folder).count == 2)
        }
    }

    @Test("the folder of a session goes when its mpirun is gone, and says the number of its jobs before")
    func session() throws {
        try withFolder { (remains: JobRemains, folder: String) throws in
            for pid in [getpid(), Int32.max] {
                let session = "\(folder)/sessions/pid.\(pid)"
                try FileManager.default.createDirectory(atPath: session + "/0/0", withIntermediateDirectories: true)
                try "429129728.0;tcp://192.0.2.2:43425\n\(pid)\n".write(
                    toFile: session + "/contact.txt", atomically: true, encoding: .utf8)
                var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
                #expect(utimes(session, &times) == 0)
            }
            #expect(remains.family(ofMpirun: Int32.max) == 429_129_728 >> 16)
            #expect(remains.family(ofMpirun: 1) == nil)
            remains.removeOfDeadJobs()
            #expect(try names("\(folder)/sessions") == ["pid.\(getpid())"])
        }
    }
}
