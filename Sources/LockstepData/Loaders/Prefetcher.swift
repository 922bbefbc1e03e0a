// SPDX-License-Identifier: Apache-2.0
// Worker threads that prepare numbered results ahead of time and hand them over in order.

/// Runs `produce(0)`, `produce(1)`, … on worker threads, at most `depth` ahead of the consumer, and returns the results in
/// that order whatever the threads' timing. Worker k of w makes results k, k + w, k + 2w, ….
///
/// The first nil or error, in order, ends it. Dropping the prefetcher stops and joins the threads.
final class Prefetcher<Output> {
    private let shared: Shared
    private var threads: [WorkerThread] = []

    /// - Parameter count: the number of results, or nil when `produce` says the end by nil.
    /// - Throws: `DataError` when the system refuses a thread.
    init(
        workers: Int, depth: Int, count: Int?, produce: @escaping (Int) throws -> Output?
    ) throws(DataError) {
        shared = Shared(workers: workers, depth: max(depth, workers), count: count, produce: produce)
        for worker in 0..<workers {
            let shared = shared
            guard let thread = WorkerThread({ shared.run(worker) }) else {
                stop()
                throw DataError(
                    .item, file: "data loader", "the system refuses worker thread \(worker + 1) of \(workers)",
                    remedy: "Use fewer workers (numWorkers)")
            }
            threads.append(thread)
        }
    }

    deinit { stop() }

    /// The next result in order, waiting for it if need be; nil after the last.
    func next() throws -> Output? {
        do {
            if let output = try shared.take() { return output }
        } catch {
            stop()
            throw error
        }
        stop()
        return nil
    }

    /// Ends the threads after the result at hand and joins them.
    func stop() {
        shared.stop()
        for thread in threads { thread.join() }
        threads = []
    }

    /// What workers and consumer share. The threads hold this, never the prefetcher, so that dropping the prefetcher
    /// ends them.
    ///
    /// `@unchecked Sendable`: every variable is touched only inside `monitor.locked`. A result may hold tensors, which are not
    /// Sendable: it is made by one worker, stored under the lock, and removed from the dictionary when the consumer takes
    /// it, so exactly one thread owns it at any time and the lock orders the hand-over. `produce` reads the dataset from
    /// several threads; `Dataset` requires that to be safe.
    private final class Shared: @unchecked Sendable {
        private let monitor = Monitor()
        private let workers: Int
        private let depth: Int
        private let count: Int?
        private let produce: (Int) throws -> Output?
        private var results: [Int: Result<Output?, any Error>] = [:]
        private var taken = 0
        private var isStopped = false

        init(workers: Int, depth: Int, count: Int?, produce: @escaping (Int) throws -> Output?) {
            self.workers = workers
            self.depth = depth
            self.count = count
            self.produce = produce
        }

        func run(_ worker: Int) {
            var number = worker
            while count.map({ number < $0 }) ?? true, waitForRoom(number) {
                let result = Result { try produce(number) }
                monitor.locked {
                    results[number] = result
                    monitor.wakeAll()
                }
                guard case .success(.some) = result else { return }
                number += workers
            }
        }

        func take() throws -> Output? {
            let result: Result<Output?, any Error> = monitor.locked {
                if let count, taken >= count { return .success(nil) }
                while true {
                    if let result = results.removeValue(forKey: taken) {
                        taken += 1
                        monitor.wakeAll()
                        return result
                    }
                    if isStopped { return .success(nil) }
                    monitor.wait()
                }
            }
            return try result.get()
        }

        func stop() {
            monitor.locked {
                isStopped = true
                monitor.wakeAll()
            }
        }

        /// False when the work is to stop.
        private func waitForRoom(_ number: Int) -> Bool {
            monitor.locked {
                while !isStopped, number >= taken + depth { monitor.wait() }
                return !isStopped
            }
        }
    }
}
