// SPDX-License-Identifier: Apache-2.0
// Files are written whole or not at all, through links and into what is no regular file; nothing is replaced that should not be.

import Foundation
import Glibc
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Writing")
struct WritingTests {
    private func write(_ text: String, to path: String) throws {
        try Files.writeAtomically([Array(text.utf8)], to: path)
    }
    private func text(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }
    private func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("a file is replaced, its rights stay, and nothing is left beside it")
    func replaced() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a/b/file"
            try write("old", to: path)
            chmod(path, 0o640)
            try write("new", to: path)
            #expect(try text(path) == "new")
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
            #expect(try files(folder + "/a/b") == ["file"])
        }
    }

    @Test("links stay, and what they lead to is replaced or made", arguments: ["real", "none", "sub/../real"])
    func links(target: String) throws {
        try withTemporaryFolder { folder in
            try write("old", to: folder + "/real")
            mkdir(folder + "/sub", 0o777)
            symlink(target, folder + "/first")
            symlink(folder + "/first", folder + "/link")
            try write("new", to: folder + "/link")
            #expect(kind(folder + "/link") == S_IFLNK && kind(folder + "/first") == S_IFLNK)
            #expect(try text(folder + "/" + target) == "new")
            #expect(try text(folder + "/link") == "new")
        }
    }

    @Test("a pipe is written through, and stays")
    func pipes() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/pipe"
            mkfifo(path, 0o600)
            symlink("pipe", folder + "/link")
            for name in ["pipe", "link"] {
                // Open at both ends, so that nobody waits.
                let reader = open(path, O_RDWR | O_NONBLOCK)
                defer { close(reader) }
                try write("through", to: folder + "/" + name)
                var bytes = [UInt8](repeating: 0, count: 16)
                let count = read(reader, &bytes, bytes.count)
                #expect(count == 7 && String(decoding: bytes.prefix(7), as: UTF8.self) == "through")
                #expect(kind(path) == S_IFIFO && OutputFile.isStream(folder + "/" + name))
            }
            #expect(kind(folder + "/link") == S_IFLNK)
        }
    }

    @Test("devices are written through; a full one is said so")
    func devices() throws {
        try write("gone", to: "/dev/null")
        #expect(kind("/dev/null") == S_IFCHR)
        let error = dataError { try write("too much", to: "/dev/full") }
        #expect(error?.code == .unwritten && error?.reason == "cannot be written: No space left on device")
        #expect(kind("/dev/full") == S_IFCHR)
        #expect(dataError { try Files.append([1], to: "/dev/full") }?.code == .unwritten)
        #expect(!OutputFile.isStream("/nowhere/at all") && OutputFile.isPassage("/dev/null"))
    }

    @Test("what is no file is refused, when it is looked at and when it is written")
    func refused() throws {
        try withTemporaryFolder { folder in
            try write("a file", to: folder + "/file")
            symlink("loop", folder + "/loop")
            mkdir(folder + "/sub", 0o777)
            symlink("sub", folder + "/linked")
            for (path, words) in [
                (folder, "is a folder"), (folder + "/linked", "is a folder"), (folder + "/sub/", "names a folder"),
                ("", "names no file"), (folder + "/loop", "too many symbolic links"),
                (folder + "/file/below", "Not a directory"), ("/proc/nothing", "cannot be created"),
                (folder + "/" + String(repeating: "n", count: 300), "File name too long"),
            ] {
                for error in [
                    dataError { try OutputFile.check(path) }, dataError { try write("x", to: path) },
                ] {
                    #expect(error?.code == .unwritable, "\(path)")
                    #expect(error?.reason.contains(words) == true, "\(path): \(error?.reason ?? "")")
                }
            }
            #expect(try files(folder) == ["file", "linked", "loop", "sub"] && files(folder + "/sub").isEmpty)
            #expect(try text(folder + "/file") == "a file")
        }
    }

    @Test("looking whether a file could be written leaves nothing and changes nothing")
    func checked() throws {
        try withTemporaryFolder { folder in
            try write("old", to: folder + "/file")
            mkfifo(folder + "/pipe", 0o600)
            for path in [
                folder + "/file", folder + "/new", folder + "/deep/er/new", folder + "/pipe", "/dev/null",
                "/dev/stdout",
            ] {
                try OutputFile.check(path)
            }
            #expect(try files(folder) == ["file", "pipe"] && text(folder + "/file") == "old")
        }
    }

    @Test("a file that is given up leaves what was there")
    func givenUp() throws {
        try withTemporaryFolder { folder in
            try write("old", to: folder + "/file")
            do {
                let file = try OutputFile(folder + "/file")
                try file.write([1, 2, 3])
            }
            #expect(try files(folder) == ["file"] && text(folder + "/file") == "old")
        }
    }

    @Test("standard output that cannot be written is an error, the first again and again")
    func standardOutput() async {
        await #expect(processExitsWith: .success) {
            StandardOutput.secure()
            let full = open("/dev/full", O_WRONLY)
            dup2(full, STDOUT_FILENO)
            for _ in 0..<2 {
                do throws(DataError) {
                    try StandardOutput.write("a line\n")
                    exit(1)
                } catch {
                    guard error.code == .unwritten, "\(error)".contains("No space left on device") else { exit(2) }
                }
            }
            exit(StandardOutput.failure == nil ? 3 : 0)
        }
    }

    @Test("a reader that has gone is a failed write, and not the end of the program")
    func brokenPipe() async {
        await #expect(processExitsWith: .success) {
            StandardOutput.secure()
            var ends: [Int32] = [0, 0]
            guard Glibc.pipe(&ends) == 0 else { exit(3) }
            dup2(ends[1], STDOUT_FILENO)
            close(ends[0])
            do { try StandardOutput.write("a line\n") } catch { exit("\(error)".contains("Broken pipe") ? 0 : 2) }
            exit(1)
        }
    }

    @Test("a closed standard output stays one: no file takes its place")
    func closedOutput() async {
        await #expect(processExitsWith: .success) {
            close(STDOUT_FILENO)
            StandardOutput.secure()
            let file = open("/dev/null", O_WRONLY)
            do { try StandardOutput.write("a line\n") } catch { exit(file > STDERR_FILENO ? 0 : 2) }
            exit(1)
        }
    }
}

