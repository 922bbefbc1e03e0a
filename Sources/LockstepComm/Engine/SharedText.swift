// SPDX-License-Identifier: Apache-2.0
// Short texts in shared memory, and lines on standard error that do not mix with those of other ranks.
internal import CMPI
internal import Foundation

/// Stores `string` as a C string, cut off at `capacity - 1` bytes.
func storeText(_ string: String, at destination: UnsafeMutablePointer<CChar>, capacity: Int32) {
    var string = string
    string.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { source in
            if let base = source.baseAddress {
                cmpi_copy_text(destination, Int(capacity), base, source.count)
            } else {
                destination[0] = 0
            }
        }
    }
}

/// The C string at `source`, at most `capacity` bytes.
func loadText(at source: UnsafeMutablePointer<CChar>, capacity: Int32) -> String {
    String(decoding: UnsafeRawBufferPointer(start: source, count: Int(capacity)).prefix { $0 != 0 }, as: UTF8.self)
}

/// Writes whole lines at once.
func printToStandardError(_ text: String) { writeToStandardError(text + "\n") }

/// As LockstepTensor's function of the same name, which this module does not know. Where nobody can read it, there is nobody to tell.
func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        if written < 0, errno == EAGAIN {
            var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, -1)
            continue
        }
        guard written > 0 else { return }
        rest = rest.dropFirst(written)
    }
}
