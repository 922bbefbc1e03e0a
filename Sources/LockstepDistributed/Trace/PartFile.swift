// SPDX-License-Identifier: Apache-2.0
// A file that is written piece by piece and appears whole.

import Foundation
import LockstepData

/// A file under a temporary name beside `path` until `finish` renames it.
final class PartFile {
    private let path: String
    private let temporary: String
    private var descriptor: Int32

    /// - Throws: `DataError` when it cannot be created; missing folders are.
    init(_ path: String) throws(DataError) {
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        if !folder.isEmpty { try Files.createFolder(folder) }
        self.path = path
        temporary = "\(path).\(getpid()).part"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw failure("cannot be created") }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    func append(_ chunks: [[UInt8]]) throws(DataError) {
        for chunk in chunks {
            var done = 0
            while done < chunk.count {
                let start = done
                let written = chunk.withUnsafeBytes {
                    write(descriptor, $0.baseAddress.unsafelyUnwrapped + start, $0.count - start)
                }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw failure("cannot be written at byte \(done)") }
                done += written
            }
        }
    }

    /// Writes the last piece and puts the file in its place.
    func finish(_ chunk: [UInt8]) throws(DataError) {
        try append([chunk])
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0, rename(temporary, path) == 0 else {
            let error = failure("cannot be put in place")
            unlink(temporary)
            throw error
        }
    }

    private func failure(_ what: String) -> DataError {
        DataError(.unwritable, file: path, "\(what): \(String(cString: strerror(errno)))")
    }
}
