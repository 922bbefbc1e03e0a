// SPDX-License-Identifier: Apache-2.0
// Whether the disk gives back what was written.

import Glibc

extension Safetensors {
    /// Reads the file at `path` from the disk, a piece at a time, and compares the checksum of all its bytes.
    ///
    /// - Returns: its metadata.
    /// - Throws: `DataError` as ``survey(_:found:)`` does; `.checksum`, too, for a file that has none.
    @discardableResult
    package static func verify(_ path: String) throws(DataError) -> [(key: String, value: String)] {
        dropCache(of: path)
        let survey = try survey(path)
        guard survey.seal == .agrees(version: version) else {
            throw DataError(.checksum, file: path, "it has no checksum of all its bytes")
        }
        return survey.metadata
    }

    /// Has the kernel let go of what it holds of a file: what has just been written would come from memory.
    private static func dropCache(of path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        close(descriptor)
    }
}
