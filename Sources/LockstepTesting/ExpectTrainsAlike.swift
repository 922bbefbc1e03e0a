// SPDX-License-Identifier: Apache-2.0
// Training on ranks held against one process: the promise that callbacks, metrics, losses and layers of one's own must keep, too.

import LockstepComm
import LockstepDistributed
public import LockstepLearner
import LockstepNN
import LockstepTensor

/// Expects that a learner trains on several ranks as it does in one process: weights, losses and metrics are the same, to
/// rounding, on every rank.
///
/// ```swift
/// @Test func myCallback() throws {
///     try expectTrainsAlike { synthLearner(callbacks: [MyCallback()]) }
/// }
/// ```
///
/// Ranks are threads of this process and run the code that processes run under MPI.
/// - Parameters:
///   - ranks: On how many ranks, each number by itself.
///   - relative: How far numbers may lie apart, in parts of what one process has.
///   - absolute: Likewise, near zero.
///   - make: A learner, made anew for each rank; equal seeds are set before.
///   - training: What is done with it.
/// - Throws: What `make` and `training` throw; on ranks as the `RankFailure` of the first rank that failed.
public func expectTrainsAlike(
    ranks: [Int] = [2, 3], relative: Double = 1e-4, absolute: Double = 1e-5,
    fileID: String = #fileID, filePath: String = #filePath, line: Int = #line, column: Int = #column,
    _ make: @escaping @Sendable () throws -> Learner,
    training: @escaping @Sendable (Learner) throws -> Void = { try $0.fit(2) }
) throws {
    @Sendable func train(over communicator: (any Communicator)?) throws -> TrainingOutcome {
        setSeed(0)
        let learner = try make()
        if learner.recorder == nil { try learner.addCallback(Recorder()) }
        try learner.withoutLogging {
            guard let communicator else { return try training(learner) }
            try learner.distributed(over: communicator) { try training(learner) }
        }
        return TrainingOutcome(learner)
    }
    let expected = try train(over: nil)
    for size in ranks {
        let outcomes = try InProcessWorld(size).run { try train(over: $0) }
        for (rank, outcome) in outcomes.enumerated() {
            let place = "rank \(rank) of \(size)"
            if outcome.values.map(\.name) != expected.values.map(\.name) {
                report(
                    "\(place) has \(outcome.values.map(\.name)), one process \(expected.values.map(\.name))",
                    fileID: fileID, filePath: filePath, line: line, column: column)
            }
            for (value, other) in zip(outcome.values, expected.values) {
                expectClose(
                    value.numbers, other.numbers, "\(place): \(value.name)", relative: relative, absolute: absolute,
                    nanEqual: true, fileID: fileID, filePath: filePath, line: line, column: column)
            }
        }
    }
}

/// The numbers that training has led to.
private struct TrainingOutcome: Sendable {
    /// Weights and running statistics by their names, then what the recorder has kept.
    let values: [(name: String, numbers: [Double])]

    init(_ learner: Learner) {
        values =
            learner.model.stateDictionary().map { ($0.name, $0.tensor.doubles) } + [
                ("training losses, batch by batch", learner.recorder?.losses ?? []),
                ("rows of the table", (learner.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } }),
            ]
    }
}
