// SPDX-License-Identifier: Apache-2.0
// The graph of losses: when it is drawn, where, and what its axes show.

import Foundation
import LockstepData
import LockstepLearner
import LockstepTesting
import Testing

@Suite("ShowGraphCallback")
struct ShowGraphTests {
    @Test("in a terminal the graph of the last epoch is taken away before the next row")
    func terminal() throws {
        let text = TextCollector()
        let console = text.console(isTerminal: true)
        let learner = goldenLearner(
            defaultCallbacks: [
                TrainEvalCallback(), Recorder(), ProgressCallback(console), ShowGraphCallback(console: console),
            ])
        learner.logger = PrintLogger(console)
        try learner.fit(3)
        let drawings = text.text.split(separator: "learning curve", omittingEmptySubsequences: false)
        #expect(drawings.count == 4)
        let lines = drawings[1].prefix { $0 != "\u{1B}" }.count { $0 == "\n" }
        #expect(text.text.count(of: "\u{1B}[\(lines)A\r\u{1B}[J") == 2, "\(lines) lines are taken away twice")
    }

    @Test("elsewhere it is drawn once, at the end; with a file there is an SVG document after every epoch")
    func file() throws {
        try withTemporaryFolder { folder in
            let text = TextCollector()
            let graph = ShowGraphCallback(file: "loss.svg", console: text.console())
            let learner = goldenLearner(callbacks: [graph])
            learner.path = folder.path
            var sizes: [Int] = []
            try learner.on(.afterEpoch, order: 99) { _ in sizes.append(try Files.read(folder.path + "/loss.svg").count)
            }
            try learner.fit(3)
            #expect(sizes.count == 3 && sizes[0] < sizes[2])
            #expect(text.text.count(of: "learning curve") == 1)
            let plot = try #require(graph.plot)
            #expect(plot.xRange == 0...6 && plot.curves.map(\.name) == ["train", "valid"] && plot.pointCount == 9)
            #expect(plot.svg().contains(">0</text>"))
        }
    }

    @Test("it sits out validate, and needs a recorder")
    func others() throws {
        let text = TextCollector()
        let learner = goldenLearner(callbacks: [ShowGraphCallback(console: text.console(isTerminal: true))])
        _ = try learner.validate()
        #expect(text.text.isEmpty)
        #expect(throws: CallbackError.self) { try tinyLearner([ShowGraphCallback()]).fit(1) }
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
