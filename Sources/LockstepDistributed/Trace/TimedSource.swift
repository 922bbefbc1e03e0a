// SPDX-License-Identifier: Apache-2.0
// A loader whose batches are timed.

import LockstepComm
import LockstepData

/// Another source's batches, telling how long each took to come.
final class TimedSource: WrappingBatchSource {
    let inner: any BatchSource
    private let report: (_ start: Int64, _ communicatedBefore: Int64) -> Void
    private let communicated: () -> Int64

    init(
        _ inner: any BatchSource, report: @escaping (_ start: Int64, _ communicatedBefore: Int64) -> Void,
        communicated: @escaping () -> Int64
    ) {
        (self.inner, self.report, self.communicated) = (inner, report, communicated)
    }

    // What is asked for by number is not a phase's, and is not timed.
    var indexed: (any IndexedBatchSource)? { inner.indexed }

    func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
        var batches = try timed { try inner.makeIterator(epoch: epoch, from: first, position: position) }
        return BatchIterator { [self] in try timed { try batches.next() } }
    }

    private func timed<Result>(_ body: () throws -> Result) rethrows -> Result {
        let (start, before) = (MonotonicClock.now, communicated())
        defer { report(start, before) }
        return try body()
    }
}
