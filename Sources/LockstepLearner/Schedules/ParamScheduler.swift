// SPDX-License-Identifier: Apache-2.0
// Hyper-parameters as functions of training progress.

public import LockstepOptim
public import LockstepTensor

/// Sets hyper-parameters before each training batch from schedules of ``Learner/pctTrain``.
///
/// ```swift
/// try learner.fit(3, callbacks: [ParamScheduler(["lr": .cosine(1e-2, 0)])])
/// ```
///
/// What was scheduled is put back after the fit, so that the next one starts from the optimizer's own values. The last
/// group's values go to ``Recorder/hps``. Schedules are functions of progress, the same on every rank.
public final class ParamScheduler: Callback, Resumable {
    private let names: [String]
    /// For each name one schedule per group, or one for all.
    private let schedules: [[Schedule]]
    private var indices: [Int?] = []
    private var record: [[Double]] = []
    private var before: [[Double]] = []

    /// One schedule for all groups.
    public convenience init(_ schedules: KeyValuePairs<String, Schedule>) {
        self.init(schedules.map { ($0.key, [$0.value]) })
    }

    /// One schedule for each parameter group.
    public convenience init(perGroup schedules: KeyValuePairs<String, [Schedule]>) {
        self.init(schedules.map { ($0.key, $0.value) })
    }

    private init(_ schedules: [(String, [Schedule])]) {
        (names, self.schedules) = (schedules.map(\.0), schedules.map(\.1))
        super.init()
        runValid = false
    }

    /// Whether it sets the hyper-parameter called `name`.
    func sets(_ name: String) -> Bool { names.contains(name) }

    public override var order: Int { 60 }
    public override var takesPartInInference: Bool { false }
    /// No: schedules are functions, and belong to a fit.
    public override var isExported: Bool { false }

    public override func beforeFit(_ learner: Learner) throws {
        guard let optimizer = learner.optimizer else { return }
        record = Array(repeating: [], count: names.count)
        indices = try zip(names, schedules).map { name, schedules in
            guard schedules.count == 1 || schedules.count == optimizer.groups.count else {
                throw OptimizerError(
                    .groupCount,
                    "ParamScheduler: \(schedules.count) schedules of \(name) for \(optimizer.groups.count) groups")
            }
            if optimizer.hyperIndex(name) == nil {
                if optimizer.isWrapped {
                    learner.warn("\(optimizer.rule.name) has no hyper-parameter \(name): its schedule has no effect")
                } else {
                    // A name the rule does not know is added, as fastai does; it has no effect.
                    try optimizer.setHyper(name, .value(schedules[0](0)))
                }
            }
            return optimizer.hyperIndex(name)
        }
        before = names.map { name in optimizer.groups.indices.map { optimizer.hyper(name, group: $0) ?? 0 } }
    }

    /// What is to be put back after the fit: a run that goes on begins in the middle of the schedule.
    public func exchangeState(with archive: StateArchive) throws {
        for (index, name) in names.enumerated() where before.indices.contains(index) {
            let count = before[index].count
            try archive.numbers(
                "before/\(name)", &before[index], count: count...count, in: Checkpoint.range(ofHyper: name))
        }
    }

    public override func beforeBatch(_ learner: Learner) {
        guard let optimizer = learner.optimizer else { return }
        for (position, schedules) in schedules.enumerated() {
            guard let index = indices[position] else { continue }
            for group in optimizer.groups.indices {
                let value = schedules[schedules.count == 1 ? 0 : group](learner.pctTrain)
                optimizer.setHyper(at: index, group: group, value)
            }
        }
    }

    public override func afterBatch(_ learner: Learner) {
        guard let optimizer = learner.optimizer else { return }
        let last = optimizer.groups.count - 1
        for position in names.indices where indices[position] != nil {
            record[position].append(optimizer.hyper(names[position], group: last) ?? 0)
        }
    }

    public override func afterFit(_ learner: Learner) { publish(learner) }

    public override func teardown(_ learner: Learner) {
        guard let optimizer = learner.optimizer else { return }
        for (name, values) in zip(names, before) where values.count == optimizer.groups.count {
            for (group, value) in values.enumerated() {
                if let index = optimizer.hyperIndex(name) { optimizer.setHyper(at: index, group: group, value) }
            }
        }
        before = []
    }

    private func publish(_ learner: Learner) {
        learner.recorder?.hps = Dictionary(zip(names, record), uniquingKeysWith: { $1 })
    }
}

extension ParamScheduler: Configurable {
    public static let configuration = Configuration(ParamScheduler.self) {
        /// What each schedule gives at the start, at quarters, and at the end.
        Field(told: "scheds") { scheduler in
            .string(
                zip(scheduler.names, scheduler.schedules).map { name, schedules in
                    "\(name) \(schedules.map { schedule in [0, 0.25, 0.5, 0.75, 1].map { schedule($0) } })"
                }.joined(separator: "; "))
        }
    }
}
