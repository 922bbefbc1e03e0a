// SPDX-License-Identifier: Apache-2.0
// A lock with a condition, and a thread that can be joined: what the loader's workers need of POSIX threads.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Mutual exclusion with waiting. The standard library's `Mutex` cannot wait, and Foundation's `NSCondition` would link
/// Foundation and ICU.
final class Monitor: @unchecked Sendable {
    // Fixed addresses: POSIX forbids moving either object. Both are only touched through their own calls.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Gives the lock up until someone calls `wakeAll`. Only inside `locked`; check the condition again afterwards.
    func wait() { pthread_cond_wait(condition, mutex) }

    func wakeAll() { pthread_cond_broadcast(condition) }
}

/// A thread that runs a closure and is joined by its owner.
final class WorkerThread {
    private var handle: pthread_t?

    /// Starts the thread; nil when the system refuses one.
    init?(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            return nil
        }
        handle = thread
    }

    /// Waits until the closure has returned.
    func join() {
        if let handle { pthread_join(handle, nil) }
        handle = nil
    }
}
