// SPDX-License-Identifier: Apache-2.0
// Times the reduction of gradients beside MPI's own and beside a plain copy, in the same run, with fresh data every call.

import ArgumentParser
import Lockstep

/// `lockstep bench allreduce`: one row for each size from 1 KiB to 64 MiB.
struct AllReduceBench: Sendable {
    static let byteCounts = (0...8).map { 1024 << (2 * $0) }
    /// On a busy machine a call takes as long as the scheduler likes: after so long a size is measured well enough.
    static let secondsPerSize = 2.0

    /// What one program measures.
    enum Part: String, ExpressibleByArgument { case all, mpi }
    var part = Part.all

    /// Measures all sizes and hands each row to `report`. Collective; the rows are the same on every rank.
    func run(over ranks: any Communicator, report: (AllReduceResult) throws -> Void) throws {
        let capacity = (AllReduceBench.byteCounts.max() ?? 0) / MemoryLayout<Float>.stride
        let reducer = try SharedReducer(over: ranks, floatCount: capacity)
        let plain = try PlainAllReduce(over: ranks, floatCount: capacity)
        let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: capacity)
        copy.initialize(repeating: 0)
        defer { copy.deallocate() }
        let wholeSum = Float(ranks.size * (ranks.size - 1) / 2)
        for bytes in AllReduceBench.byteCounts {
            let count = bytes / MemoryLayout<Float>.stride
            // Floats around the piece limit of 1 MiB, from which Open MPI 4.1 is half as fast.
            let piece = min(count, (1 << 20) / MemoryLayout<Float>.stride)
            var result = AllReduceResult(ranks: ranks.size, bytes: bytes, isShared: reducer.isShared)
            let calls = max(7, min(1000, (256 << 20) / bytes))
            // Every variant in turn, so that what disturbs the machine disturbs all alike.
            var times = [[Double]](repeating: [], count: 4)
            let begun = ContinuousClock.now
            for call in 0..<calls + 2 {
                // Enough is enough, on all ranks at once.
                let isLate = begun.duration(to: .now) > .seconds(AllReduceBench.secondsPerSize)
                if call >= 9, try ranks.anyRank(isLate, name: "bench") { break }
                let value = Float(ranks.rank + call % 3 * ranks.size)
                let sum = wholeSum + Float(call % 3 * ranks.size * ranks.size)
                func time(_ variant: Int, _ fill: UnsafeMutableBufferPointer<Float>, _ body: () throws -> Void) throws {
                    UnsafeMutableBufferPointer(rebasing: fill[..<count]).update(repeating: value)
                    try ranks.barrier(name: "bench")
                    let start = ContinuousClock.now
                    try body()
                    if call >= 2 { times[variant].append((ContinuousClock.now - start) / .seconds(1)) }
                }
                if part == .all {
                    try time(0, reducer.arena) { try reducer.reduce(weight: 1, count: count) }
                    try expect(reducer.arena[count - 1], sum / Float(ranks.size), "the mean")
                    try time(3, reducer.arena) {
                        UnsafeMutableRawPointer(copy.baseAddress.unsafelyUnwrapped).copyMemory(
                            from: UnsafeRawPointer(reducer.arena.baseAddress.unsafelyUnwrapped), byteCount: bytes)
                    }
                }
                if let plain {
                    try time(1, plain.buffer) { try plain.run(count: count, piece: count) }
                    try expect(plain.buffer[count - 1], sum, "MPI's sum")
                    try time(2, plain.buffer) { try plain.run(count: count, piece: piece) }
                    try expect(plain.buffer[0], sum, "MPI's sum in pieces")
                }
            }
            if part == .all {
                (result.reduce, result.copy) = (try slowest(times[0], ranks), try slowest(times[3], ranks))
            }
            if plain != nil {
                (result.mpi, result.pieces) = (try slowest(times[1], ranks), try slowest(times[2], ranks))
            }
            try report(result)
        }
    }

    /// Best and median over calls of the time of each call's slowest rank.
    private func slowest(_ own: [Double], _ ranks: any Communicator) throws -> AllReduceResult.Time {
        var seconds = own
        try ranks.allReduce(&seconds, .max, name: "bench times")
        seconds.sort()
        return AllReduceResult.Time(best: seconds[0], median: seconds[seconds.count / 2])
    }

    private func expect(_ value: Float, _ expected: Float, _ what: String) throws {
        guard value == expected else {
            throw Failure(description: "bench allreduce: \(what) is \(value), expected \(expected)", code: 70)
        }
    }
}
