// SPDX-License-Identifier: Apache-2.0
// Writes events beside training: a queue, a thread, and what came of it.

import Foundation
import LockstepData
import LockstepTensor
import Synchronization

/// Appends events to a file, on a thread of its own, in the order in which they come.
///
/// A write that fails is remembered, and nothing more is written: a full disk costs no training.
final class EventWriter: Sendable {
    private enum Work {
        case event(@Sendable () -> Tensorboard_Event, isCopy: Bool)
        case end(DispatchSemaphore)
    }
    private struct State {
        var queue: [Work] = []
        var isRunning = false
        var failure: DataError?
        var path: String?
    }
    private let folder: String
    private let state = Mutex(State())
    private let filled = DispatchSemaphore(value: 0)
    /// Who fills the queue faster than it empties waits.
    private let room = DispatchSemaphore(value: 4096)
    /// Who copies a model waits while so many copies are not written yet.
    private let copies = DispatchSemaphore(value: EventWriter.mostCopies)
    static let mostCopies = 2
    // Touched by the thread alone, and by the next one when it has ended.
    nonisolated(unsafe) private var file: EventFile?

    init(folder: String) { self.folder = folder }

    /// Why writing has failed; nil while it has not.
    var failure: DataError? { state.withLock(\.failure) }
    /// The file; nil before there is one.
    var path: String? { state.withLock(\.path) }

    /// Adds an event, which is made on the thread that writes.
    func add(_ make: @escaping @Sendable () -> Tensorboard_Event) { add(.event(make, isCopy: false)) }

    /// Adds an event of values that may take as much memory as a model: they are copied here, as soon as few enough
    /// others wait.
    func add<Values: Sendable>(
        copying copy: () -> Values, _ make: @escaping @Sendable (Values) -> Tensorboard_Event
    ) {
        copies.wait()
        let values = copy()
        add(.event({ make(values) }, isCopy: true))
    }

    /// Waits until all that was added is on the disk, and ends the thread.
    func finish() {
        guard state.withLock(\.isRunning) else { return }
        let done = DispatchSemaphore(value: 0)
        add(.end(done))
        done.wait()
    }

    private func add(_ work: Work) {
        room.wait()
        let begins = state.withLock { state in
            state.queue.append(work)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        filled.signal()
        if begins { BackgroundThread.begin { [self] in run() } }
    }

    private func run() {
        while true {
            filled.wait()
            let work = state.withLock { $0.queue.removeFirst() }
            room.signal()
            switch work {
            case .event(let make, isCopy: let isCopy):
                attempt { () throws(DataError) in try append(make) }
                if isCopy { copies.signal() }
            case .end(let done):
                attempt { () throws(DataError) in try file?.flush() }
                state.withLock { $0.isRunning = false }
                done.signal()
                return
            }
        }
    }

    private func append(_ make: () -> Tensorboard_Event) throws(DataError) {
        if file == nil {
            let new = try EventFile(in: folder)
            state.withLock { $0.path = new.path }
            file = new
        }
        try file?.append(make())
    }

    private func attempt(_ body: () throws(DataError) -> Void) {
        if failure != nil { return }
        do throws(DataError) { try body() } catch { state.withLock { $0.failure = error } }
    }
}
