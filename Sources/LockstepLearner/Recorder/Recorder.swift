// SPDX-License-Identifier: Apache-2.0
// Learning rates, losses and metrics of a fit.

import LockstepOptim
public import LockstepTensor

/// Records learning rates and smoothed losses per batch, and one row of losses and metrics per epoch, and logs the rows.
///
/// Every row has one value per column, nil where nothing is known: a phase that was cancelled does not shift the others.
/// Inference does not touch what was recorded. On several ranks the values are those of one process over the same items,
/// the same on every rank; only the writing rank logs.
public final class Recorder: Callback, Resumable {
    /// Whether rows carry the time the epoch took.
    public let addTime: Bool
    /// Whether metrics are computed on training batches, from the predictions they were trained with.
    public let trainMetrics: Bool
    /// Whether loss and metrics are computed on validation batches.
    public let validMetrics: Bool

    /// Learning rate of the last parameter group in each training batch of the fit.
    @exclusivity(unchecked) public internal(set) var lrs: [Double] = []
    /// Smoothed loss after each training batch of the fit.
    @exclusivity(unchecked) public internal(set) var losses: [Double] = []
    /// For each row, how many training batches had been seen.
    @exclusivity(unchecked) public internal(set) var iters: [Int] = []
    /// The rows of the fit.
    public internal(set) var rows: [EpochRow] = []
    /// The columns between epoch and time.
    public private(set) var names: [String] = []
    /// What a ``ParamScheduler`` recorded: for each hyper-parameter the last group's value in each training batch.
    @exclusivity(unchecked) public internal(set) var hps: [String: [Double]] = [:]

    /// How much of the smoothed loss stays from batch to batch.
    var beta: Double { smooth.beta }

    let smooth: AvgSmoothLoss
    private let validLoss = AvgLoss()
    @exclusivity(unchecked) private var trainValues: [Double?]?
    @exclusivity(unchecked) private var validValues: [Double?]?
    @exclusivity(unchecked) private var metrics: [Metric] = []
    @exclusivity(unchecked) private var sawPhase = false
    @exclusivity(unchecked) private var isCancelled = false
    private var start = ContinuousClock.now

    /// A recorder; `beta` is how much of the smoothed loss stays at each batch.
    public init(addTime: Bool = true, trainMetrics: Bool = false, validMetrics: Bool = true, beta: Double = 0.98) {
        (self.addTime, self.trainMetrics, self.validMetrics) = (addTime, trainMetrics, validMetrics)
        smooth = AvgSmoothLoss(beta: beta)
    }

    public override var order: Int { 50 }
    public override var takesPartInInference: Bool { false }

    /// The values of each row: `rows.map(\.values)`.
    public var values: [[Double?]] { rows.map(\.values) }
    /// All columns: epoch, ``names``, and time if it is recorded.
    public var metricNames: [String] { ["epoch"] + names + (addTime ? ["time"] : []) }

    public override func beforeFit(_ learner: Learner) {
        (lrs, losses, iters, rows, hps) = ([], [], [], [], [:])
        smooth.reset()
        learner.smoothLoss = nil
        metrics = learner.metrics
        names = columnNames(metrics.map(\.name))
        if learner.coordinator.isWriter { learner.logger.begin(metricNames) }
    }

    /// The smoothed loss, and what metrics have seen of the training phase. Rows are those of this program's part of the run.
    public func exchangeState(with archive: StateArchive) throws {
        try smooth.exchangeSum(with: archive)
        try exchangeHistory(with: archive)
        guard trainMetrics else { return }
        for (index, metric) in metrics.enumerated() {
            try archive.part("metric.\(index)") { try metric.exchangeSeen(with: $0) }
        }
    }

    public override func beforeEpoch(_ learner: Learner) {
        (trainValues, validValues, sawPhase) = (nil, nil, false)
        start = .now
    }

    public override func beforeTrain(_ learner: Learner) {
        (sawPhase, isCancelled) = (true, false)
        if trainMetrics { for metric in metrics { metric.reset() } }
    }

    public override func beforeValidate(_ learner: Learner) {
        (sawPhase, isCancelled) = (true, false)
        validLoss.reset()
        if validMetrics { for metric in metrics { metric.reset() } }
    }

    public override func afterBatch(_ learner: Learner) {
        guard learner.isLabelled else { return }
        if learner.training {
            smooth.accumulate(learner)
            if let loss = smooth.value { losses.append(loss) }
            learner.smoothLoss = smooth.value
            if let optimizer = learner.optimizer {
                lrs.append(optimizer.hyper("lr", group: optimizer.groups.count - 1) ?? 0)
            }
            if trainMetrics { accumulate(learner) }
        } else if validMetrics {
            validLoss.accumulate(learner)
            accumulate(learner)
        }
    }

    public override func afterCancelTrain(_ learner: Learner) { isCancelled = true }
    public override func afterCancelValidate(_ learner: Learner) { isCancelled = true }

    public override func afterTrain(_ learner: Learner) throws {
        if isCancelled { return }
        // Smoothed over all ranks' losses already, but a rank may have left a batch before it recorded it.
        trainValues = try learner.coordinator.values(of: [smooth] + (trainMetrics ? metrics : []))
    }

    public override func afterValidate(_ learner: Learner) throws {
        if isCancelled { return }
        validValues = validMetrics ? try learner.coordinator.values(of: [validLoss] + metrics) : []
    }

    public override func afterEpoch(_ learner: Learner) throws {
        // An epoch that was given up before it began, on whichever rank, has no row on any.
        guard try learner.coordinator.average(sawPhase ? 1 : 0, weight: 1).mean == 1 else { return }
        let seconds = addTime ? Double((ContinuousClock.now - start).components.seconds) : nil
        let unknownTrain = [Double?](repeating: nil, count: 1 + (trainMetrics ? metrics.count : 0))
        let unknownValid = [Double?](repeating: nil, count: validMetrics ? 1 + metrics.count : 0)
        let row = EpochRow(
            epoch: learner.epoch, names: names, values: (trainValues ?? unknownTrain) + (validValues ?? unknownValid),
            seconds: seconds)
        learner.finalRecord = row.values
        rows.append(row)
        iters.append(smooth.count)
        if learner.coordinator.isWriter { learner.logger.log(row) }
    }

    private func accumulate(_ learner: Learner) {
        if learner.preds.isEmpty { return }
        for metric in metrics { metric.take(learner) }
    }

    private func columnNames(_ metrics: [String]) -> [String] {
        switch (trainMetrics, validMetrics) {
        case (true, true):
            ["train_loss"] + metrics.map { "train_\($0)" } + ["valid_loss"] + metrics.map { "valid_\($0)" }
        case (true, false): ["train_loss"] + metrics
        case (false, true): ["train_loss", "valid_loss"] + metrics
        case (false, false): ["train_loss"]
        }
    }
}

extension Recorder: Configurable {
    public static let configuration = Configuration(Recorder.self) {
        Field("addTime", \.addTime)
        Field("trainMetrics", \.trainMetrics)
        Field("validMetrics", \.validMetrics)
        Field("beta", \.beta, .within(0...1))
    } make: {
        Recorder(
            addTime: try $0("addTime"), trainMetrics: try $0("trainMetrics"), validMetrics: try $0("validMetrics"),
            beta: try $0("beta"))
    }
}
