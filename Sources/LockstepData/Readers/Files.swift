// SPDX-License-Identifier: Apache-2.0
// Whole-file reading and crash-safe writing on POSIX calls, with errors that carry the path and the system's words.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reading and writing whole files of bytes.
package enum Files {
    /// The most a file may hold before `read` refuses it.
    package static var defaultLimit: Int { ReadLimits.bytes }

    /// All bytes of the file at `path`.
    ///
    /// - Throws: `DataError` (`.unreadable`, `.tooLarge`).
    package static func read(_ path: String, limit: Int = defaultLimit) throws(DataError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, "cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, "cannot be examined") }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw DataError(.unreadable, file: path, "is a folder, not a file")
        }
        guard Int(status.st_size) <= limit else {
            throw DataError(
                .tooLarge, file: path, "holds \(status.st_size) bytes, the limit is \(limit)",
                remedy: remedy(limit))
        }
        try Room.require(Int(status.st_size), for: "cannot be read", file: path)
        // Pipes report size 0 and files may grow while read: the size is only the first guess.
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while true {
            if filled == bytes.count {
                var probe: UInt8 = 0
                let extra = retrying { readOnce(descriptor, &probe, 1) }
                guard extra >= 0 else { throw unreadable(path, "cannot be read at byte \(filled)") }
                if extra == 0 { return bytes }
                guard filled < limit else {
                    throw DataError(
                        .tooLarge, file: path, "holds more than the limit of \(limit) bytes",
                        remedy: remedy(limit))
                }
                try Room.require(2 * bytes.count, for: "cannot be read", file: path)
                bytes.append(probe)
                filled += 1
                bytes.append(contentsOf: repeatElement(0, count: max(1 << 16, filled)))
            }
            let start = filled
            let got = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...].prefix(1 << 30))
                return retrying { readOnce(descriptor, rest.baseAddress, rest.count) }
            }
            guard got >= 0 else { throw unreadable(path, "cannot be read at byte \(filled)") }
            if got == 0 {
                bytes.removeLast(bytes.count - filled)
                return bytes
            }
            filled += got
        }
    }

    /// Writes `chunks` one after another to `path`, as an ``OutputFile``: all or nothing, through links and into devices.
    ///
    /// - Throws: `DataError` (`.unwritable`, `.unwritten`).
    package static func writeAtomically(_ chunks: [[UInt8]], to path: String) throws(DataError) {
        try writeAtomically(chunks.map(ByteChunk.array), to: path)
    }

    /// The same for bytes that may lie elsewhere.
    package static func writeAtomically(
        _ chunks: [ByteChunk], to path: String, checking check: (_ path: String) throws(DataError) -> Void = { _ in }
    ) throws(DataError) {
        let file = try OutputFile(path)
        for chunk in chunks { try file.write(chunk) }
        try file.finish(checking: check)
    }

    /// Whether something that can be opened for reading lies at `path`.
    package static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

    /// Creates the folder at `path` and every missing one above it.
    package static func createFolder(_ path: String) throws(DataError) {
        if path.isEmpty { return }
        if access(path, F_OK) == 0 {
            guard isFolder(path) else { throw DataError(.unwritable, file: path, "is a file, not a folder") }
            return
        }
        let above = parent(of: path)
        if above != path { try createFolder(above) }
        if mkdir(path, 0o777) != 0, errno != EEXIST || !isFolder(path) {
            throw DataError(.unwritable, file: path, systemWords("cannot be created"))
        }
    }

    /// Whether a folder lies at `path`.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Removes the file at `path`; harmless when there is none.
    package static func remove(_ path: String) throws(DataError) {
        if unlink(path) != 0, errno != ENOENT {
            throw DataError(.unwritable, file: path, systemWords("cannot be removed"))
        }
    }

    /// Writes `bytes` at the end of the file at `path`, or over what it held, and flushes them to the disk.
    ///
    /// - Throws: `DataError` (`.unwritable`, `.unwritten`).
    package static func append(_ bytes: [UInt8], to path: String, truncating: Bool = false) throws(DataError) {
        let mode = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (truncating ? O_TRUNC : O_APPEND)
        let descriptor = open(path, mode, 0o666)
        guard descriptor >= 0 else { throw DataError(.unwritable, file: path, systemWords("cannot be opened")) }
        defer { close(descriptor) }
        guard Descriptor.write(bytes, to: descriptor) else {
            throw DataError(.unwritten, file: path, systemWords("cannot be written"))
        }
        // Pipes and terminals cannot be flushed to a disk; that is no error.
        if !Descriptor.flush(descriptor), !Descriptor.cannotBeFlushed {
            throw DataError(.unwritten, file: path, systemWords("cannot be flushed to the disk"))
        }
    }

    /// The folder that `path` lies in.
    package static func parent(of path: String) -> String {
        var end = path[...]
        while end.count > 1, end.last == "/" { end.removeLast() }
        guard let slash = end.lastIndex(of: "/") else { return "." }
        return slash == end.startIndex ? "/" : String(end[..<slash])
    }

    /// What moves a limit: the caller's own moves nothing.
    private static func remedy(_ limit: Int) -> String? { limit == defaultLimit ? ReadLimits.moreBytes : nil }

    private static func readOnce(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        // `Files.read` hides the C function of that name.
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer, count)
        #elseif canImport(Musl)
            Musl.read(descriptor, buffer, count)
        #else
            Darwin.read(descriptor, buffer, count)
        #endif
    }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private static func unreadable(_ path: String, _ what: String) -> DataError {
        DataError(.unreadable, file: path, systemWords(what))
    }
}
