// SPDX-License-Identifier: Apache-2.0
// One of the streams that a job writes to, as the launcher reads it.

import Foundation
import LockstepData
import LockstepLearner

/// The reading end of a pipe.
struct JobStream {
    let descriptor: Int32
    /// Whether what comes are lines to look at; otherwise it is standard output, which passes as it is.
    let isErrors: Bool
    private(set) var isOpen = true
    private var rest: [UInt8] = []

    init(descriptor: Int32, isErrors: Bool) { (self.descriptor, self.isErrors) = (descriptor, isErrors) }

    /// Takes what there is.
    /// - Returns: the lines that are complete now; none of standard output, which is written at once.
    mutating func read() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { return [] }
        guard count > 0 else {
            isOpen = false
            defer { rest = [] }
            return rest.isEmpty ? [] : [String(decoding: rest, as: UTF8.self)]
        }
        guard isErrors else {
            Console.writeToStandardOutput(Array(buffer[..<count]))
            return []
        }
        var lines: [String] = []
        var start = 0
        while let end = buffer[start..<count].firstIndex(of: 10) {
            lines.append(String(decoding: rest + buffer[start..<end], as: UTF8.self))
            (rest, start) = ([], end + 1)
        }
        rest += buffer[start..<count]
        return lines
    }
}
