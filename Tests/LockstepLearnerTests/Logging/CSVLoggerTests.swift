// SPDX-License-Identifier: Apache-2.0
// The history file, byte by byte.

import Foundation
import LockstepData
import LockstepLearner
import LockstepOptim
import LockstepTesting
import Testing

@Suite("CSVLogger")
struct CSVLoggerTests {
    private func learner(_ logger: CSVLogger, _ folder: String, metrics: [Metric] = [.mae]) -> Learner {
        let learner = goldenLearner(optimizer: .sgd(mom: 0.9), metrics: metrics, callbacks: [logger])
        learner.path = folder
        return learner
    }
    private func text(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }

    @Test("[LOG-01] the bytes of a file of two epochs")
    func bytes() throws {
        try withTemporaryFolder { folder in
            let logger = CSVLogger()
            let learner = learner(logger, folder.path)
            try learner.fit(2)
            let rows = try #require(learner.recorder?.values).enumerated().map { epoch, values in
                "\(epoch),\(values.map { "\($0 ?? .nan)" }.joined(separator: ",")),00:00\n"
            }
            let content = try text(folder.path + "/history.csv")
            #expect(content == "epoch,train_loss,valid_loss,mae,time\n" + rows.joined())
            let table = try logger.readLog(for: learner)
            #expect(table.rowCount == 2)
            let golden = [[4.107140, 2.640816], [10.549709, 0.942346]]
            for (line, wanted) in zip(content.split(separator: "\n").dropFirst(), golden) {
                let fields = line.split(separator: ",").map(String.init)
                #expect(fields.count == 5 && fields[4] == "00:00")
                expectClose(try #require(Double(fields[3])), wanted[1], relative: 1e-5)
            }
        }
    }

    @Test("[LOG-02] appending keeps one header; starting anew drops what was there")
    func appending() throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/log.csv"
            for append in [false, true, true] {
                try learner(CSVLogger(filename: "log.csv", append: append), folder.path).fit(1)
            }
            var lines = try text(path).split(separator: "\n")
            #expect(lines.count == 4 && lines.count { $0.hasPrefix("epoch") } == 1)
            try learner(CSVLogger(filename: "log.csv"), folder.path).fit(1)
            lines = try text(path).split(separator: "\n")
            #expect(lines.count == 2)
        }
    }

    @Test("[LOG-02] a second fit of one learner goes on in the file")
    func secondFit() throws {
        try withTemporaryFolder { folder in
            let learner = learner(CSVLogger(), folder.path)
            try learner.fit(1)
            try learner.fit(2)
            #expect(
                try text(folder.path + "/history.csv").split(separator: "\n").map { $0.prefix(2) } == [
                    "ep", "0,", "0,", "1,",
                ])
            learner.metrics = []
            let error = #expect(throws: CallbackError.self) { try learner.fit(1) }
            #expect(error?.description.contains("other columns") == true)
        }
    }

    @Test("[LOG-03] validate, predictions and lrFind do not touch the file")
    func inference() throws {
        try withTemporaryFolder { folder in
            let learner = learner(CSVLogger(), folder.path)
            _ = try learner.validate()
            #expect(!Files.exists(folder.path + "/history.csv"))
            try learner.fit(1)
            let before = try text(folder.path + "/history.csv")
            _ = try learner.validate()
            _ = try learner.predictions()
            _ = try learner.lrFind(iterations: 6)
            #expect(try text(folder.path + "/history.csv") == before)
        }
    }

    @Test("names with commas and quotes are quoted, unknown values empty")
    func quoting() throws {
        try withTemporaryFolder { folder in
            let metric = ValueMetric("a, \"b\"") { nil }
            try learner(CSVLogger(), folder.path, metrics: [metric]).fit(1)
            let lines = try text(folder.path + "/history.csv").split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0] == "epoch,train_loss,valid_loss,\"a, \"\"b\"\"\",time")
            #expect(lines[1].hasSuffix(",,00:00"))
        }
    }

    @Test("a row that cannot be written costs no training, and is there with the next one; the end wants them all")
    func badMoment() throws {
        try withTemporaryFolder { folder in
            // Gone once the first epoch is over, and back before the last one ends, or never.
            for isBack in [true, false] {
                let path = folder.path + "/run-\(isBack)"
                try Files.createFolder(path)
                let learner = learner(CSVLogger(), path)
                try learner.on(.beforeEpoch) { learner in
                    switch learner.epoch {
                    case 1:
                        try FileManager.default.removeItem(atPath: path)
                        try Files.writeAtomically([Array("in the way".utf8)], to: path)
                    case 3 where isBack: try FileManager.default.removeItem(atPath: path)
                    default: break
                    }
                }
                if isBack {
                    try learner.fit(4)
                    let lines = try text(path + "/history.csv").split(separator: "\n")
                    #expect(lines.map { $0.prefix(2) } == ["ep", "0,", "1,", "2,", "3,"])
                } else {
                    let error = #expect(throws: CallbackError.self) { try learner.fit(4) }
                    #expect(error?.description.contains("history.csv") == true, "\(String(describing: error))")
                    #expect(learner.recorder?.rows.count == 4)
                    // The next fit brings the rows that the first could not write.
                    try FileManager.default.removeItem(atPath: path)
                    try learner.fit(1)
                    let lines = try text(path + "/history.csv").split(separator: "\n")
                    #expect(lines.map { $0.prefix(2) } == ["ep", "0,", "1,", "2,", "3,", "0,"])
                }
            }
        }
    }

    @Test("a file that cannot be written is an error before training, and so is a missing recorder")
    func failures() throws {
        let error = #expect(throws: CallbackError.self) {
            try learner(CSVLogger(filename: "a.csv"), "/nonexistent").fit(1)
        }
        #expect(error?.description.contains("/nonexistent/a.csv") == true)
        #expect(throws: CallbackError.self) { try tinyLearner([CSVLogger()]).fit(1) }
    }
}
