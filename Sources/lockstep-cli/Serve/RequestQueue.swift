// SPDX-License-Identifier: Apache-2.0
// Requests that wait for the model: those that wait at the same time are computed together.

import Foundation
import LockstepHTTP

/// Requests in the order in which they came, from the threads of connections to the one that has the model.
///
/// `@unchecked Sendable`: what changes is touched with the lock held.
final class RequestQueue: @unchecked Sendable {
    /// A request that was read.
    struct Entry: Sendable {
        let request: HTTPRequest
        let instances: [Instance]
        /// About what it takes while it waits: its body, and a text for each field.
        let bytes: Int
        let answer: @Sendable (HTTPResponse) -> Void

        init(_ request: HTTPRequest, _ instances: [Instance], _ answer: @escaping @Sendable (HTTPResponse) -> Void) {
            (self.request, self.instances, self.answer) = (request, instances, answer)
            bytes = instances.reduce(request.body.count) { sum, instance in
                if case .row(let fields) = instance { sum + 16 * fields.count } else { sum }
            }
        }
    }

    private let lock = NSCondition()
    private var entries: [Entry] = []
    private var bytes = 0
    private let mostBytes: Int

    /// - Parameter mostBytes: of the bodies of requests that wait.
    init(mostBytes: Int) { self.mostBytes = mostBytes }

    /// False when too much waits already: the client should come back.
    func add(_ entry: Entry) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard bytes == 0 || bytes + entry.bytes <= mostBytes else { return false }
        entries.append(entry)
        bytes += entry.bytes
        lock.signal()
        return true
    }

    /// The requests that have waited longest and whose clients still do, one at least and further ones as long as all have no more than `count` instances together;
    /// none when `seconds` pass without one.
    func take(instances count: Int, within seconds: Double) -> [Entry] {
        lock.lock()
        defer { lock.unlock() }
        if entries.isEmpty { _ = lock.wait(until: Date() + seconds) }
        entries.removeAll { entry in
            if entry.request.isAbandoned { bytes -= entry.bytes }
            return entry.request.isAbandoned
        }
        var (taken, instances) = (0, 0)
        while taken < entries.count, taken == 0 || instances + entries[taken].instances.count <= count {
            instances += entries[taken].instances.count
            bytes -= entries[taken].bytes
            taken += 1
        }
        defer { entries.removeFirst(taken) }
        return Array(entries.prefix(taken))
    }
}
