// SPDX-License-Identifier: Apache-2.0
// Messages between pretended nodes of one process.
internal import Foundation

/// What the ranks of one lane send each other. A message is copied when it is sent, and again when it is taken.
///
/// Under a lock of the C library, which the thread sanitizer sees.
final class LaneMail: @unchecked Sendable {
    private struct Route: Hashable { var from, to: Int, tag: LinkTag }
    private struct Messages {
        var sent = 0
        var expected = 0
        /// By number; taken away as they are read.
        var waiting: [Int: [UInt8]] = [:]
    }
    private let lock = NSLock()
    private var routes: [Route: Messages] = [:]
    /// Which message a handle stands for.
    private var handles: [Int: (route: Route, number: Int)] = [:]
    private var lastHandle = 0

    func post(_ bytes: UnsafeRawBufferPointer, from: Int, to: Int, _ tag: LinkTag) {
        lock.withLock {
            let route = Route(from: from, to: to, tag: tag)
            let number = routes[route, default: Messages()].sent
            routes[route, default: Messages()].sent += 1
            routes[route, default: Messages()].waiting[number] = Array(bytes)
        }
    }

    /// The next message on this way, whether it has been sent or will be.
    func expect(from: Int, to: Int, _ tag: LinkTag) -> Int {
        lock.withLock {
            let route = Route(from: from, to: to, tag: tag)
            lastHandle += 1
            handles[lastHandle] = (route, routes[route, default: Messages()].expected)
            routes[route, default: Messages()].expected += 1
            return lastHandle
        }
    }

    /// Copies a message that has come to its place; false when it has not come.
    func take(_ message: LinkMessage) -> Bool {
        lock.withLock {
            guard let (route, number) = handles[message.handle],
                let bytes = routes[route]?.waiting.removeValue(forKey: number)
            else { return false }
            handles[message.handle] = nil
            message.memory.copyBytes(from: bytes)
            return true
        }
    }
}
