// SPDX-License-Identifier: Apache-2.0
// Curves as text and as SVG.

import Foundation
import LockstepLearner
import LockstepOptim
import Testing

@Suite("Plots")
struct PlotTests {
    @Test("a line in a terminal, character by character")
    func text() {
        let plot = Plot(title: "line", xLabel: "steps", curves: [.init("a", x: [0, 1, 2, 3], y: [0, 1, 2, 3])])
        #expect(
            plot.text(width: 10, height: 4) == """
                line
                3 │         •
                  │      •
                  │   •
                0 │•
                  └──────────
                   0        3  steps\n
                """)
    }

    @Test("empty, one point, not finite, not positive", arguments: [0, 1, 2, 7])
    func edges(_ count: Int) {
        let x = (0..<count).map(Double.init)
        let plot = Plot(logX: true, curves: [.init("a", x: x, y: x.map { $0 == 1 ? .nan : $0 })])
        #expect(plot.pointCount == max(0, count - 2), "0 has no logarithm, 1 has no value")
        #expect(plot.text().split(separator: "\n").count == 17)
        #expect(plot.svg().hasSuffix("</svg>\n"))
    }

    @Test("what a recorder recorded: training and validation losses, epochs, schedules")
    func recorder() throws {
        let learner = goldenLearner(batchSize: 2, trainRows: 10)
        try learner.fitOneCycle(3, lrMax: 1e-2)
        let recorder = try #require(learner.recorder)
        let plot = recorder.plotLoss(skipStart: 5, showEpochs: true)
        #expect(plot.curves.map(\.name) == ["train", "valid"])
        #expect(plot.curves[0].x == (5..<15).map(Double.init) && plot.curves[1].x == [5, 10, 15])
        #expect(plot.verticals == [5, 10, 15])
        #expect(recorder.plotLoss(withValid: false, log: true).curves.count == 1)
        #expect(recorder.plotSchedule().map(\.title) == ["lr", "mom"])
        #expect(recorder.plotSchedule(keys: ["mom"])[0].pointCount == 15)
        let svg = plot.svg()
        #expect(svg.components(separatedBy: "<polyline").count == 3)
        #expect(svg.components(separatedBy: "stroke-dasharray").count == 4)
    }

    @Test("without validation there is only the training loss")
    func noValidation() throws {
        let learner = goldenLearner(
            batchSize: 2, trainRows: 20, defaultCallbacks: [TrainEvalCallback(), Recorder(validMetrics: false)])
        try learner.fit(1)
        #expect(learner.recorder?.plotLoss().curves.map(\.name) == ["train"])
    }

    @Test("the finder's curve with its suggestions")
    func finder() throws {
        let found = try synthLike().lrFind(iterations: 60, stopOnDivergence: false, suggest: [.valley, .steep])
        let plot = found.plot(skipEnd: 5)
        #expect(plot.logX && plot.curves.map(\.name) == ["loss", "valley", "steep"])
        #expect(plot.curves[0].x.count == 55)
        #expect(found.plot(suggestions: false).curves.count == 1)
        #expect(plot.svg().components(separatedBy: "<circle").count == 3)
        #expect(plot.text().contains("+ valley"))
    }
    private func synthLike() -> Learner { goldenLearner(batchSize: 2, trainRows: 20) }
}
