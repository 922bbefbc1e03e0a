// SPDX-License-Identifier: Apache-2.0
// What goes wrong between ranks: each fault ends in one sentence, the same on every rank, and never in a hang.
import CMPI
import Foundation
import Synchronization
import Testing

@testable import LockstepComm

/// Runs `body` on threads and returns each rank's error.
private func errors(
    _ size: Int, ranksPerNode: Int? = nil, stall: Double = 30, abort: Double = 300,
    _ body: @escaping @Sendable (InProcessCommunicator) throws -> Void
) -> [Int: any Error] {
    do {
        try InProcessWorld(size, ranksPerNode: ranksPerNode, timeouts: Timeouts(stall: stall, abort: abort)).run(body)
        return [:]
    } catch {
        return Dictionary(uniqueKeysWithValues: error.all.map { ($0.rank, $0.error) })
    }
}

private func expectSame(_ errors: [Int: any Error], _ code: CommunicatorError.Code, count: Int, _ text: String) {
    let known = errors.values.compactMap { $0 as? CommunicatorError }
    #expect(known.count == count)
    #expect(Set(known).count == 1)
    #expect(known.first?.code == code)
    #expect(known.first?.message.contains(text) == true, "\(known.first?.message ?? "no error")")
}

/// A link to a node that is lost once so many messages have come or gone.
private final class LostLink: NodeLink {
    struct Lost: Error {}
    let laneCount = 1
    private var left: Int
    private var isExchanging = false
    /// Whether a message was begun outside of an exchange.
    private(set) var isMisused = false
    /// Where messages may still come to.
    private(set) var pending: [UnsafeMutableRawBufferPointer] = []

    init(after messages: Int) { left = messages }

    func exchanging(byteCount: Int, _ body: () throws -> Void) throws {
        isExchanging = true
        defer { isExchanging = false }
        try body()
    }

    func send(_ bytes: UnsafeRawBufferPointer, to node: Int, tag: LinkTag) throws -> LinkMessage {
        if !isExchanging { isMisused = true }
        return LinkMessage(
            handle: 0, node: node, memory: UnsafeMutableRawBufferPointer(mutating: bytes), isIncoming: false)
    }

    func receive(_ bytes: UnsafeMutableRawBufferPointer, from node: Int, tag: LinkTag) throws -> LinkMessage {
        if !isExchanging { isMisused = true }
        pending.append(bytes)
        return LinkMessage(handle: 0, node: node, memory: bytes, isIncoming: true)
    }

    func finish(_ message: LinkMessage) throws {
        if left == 0 { throw Lost() }
        left -= 1
        if message.isIncoming { pending.removeFirst() }
    }

    // Nobody who measures a link calls these.
    func exchange(
        headers: UnsafeMutablePointer<cmpi_header>, count: Int, into all: UnsafeMutablePointer<cmpi_header>,
        nodeCounts: [Int], whileWaiting: () throws -> Void
    ) throws {}
    func announce(_ error: CommunicatorError) {}
    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation
    ) throws {}
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws {}
    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?
    ) throws {}
    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation
    ) throws {}
}

@Suite("Faults")
struct FaultTests {
    private struct BadSample: Error, CustomStringConvertible {
        let description = "sample 17 cannot be read"
    }

    @Test("other counts, types, operations, roots or names are the same error on every rank", arguments: [nil, 1, 2])
    func mismatches(ranksPerNode: Int?) {
        let calls: [(@Sendable (InProcessCommunicator) throws -> Void, String)] = [
            (
                { world in
                    var values = [Float](repeating: 0, count: world.rank == 2 ? 5 : 4)
                    try world.allReduce(&values, name: "loss")
                }, "rank 2 calls allReduce sum of 5 float32 'loss'"
            ),
            (
                { world in
                    if world.rank == 1 { _ = try world.allReduce(Double(1)) } else { _ = try world.allReduce(Int64(1)) }
                }, "rank 1 calls allReduce sum of 1 float64"
            ),
            (
                { world in _ = try world.allReduce(Float(1), world.rank == 0 ? .max : .sum) },
                "rank 0 calls allReduce max"
            ),
            (
                { world in
                    var values = [Int32](repeating: 0, count: 2)
                    try world.broadcast(&values, from: world.rank)
                }, "rank 1 calls broadcast of 8 bytes from rank 1"
            ),
            ({ world in _ = try world.allReduce(Float(1), name: world.rank == 0 ? "accuracy" : "loss") }, "'accuracy'"),
            (
                { world in
                    if world.rank == 0 { try world.barrier() } else { _ = try world.allGather([Int32(1)]) }
                }, "rank 0 calls agree 'barrier'"
            ),
        ]
        for (call, text) in calls {
            expectSame(errors(3, ranksPerNode: ranksPerNode, call), .mismatch, count: 3, text)
        }
    }

