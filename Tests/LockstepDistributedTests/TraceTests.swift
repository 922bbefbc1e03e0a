// SPDX-License-Identifier: Apache-2.0
// Traces, clocks and log files beyond what the distributed checks look at.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepLearner
import LockstepTesting
import Testing

@testable import LockstepDistributed

@Suite("Traces and logs") struct TraceTests {
    private func span(_ start: Int64) -> Span {
        Span(name: 0, epoch: 0, batch: 0, start: start, duration: 1, waited: 0)
    }

    @Test("a full buffer keeps the latest spans, in order, and counts the others", arguments: [1, 2, 7])
    func ring(capacity: Int) {
        var buffer = SpanBuffer(capacity: capacity)
        #expect(buffer.number(of: "a") == 0 && buffer.number(of: "b") == 1 && buffer.number(of: "a") == 0)
        for start in 0..<10 { buffer.append(span(Int64(start))) }
        #expect(buffer.count == capacity && buffer.dropped == 10 - capacity)
        #expect((0..<capacity).map { buffer[$0].start } == (10 - capacity..<10).map(Int64.init))
    }

    @Test("offsets between clocks are found to within their stated uncertainty", arguments: [2, 4])
    func clocks(ranks: Int) throws {
        let skew: @Sendable (Int) -> Int64 = { Int64($0) * 3_000_000_017 - 1_000_000 }
        let offsets = try InProcessWorld(ranks).run { communicator in
            try ClockOffset.estimate(over: communicator, sharesClock: false) {
                MonotonicClock.now + skew(communicator.rank)
            }
        }
        for (rank, offset) in offsets.enumerated() {
            let truth = skew(rank) - skew(0)
            #expect(abs(offset.nanoseconds - truth) <= offset.uncertainty, "rank \(rank): \(offset), not \(truth)")
            #expect(offset.uncertainty < 50_000_000)
        }
        let same = try InProcessWorld(ranks).run { try ClockOffset.estimate(over: $0) }
        #expect(same.allSatisfy { $0 == ClockOffset(nanoseconds: 0, uncertainty: 0) })
    }

    @Test("ranks of several machines are put on one clock, and the trace says how well")
    func severalNodes() throws {
        try withTemporaryFolder { folder in
            let file = folder.path + "/trace.json"
            try InProcessWorld(2, ranksPerNode: 1).run { communicator in
                let learner = synthLearner(nTrain: 2, callbacks: [TraceCallback(file)])
                learner.logger = SilentLogger()
                try learner.distributed(over: communicator) { try learner.fit(1) }
            }
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.contains("µs from rank 0's"))
            #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
        }
    }

    @Test("after an error each rank leaves what it has")
    func afterError() throws {
        struct Broken: Error {}
        try withTemporaryFolder { folder in
            let file = folder.path + "/trace.json"
            #expect(throws: RankFailure.self) {
                try InProcessWorld(3).run { communicator in
                    let learner = synthLearner(nTrain: 4, callbacks: [TraceCallback(file)])
                    try learner.on(.afterLoss) { learner in
                        if learner.iter == 2, communicator.rank == 1 { throw Broken() }
                    }
                    try learner.distributed(over: communicator) { try learner.fit(1) }
                }
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(files == (0..<3).map { "trace.json.rank-\($0).json" })
            for name in files {
                let data = try Data(contentsOf: URL(filePath: folder.path + "/" + name))
                #expect(try JSONSerialization.jsonObject(with: data) is [String: Any])
            }
        }
    }

    @Test("a trace that cannot be written is an error on every rank")
    func unwritable() {
        let failure = #expect(throws: RankFailure.self) {
            try InProcessWorld(2).run { communicator in
                let learner = synthLearner(nTrain: 2, callbacks: [TraceCallback("/proc/none/trace.json")])
                learner.logger = SilentLogger()
                try learner.distributed(over: communicator) { try learner.fit(1) }
            }
        }
        #expect(failure?.all.count == 2)
        let told = failure?.all.map { "\($0.error)" } ?? []
        #expect(told.allSatisfy { $0.contains("/proc/none") })
    }

    @Test("every rank has a log of its own, which is continued")
    func logs() throws {
        try withTemporaryFolder { folder in
            for _ in 0..<2 {
                try InProcessWorld(2).run { communicator in
                    let log = try RankLog(folder: folder.path + "/logs", over: communicator)
                    let learner = synthLearner(nTrain: 3, callbacks: [Recorder(), log])
                    learner.logger = SilentLogger()
                    try learner.on(.afterBatch, order: 90) { learner in
                        if learner.epoch == 1, learner.training { throw CancelSignal.train }
                    }
                    try learner.distributed(over: communicator) { try learner.fit(2) }
                    log.note("own words of rank \(communicator.rank)")
                }
            }
            for rank in 0..<2 {
                let lines = try String(contentsOfFile: folder.path + "/logs/rank-\(rank).log", encoding: .utf8)
                    .split(separator: "\n")
                func count(_ text: String) -> Int { lines.filter { $0.contains(text) }.count }
                #expect(count("rank \(rank) of 2") == 2)
                #expect(count("fit of 2 epochs of 3 batches, 2 parameters") == 2)
                #expect(count("epoch 0: train_loss") == 2)
                #expect(count("training was cancelled in epoch 1, batch 0") == 2)
                #expect(count("the fit is over after 4 steps") == 2)
                #expect(count("own words of rank \(rank)") == 2)
            }
            #expect(throws: (any Error).self) { try RankLog(folder: "/proc/none", over: SoloCommunicator()) }
        }
    }

    @Test("nobody is told of collectives unless somebody asks; who asks learns of the waiting")
    func observers() throws {
        final class Ear: CommunicationObserver {
            var heard: [(name: String, duration: Int64, waited: Int64)] = []
            func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64) {
                heard.append((name, end - start, waited))
            }
        }
        try InProcessWorld(2).run { communicator in
            let ear = Ear()
            try communicator.barrier(name: "before")
            communicator.observers = [ear]
            if communicator.rank == 1 { Thread.sleep(forTimeInterval: 0.05) }
            try communicator.barrier(name: "late")
            _ = try communicator.allReduce(Double(1))
            communicator.observers = []
            try communicator.barrier(name: "after")
            guard ear.heard.map(\.name) == ["late", ""], ear.heard[0].waited <= ear.heard[0].duration,
                communicator.rank == 1 || ear.heard[0].waited > 20_000_000
            else { throw CheckFailure("rank \(communicator.rank) heard \(ear.heard)") }
        }
    }
}
