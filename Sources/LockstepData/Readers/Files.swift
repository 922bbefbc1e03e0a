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
    /// The most a file may hold before `read` refuses it: 64 GiB.
    package static let defaultLimit = 64 << 30

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
            throw DataError(.tooLarge, file: path, "holds \(status.st_size) bytes, the limit is \(limit)")
        }
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
                    throw DataError(.tooLarge, file: path, "holds more than the limit of \(limit) bytes")
                }
                bytes.append(probe)
                filled += 1
                bytes.append(contentsOf: repeatElement(0, count: max(1 << 16, filled)))
            }
            let start = filled
            let got = bytes.withUnsafeMutableBytes { buffer in
                retrying { readOnce(descriptor, buffer.baseAddress! + start, min(buffer.count - start, 1 << 30)) }
            }
            guard got >= 0 else { throw unreadable(path, "cannot be read at byte \(filled)") }
            if got == 0 {
                bytes.removeLast(bytes.count - filled)
                return bytes
            }
            filled += got
        }
    }

    /// Writes `chunks` one after another to `path`, all or nothing: a temporary file beside it is written, flushed to the
    /// disk and renamed, so that a crash or a full disk leaves the old file whole. Missing parent folders are created.
    ///
    /// - Throws: `DataError` (`.unwritable`); the temporary file is then removed.
    package static func writeAtomically(_ chunks: [[UInt8]], to path: String) throws(DataError) {
        let folder = parent(of: path)
        try createFolder(folder)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let temporary = "\(folder)/.\(name).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw unwritable(path, "cannot be created") }
        var failure: DataError?
        do throws(DataError) {
            for chunk in chunks { try writeAll(chunk, to: descriptor, path: path) }
            if fsync(descriptor) != 0 { failure = unwritable(path, "cannot be flushed to the disk") }
        } catch {
            failure = error
        }
        if close(descriptor) != 0, failure == nil { failure = unwritable(path, "cannot be closed") }
        if failure == nil, rename(temporary, path) != 0 { failure = unwritable(path, "cannot be put in place") }
        if let failure {
            unlink(temporary)
            throw failure
        }
        // The rename itself is durable only once the folder is flushed; some file systems refuse, which is no error.
        let folderDescriptor = open(folder, O_RDONLY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            fsync(folderDescriptor)
            close(folderDescriptor)
        }
    }

    /// Whether something that can be opened for reading lies at `path`.
    package static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

    /// Creates the folder at `path` and every missing one above it.
    package static func createFolder(_ path: String) throws(DataError) {
        if path.isEmpty || access(path, F_OK) == 0 { return }
        let above = parent(of: path)
        if above != path { try createFolder(above) }
        if mkdir(path, 0o777) != 0, errno != EEXIST { throw unwritable(path, "cannot be created") }
    }

    /// Whether a folder lies at `path`.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Removes the file at `path`; harmless when there is none.
    package static func remove(_ path: String) throws(DataError) {
        if unlink(path) != 0, errno != ENOENT { throw unwritable(path, "cannot be removed") }
    }

    /// Writes `bytes` at the end of the file at `path`, or over what it held, and flushes them to the disk.
    ///
    /// - Throws: `DataError` (`.unwritable`).
    package static func append(_ bytes: [UInt8], to path: String, truncating: Bool = false) throws(DataError) {
        let mode = O_WRONLY | O_CREAT | O_CLOEXEC | (truncating ? O_TRUNC : O_APPEND)
        let descriptor = open(path, mode, 0o666)
        guard descriptor >= 0 else { throw unwritable(path, "cannot be opened") }
        defer { close(descriptor) }
        try writeAll(bytes, to: descriptor, path: path)
        // Pipes and terminals cannot be flushed to a disk; that is no error.
        if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS, errno != ENOTSUP {
            throw unwritable(path, "cannot be flushed to the disk")
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(DataError) {
        var done = 0
        while done < bytes.count {
            let start = done
            let put = bytes.withUnsafeBytes { buffer in
                retrying { write(descriptor, buffer.baseAddress! + start, min(buffer.count - start, 1 << 30)) }
            }
            guard put > 0 else { throw unwritable(path, "cannot be written at byte \(done)") }
            done += put
        }
    }

    private static func readOnce(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
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
        DataError(.unreadable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }

    private static func unwritable(_ path: String, _ what: String) -> DataError {
        DataError(.unwritable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }
}
