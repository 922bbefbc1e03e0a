// SPDX-License-Identifier: Apache-2.0
// What a person sees of a fit.

import LockstepLearner
import LockstepTesting
import Testing

@Suite("Progress")
struct ProgressTests {
    private func learner(_ console: Console, _ coordinator: (any TrainingCoordinator)? = nil) -> Learner {
        let learner = goldenLearner(
            metrics: [.mae], defaultCallbacks: [TrainEvalCallback(), Recorder(), ProgressCallback(console)])
        learner.logger = PrintLogger(console)
        if let coordinator { learner.coordinator = coordinator }
        return learner
    }

    @Test("where nobody watches: a table of plain lines and nothing else")
    func plain() throws {
        let text = TextCollector()
        let learner = learner(text.console())
        let logger = learner.logger
        try learner.fit(2)
        let lines = text.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[0] == "epoch  train_loss  valid_loss  mae       time")
        #expect(lines[1].wholeMatch(of: /0      \d+\.\d{6} +\d+\.\d{6} +\d+\.\d{6}  \d\d:\d\d/) != nil, "\(lines[1])")
        #expect(!text.text.contains("\u{1B}"))
        #expect(learner.logger === logger)
    }

    @Test("in a terminal: a bar that is taken away before lines are written")
    func terminal() throws {
        let text = TextCollector()
        let learner = learner(text.console(isTerminal: true))
        try learner.fit(1)
        #expect(text.text.contains("epoch 1/1"))
        #expect(text.text.contains("\r\u{1B}[K0      "))
        #expect(!text.text.contains("\u{1B}[36m"))
        #expect(text.text.hasSuffix("\n"))
    }

    @Test("colour only where it is wanted")
    func colour() throws {
        let text = TextCollector()
        try learner(text.console(isTerminal: true, usesColor: true)).fit(1)
        #expect(text.text.contains("\u{1B}[1mepoch"))
    }

    /// Keeps the rows it gets.
    private final class RowKeeper: RowLogger {
        var headers: [[String]] = []
        var rows: [EpochRow] = []
        func begin(_ header: [String]) { headers.append(header) }
        func log(_ row: EpochRow) { rows.append(row) }
    }

    @Test("a logger of one's own gets every row: beside the table, and alone in withoutProgress")
    func ownLogger() throws {
        let (text, rows) = (TextCollector(), RowKeeper())
        let learner = learner(text.console())
        learner.logger = rows
        try learner.fit(2)
        #expect(rows.rows.map(\.epoch) == [0, 1] && rows.headers.count == 1)
        #expect(text.text.split(separator: "\n").count == 3)
        try learner.withoutProgress { try learner.fit(1) }
        #expect(rows.rows.count == 3 && rows.headers.count == 2)
        #expect(text.text.split(separator: "\n").count == 3, "no table without the callback's part: \(text.text)")
        #expect(learner.logger === rows)
        try learner.withoutLogging { try learner.fit(1) }
        #expect(rows.rows.count == 3)
    }

    @Test("the logger that a learner starts with prints lists where there is no table, and nothing beside one")
    func firstLogger() throws {
        let text = TextCollector()
        let learner = goldenLearner(
            metrics: [.mae], defaultCallbacks: [TrainEvalCallback(), Recorder(), ProgressCallback(text.console())])
        let first = PrintLogger(TextCollector().console())
        learner.logger = first
        var during: (any RowLogger)?
        try learner.on(.beforeEpoch) { during = $0.logger }
        try learner.fit(1)
        #expect(during is TableLogger && learner.logger === first)
        try learner.withoutProgress { try learner.fit(1) }
        #expect(during === first)
    }

    @Test(
        "withoutProgress takes bars and table, as fastai's no_bar: rows are lists then; withoutLogging takes the table")
    func scopes() throws {
        let (bars, table) = (TextCollector(), TextCollector())
        let first = learner(bars.console(isTerminal: true))
        try first.withoutLogging { try first.fit(1) }
        #expect(bars.text.contains("epoch 1/1") && !bars.text.contains("train_loss"))
        let second = learner(table.console(isTerminal: true))
        try second.withoutProgress { try second.fit(1) }
        #expect(!table.text.contains("epoch 1/1") && !table.text.contains("train_loss"))
        #expect(table.text.wholeMatch(of: /\[0, .*\]\n/) != nil, "\(table.text)")
    }

    @Test("ranks that do not write are silent")
    func silent() throws {
        let text = TextCollector()
        let learner = learner(text.console(isTerminal: true), ReadingCoordinator())
        try learner.fit(1)
        _ = try learner.validate()
        #expect(text.text.isEmpty)
    }

    @Test("inference shows nothing, and an error leaves the logger as it was")
    func restored() throws {
        struct Oops: Error {}
        let text = TextCollector()
        let learner = learner(text.console())
        let logger = learner.logger
        _ = try learner.validate()
        #expect(text.text.isEmpty)
        #expect(throws: CallbackError.self) { try learner.fit(1, callbacks: [Throwing(Oops(), at: .afterStep)]) }
        #expect(learner.logger === logger)
    }
}

/// A rank that is not the writing one, with nobody else there.
final class ReadingCoordinator: TrainingCoordinator {
    var isWriter: Bool { false }
    func enter(_ phase: Phase) {}
    func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
    func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
    func gather(_ rows: BatchRows) -> BatchRows { BatchRows() }
    func write(_ body: () throws -> Void) throws {}
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] { try body() }
    func abandon(because error: any Error) {}
}
