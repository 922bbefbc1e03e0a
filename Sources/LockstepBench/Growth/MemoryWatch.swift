// SPDX-License-Identifier: Apache-2.0
// The most memory that a piece of work had, looked at a thousand times a second.

import Foundation
import Synchronization

/// Watches this process's own memory from its making to ``stop()``.
final class MemoryWatch: Sendable {
    private let most: Mutex<(bytes: Int, isOver: Bool)>
    private let before: Int
    private let done = DispatchSemaphore(value: 0)

    init() {
        before = ProcessFacts.privateBytes
        most = Mutex((before, false))
        Thread.detachNewThread { [self] in
            while look() { usleep(1000) }
            done.signal()
        }
    }

    private func look() -> Bool {
        let bytes = ProcessFacts.privateBytes
        return most.withLock {
            $0.bytes = max($0.bytes, bytes)
            return !$0.isOver
        }
    }

    /// - Returns: by how many bytes there was more at the most than at the beginning.
    func stop() -> Int {
        most.withLock { $0.isOver = true }
        done.wait()
        return most.withLock { $0.bytes } - before
    }
}
