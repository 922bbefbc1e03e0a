// SPDX-License-Identifier: Apache-2.0
// The one way to write a file: whole or not at all, through links and into devices.

import Glibc

/// A file that is written piece by piece.
///
/// A regular file appears whole or not at all: what is written lies beside it until `finish` has flushed it to the disk and
/// renames it, so that a crash or a full disk leaves the old file as it was. Symbolic links are followed and stay. What is
/// no regular file (a device, a pipe, `/dev/stdout`) is written through and stays, too. Missing folders are made.
package final class OutputFile {
    private let path: String
    private let target: OutputTarget
    /// The name under which a regular file is written; empty for all else.
    private var temporary = ""
    private var descriptor: Int32 = -1
    private var written = 0

    /// - Throws: `DataError` (`.unwritable`) when it cannot be created or opened.
    package init(_ path: String) throws(DataError) {
        self.path = path
        target = try OutputTarget(path)
        switch target {
        case .file(let file, let existing):
            let folder = Files.parent(of: file)
            try Files.createFolder(folder)
            let name = Leftovers.newName(in: folder)
            descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw failure(.unwritable, "cannot be created") }
            temporary = name
            if let existing {
                // Another's file stays his where this process may give it away.
                _ = fchown(descriptor, existing.owner, existing.group)
                fchmod(descriptor, existing.mode)
            }
        case .through(let place):
            descriptor = open(place, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw failure(.unwritable, "cannot be opened") }
        case .descriptor(let number):
            // What has been printed comes before.
            fflush(nil)
            descriptor = fcntl(number, F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else { throw failure(.unwritable, "cannot be opened") }
        }
    }

    deinit { discard() }

    /// Adds bytes.
    ///
    /// - Throws: `DataError` (`.unwritten`) when the disk is full, nobody reads a pipe any more, or the like.
    package func write(_ bytes: [UInt8]) throws(DataError) { try write(.array(bytes)) }

    /// Adds bytes that may lie elsewhere.
    package func write(_ chunk: ByteChunk) throws(DataError) {
        guard chunk.withUnsafeBytes({ Descriptor.write($0, to: descriptor) }) else {
            throw failure(.unwritten, written == 0 ? "cannot be written" : "cannot be written at byte \(written)")
        }
        written += chunk.count
    }

    /// Puts the file in its place.
    ///
    /// - Parameter check: Looks at the file that is about to take its place, and throws to prevent it.
    /// - Throws: `DataError` (`.unwritten`); what was at `path` is then still there.
    package func finish(
        checking check: (_ path: String) throws(DataError) -> Void = { _ in }
    ) throws(DataError) {
        if !Descriptor.flush(descriptor), !(temporary.isEmpty && Descriptor.cannotBeFlushed) {
            throw failure(.unwritten, "cannot be flushed to the disk")
        }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw failure(.unwritten, "cannot be closed") }
        guard case .file(let file, _) = target else { return }
        do throws(DataError) { try check(temporary) } catch {
            discard()
            throw error
        }
        guard rename(temporary, file) == 0 else { throw failure(.unwritten, "cannot be put in place") }
        temporary = ""
        // The rename itself is durable only once the folder is flushed; some file systems refuse, which is no error.
        let folder = open(Files.parent(of: file), O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    /// Whether something else than a regular file lies at `path`: what is written there is gone.
    package static func isStream(_ path: String) -> Bool {
        if case .file? = try? OutputTarget(path) { return false }
        return true
    }

    /// Whether a pipe, a device or a link to something else than a folder lies at `path`.
    package static func isPassage(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return false }
        return !Files.isFolder(path)
    }

    /// Finds out whether a file could be written at `path`, before hours of work that end there. Leaves nothing.
    ///
    /// - Throws: `DataError` (`.unwritable`): a folder, a read-only place, links in a circle.
    package static func check(_ path: String) throws(DataError) {
        func refused(_ words: String) -> DataError { DataError(.unwritable, file: path, words) }
        switch try OutputTarget(path) {
        case .descriptor: break
        case .through(let place):
            // Not opened: that would wait for the reader of a pipe.
            guard access(place, W_OK) == 0 else { throw refused(systemWords("cannot be written")) }
        case .file(let file, _):
            var folder = Files.parent(of: file)
            while access(folder, F_OK) != 0, Files.parent(of: folder) != folder { folder = Files.parent(of: folder) }
            guard Files.isFolder(folder) else { throw refused("cannot be created: \(folder) is no folder") }
            // Tried, because rights alone do not tell: of a read-only file system, for one.
            let probe = Leftovers.newName(in: folder)
            let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw refused(systemWords("cannot be created")) }
            close(descriptor)
            unlink(probe)
        }
    }

    private func discard() {
        if descriptor >= 0 { close(descriptor) }
        if !temporary.isEmpty { unlink(temporary) }
        (descriptor, temporary) = (-1, "")
    }

    private func failure(_ code: DataError.Code, _ what: String) -> DataError {
        let error = DataError(code, file: path, systemWords(what))
        discard()
        return error
    }
}

/// Writing to what is open.
package enum Descriptor {
    /// Writes all of `bytes`; false with `errno` when that is not possible.
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { write($0, to: descriptor) }
    }

    /// The same for memory.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        _ = hearsOfLimits
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let put = Glibc.write(descriptor, base + done, min(bytes.count - done, 1 << 30))
            if put > 0 {
                done += put
            } else if put < 0, errno == EAGAIN {
                // Somebody has made it non-blocking, for all who share it.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if put == 0 || errno != EINTR {
                if put == 0 { errno = EIO }
                return false
            }
        }
        return true
    }

    /// Flushes what was written to the disk; false with `errno` when that is not possible.
    static func flush(_ descriptor: Int32) -> Bool {
        while fsync(descriptor) != 0 { if errno != EINTR { return false } }
        return true
    }

    /// Once looked at, a limit on the size of files (`ulimit -f`, a batch system's) is a failed write with EFBIG, and not the program's end
    /// by SIGXFSZ.
    static let hearsOfLimits: Void = ignore(SIGXFSZ)

    /// Has nothing happen at a signal that nobody watches.
    static func ignore(_ number: Int32) {
        // A handler and not SIG_IGN, which programs that are started from here would inherit.
        var action = sigaction()
        if sigaction(number, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil {
            signal(number) { _ in }
        }
    }

    /// Fills `buffer` with what stands from `offset` on; how many bytes there were, less where the file ends or, with `errno`, cannot be
    /// read.
    static func read(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int) -> Int {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let got = pread(descriptor, base + done, min(buffer.count - done, 1 << 30), off_t(offset + done))
            if got > 0 {
                done += got
            } else if got == 0 || errno != EINTR {
                if got == 0 { errno = 0 }
                break
            }
        }
        return done
    }

    /// Whether `errno` only says that something is no file on a disk.
    static var cannotBeFlushed: Bool { [EINVAL, EROFS, ENOTSUP].contains(errno) }
}
