// SPDX-License-Identifier: Apache-2.0
// The losses as a graph that grows with every epoch.

import LockstepData

/// Draws training and validation loss after every epoch: below the table in a terminal, where the graph of the last epoch
/// is replaced; elsewhere once, when the fit ends. With a file it also writes an SVG document after every epoch.
///
/// The axes reach as far as the fit will go, and from 0 to the largest loss. Sits out inference and `lrFind`. On several
/// ranks only the writing rank draws and writes.
/// - Note: fastai: `ShowGraphCallback`.
public final class ShowGraphCallback: Callback {
    /// The graph so far; nil before the first epoch has ended.
    public private(set) var plot: Plot?
    private let file: String?
    private let console: Console
    private var drawnLines = 0
    private var steps = 0

    /// - Parameter file: Where an SVG document goes, relative to the learner's path; nil for none.
    public init(file: String? = nil, console: Console = .standardOutput) {
        (self.file, self.console) = (file, console)
        super.init()
        runValid = false
    }

    public override var order: Int { 65 }
    public override var runsAfter: [Callback.Type] { [ProgressCallback.self, Recorder.self] }
    public override var takesPartInInference: Bool { false }
    public override var isExported: Bool { false }

    /// - Throws: ``LearnerError`` without a recorder.
    public override func beforeFit(_ learner: Learner) throws {
        guard learner.recorder != nil else {
            throw LearnerError(.missingCallback, "ShowGraphCallback: there is no Recorder whose losses could be drawn")
        }
        (plot, drawnLines, steps) = (nil, 0, 0)
    }

    public override func afterTrain(_ learner: Learner) { steps = learner.nIter * learner.nEpoch }

    /// Takes the graph away, so that the row of this epoch follows that of the last.
    public override func afterValidate(_ learner: Learner) {
        guard drawnLines > 0 else { return }
        console.write("\u{1B}[\(drawnLines)A\r\u{1B}[J")
        drawnLines = 0
    }

    public override func afterEpoch(_ learner: Learner) throws {
        guard let recorder = learner.recorder, !recorder.losses.isEmpty else { return }
        var new = recorder.plotLoss(skipStart: 0)
        (new.xRange, new.yRange) = (0...Double(max(steps, recorder.losses.count)), 0...0)
        plot = new
        if console.isTerminal, learner.coordinator.isWriter {
            let text = new.text()
            console.write(text)
            drawnLines = text.count { $0 == "\n" }
        }
        if let file {
            try learner.coordinator.write {
                try Files.writeAtomically([Array(new.svg().utf8)], to: joinedPath(learner.path, file))
            }
        }
    }

    public override func afterFit(_ learner: Learner) {
        if !console.isTerminal, learner.coordinator.isWriter, let plot { console.write(plot.text()) }
    }
}