@Suite("Sentences")
struct SentenceTests {
    @Test("quotes are cut to some dozens of characters, and stay on one line")
    func quotes() {
        let name = String(repeating: "x", count: 1 << 20)
        let cut = sentence("the column “\(name)” of “a\nb” is “\(name)”: rename it")
        #expect(cut.count < 250 && cut.hasPrefix("the column “xxxx") && cut.hasSuffix("…”: rename it"))
        #expect(cut.contains("“a\u{FFFD}b”") && !cut.contains("\n"))
        #expect(sentence("short “a” and “b”") == "short “a” and “b”")
        #expect(sentence("an open “\(name)").count < 2100)
        let exact = String(repeating: "é", count: 60)
        #expect(shortened(exact) == exact && shortened(exact + "é").count == 60)
        // One character as people see it, of a million scalars.
        #expect(sentence("“e" + String(repeating: "\u{301}", count: 1 << 20) + "”").unicodeScalars.count < 100)
    }

    @Test("the whole is bounded, its beginning and its end stay")
    func whole() {
        let list = (0..<100_000).map { "name\($0)" }.joined(separator: ", ")
        let cut = sentence("Missing: \(list). Do this.")
        #expect(cut.count < 2100 && cut.hasPrefix("Missing: name0, name1") && cut.hasSuffix("name99999. Do this."))
    }

    @Test("an error of a file quotes no name of a megabyte")
    func errors() {
        let name = String(repeating: "n", count: 1 << 20)
        let error = dataError { try CSV.parse(Array("\(name),\(name)\n1,2\n".utf8), file: "t.csv") }
        #expect(error.map { "\($0)".count < 200 } == true)
        let missing = dataError { try CSV.parse(Array("a\n1\n".utf8), file: "t.csv").column(name) }
        #expect(missing.map { "\($0)".count < 200 } == true)
    }
}

@Suite("Memory that there is")
struct RoomTests {
    @Test("what a file becomes is asked for: a bomb is an error where memory is limited")
    func bomb() async throws {
        #expect(Room.exists(for: 1 << 20) && !Room.exists(for: 1 << 46))
        await #expect(processExitsWith: .success) {
            // A gigabyte of zeros in a megabyte, and half a gigabyte of address space left.
            let zeros = try Gzip.compress([UInt8](repeating: 0, count: 1 << 28), level: 9)
            let bomb = zeros + zeros + zeros + zeros
            let used =
                Int(try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[0]) ?? 0
            var limit = rlimit(rlim_cur: rlim_t(used * 4096 + 1 << 29), rlim_max: rlim_t(used * 4096 + 1 << 29))
            setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
            do throws(DataError) {
                _ = try Gzip.decompress(bomb, file: "bomb.gz")
                exit(1)
            } catch {
                exit(error.code == .tooLarge && "\(error)".hasPrefix("bomb.gz: decompresses to more than") ? 0 : 2)
            }
        }
    }
}
