// SPDX-License-Identifier: Apache-2.0
// What a person sees of a fit: a bar while it runs, a table of its epochs.

public import LockstepTensor

/// Shows a table of rows, and in a terminal a bar for the batches of each phase.
///
/// Where output is no terminal there are plain lines and no bars; `NO_COLOR` takes the colour away; on ranks that do not
/// write it is silent. During a fit the table takes the place of a ``PrintLogger``, with which a learner starts; a logger of your
/// own gets every row, too. ``Learner/withoutLogging(_:)`` silences the table, ``Learner/withoutProgress(_:)`` takes bars and
/// table away: rows then go to the logger alone.
public final class ProgressCallback: Callback {
    private let console: Console
    private var bar: ProgressBar
    private var replaced: (any RowLogger)?
    private var isShown = false

    /// Progress on `console`.
    public init(_ console: Console = .standardOutput) {
        self.console = console
        bar = ProgressBar(console)
    }

    public override var name: String { "progress" }
    public override var order: Int { 60 }
    public override var takesPartInInference: Bool { false }

    public override func beforeFit(_ learner: Learner) {
        isShown = console.isTerminal && learner.showsProgress && learner.coordinator.isWriter
        guard let recorder = learner.recorder, learner.coordinator.isWriter, learner.showsProgress,
            !(learner.logger is SilentLogger)
        else { return }
        let table = TableLogger(console)
        if isShown { table.willWrite = { [weak self] in self?.bar.clear() } }
        replaced = learner.logger
        if !(learner.logger is PrintLogger) { table.next = learner.logger }
        learner.logger = table
        table.begin(recorder.metricNames)
    }

    public override func beforeTrain(_ learner: Learner) { bar.start() }
    public override func beforeValidate(_ learner: Learner) { bar.start() }

    public override func afterBatch(_ learner: Learner) {
        guard isShown else { return }
        bar.update(learner.iter + 1, of: learner.nIter) {
            (
                "epoch \(learner.epoch + 1)/\(learner.nEpoch)\(learner.training ? "" : " valid")",
                learner.smoothLoss.map { fixed($0, 4) } ?? ""
            )
        }
    }

    public override func afterTrain(_ learner: Learner) { bar.clear() }
    public override func afterValidate(_ learner: Learner) { bar.clear() }

    public override func teardown(_ learner: Learner) {
        bar.clear()
        if let replaced { learner.logger = replaced }
        replaced = nil
        isShown = false
    }
}

extension ProgressCallback: Configurable {
    public static let configuration = Configuration(ProgressCallback.self) { _ in ProgressCallback() }
}