    @Test("an arena of another size is an error before it is touched")
    func otherArena() {
        let all = errors(2) { world in
            let reducer = try SharedReducer(over: world, floatCount: 100)
            try reducer.reduce(weight: 1, count: world.rank == 0 ? 50 : 51)
        }
        expectSame(all, .mismatch, count: 2, "rank 0 calls reduce of 50 float32 'gradients'")
    }

    @Test(
        "an error on one rank reaches the others with rank, event and text",
        arguments: [(2, nil), (4, nil), (4, 2), (3, 1)])
    func oneThrows(size: Int, ranksPerNode: Int?) {
        for culprit in 0..<size {
            do {
                try InProcessWorld(size, ranksPerNode: ranksPerNode).run { world in
                    world.note(step: 12, event: "before_batch")
                    try world.barrier()
                    if world.rank == culprit { throw BadSample() }
                    while true { try world.barrier() }
                }
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.rank == culprit)
                #expect(error.error is BadSample)
                #expect(error.description == "rank \(culprit): sample 17 cannot be read")
                #expect(error.all.count == size)
                for (rank, echo) in error.all where rank != culprit {
                    #expect(
                        echo as? CommunicatorError
                            == CommunicatorError(
                                .peerFailed, rank: culprit,
                                "rank \(culprit): before_batch, step 12: sample 17 cannot be read"))
                }
            }
        }
    }

    @Test("after an error every later call throws it again")
    func poisoned() {
        let all = errors(2) { world in
            _ = try? world.allReduce(Float(1), name: "\(world.rank)")
            try world.barrier()
        }
        expectSame(all, .mismatch, count: 2, "'0'")
    }

    @Test("a rank that has left is named by those who wait for it")
    func leaving() {
        let all = errors(3) { world in
            if world.rank != 1 { try world.barrier() }
        }
        expectSame(all, .peerLeft, count: 2, "rank 1 has ended its program")
    }

    @Test("a rank that does not come is an error after the abort time-out")
    func late() {
        let released = DispatchSemaphore(value: 0)
        let all = errors(2, stall: 0.2, abort: 0.5) { world in
            if world.rank == 1 {
                world.note(step: 4, event: "after_loss")
                released.wait()
            } else {
                defer { released.signal() }
                try world.barrier()
            }
        }
        expectSame(
            all, .timedOut, count: 1, "rank 1 has not come within 0.5 s. It was last seen in 'after_loss', step 4")
    }

    @Test("a collective inside a rank 0 block throws at the call, alone and in company", arguments: [1, 2])
    func scope(size: Int) throws {
        try InProcessWorld(size).run { world in
            world.withRankZeroOnly("plots") {
                let error = #expect(throws: CommunicatorError.self) { try world.allReduce(Float(1)) }
                #expect(error?.code == .collectiveInRankZeroScope)
                #expect(error?.message.contains("plots") == true)
            }
            try world.barrier()
        }
        let solo = SoloCommunicator()
        solo.withRankZeroOnly { #expect(throws: CommunicatorError.self) { try solo.barrier() } }
    }

    @Test("an error while sums travel between nodes is an error on every rank", arguments: [(2, 1), (3, 1), (4, 2)])
    func midway(size: Int, ranksPerNode: Int) {
        for culprit in [0, size - 1] {
            let all = errors(size, ranksPerNode: ranksPerNode) { world in
                let reducer = try SharedReducer(over: world, floatCount: 2_000_000)
                try reducer.reduceOwned(weight: 1) { range, _ in
                    if world.rank == culprit, range.lowerBound > 400_000 { throw BadSample() }
                }
                try world.barrier()
            }
            expectSame(all, .peerFailed, count: size, "rank \(culprit): sample 17 cannot be read")
        }
    }

    // 400 messages of the latency, 16 blocks, then two numbers.
    @Test("memory of a measurement that fails stays for what may still come", arguments: [0, 403, 416])
    func measuring(messages: Int) {
        let link = LostLink(after: messages)
        #expect(throws: LostLink.Lost.self) { try LinkProbe.measure(over: link, peer: 0, for: 1) }
        #expect(!link.isMisused && !link.pending.isEmpty)
        let page = sysconf(Int32(_SC_PAGESIZE))
        for bytes in link.pending {
            let start = UnsafeMutableRawPointer(bitPattern: Int(bitPattern: bytes.baseAddress) / page * page)
            // Fails where no memory is.
            #expect(msync(start, bytes.count, MS_ASYNC) == 0)
        }
    }

    @Test("an error in an owner's update is an error on every rank")
    func update() {
        let all = errors(3) { world in
            let reducer = try SharedReducer(over: world, floatCount: 1000)
            try reducer.reduceOwned(weight: 1) { _, _ in if world.rank == 2 { throw BadSample() } }
        }
        expectSame(all, .peerFailed, count: 3, "rank 2: sample 17 cannot be read")
    }
}
