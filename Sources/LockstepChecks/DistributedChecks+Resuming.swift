// SPDX-License-Identifier: Apache-2.0
// Interrupted anywhere and resumed: the bits of an uninterrupted run.

import Foundation
public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    /// Checks of runs that are interrupted, for a few ranks: each trains many times.
    public static let resumingAnywhere: [(name: String, body: @Sendable (any Communicator) throws -> Void)] =
        ResumeScene.all.map { scene in
            ("interrupted anywhere, resumed to the bit: \(scene.name)", { try interruptAnywhere(scene, $0) })
        }
        + ResumeScene.all.filter { $0.tolerance < .infinity }.map { scene in
            ("interrupted on two ranks, resumed on any number: \(scene.name)", { try changeRanks(scene, $0) })
        }

    /// A batch of the loop.
    private struct Place: CustomStringConvertible {
        let (epoch, batch): (Int, Int)
        let isTraining: Bool
        var description: String { "epoch \(epoch), \(isTraining ? "training" : "validation") batch \(batch)" }
    }

    private static func interruptAnywhere(_ scene: ResumeScene, _ c: any Communicator) throws {
        try inSharedFolder(c) { folder in
            let whole = scene.make(folder, [])
            var places: [Place] = []
            try whole.on(.afterLoss) { learner in
                places.append(Place(epoch: learner.epoch, batch: learner.iter, isTraining: learner.training))
            }
            try run(whole, scene, over: c)
            // On every rank the same places, whatever its parts hold.
            var numbers = places.flatMap { [$0.epoch, $0.batch, $0.isTraining ? 1 : 0] }
            try c.broadcast(&numbers, from: 0, name: "places")
            places = stride(from: 0, to: numbers.count, by: 3).map {
                Place(epoch: numbers[$0], batch: numbers[$0 + 1], isTraining: numbers[$0 + 2] == 1)
            }
            // On several ranks, which take longer, every fifth.
            for (number, place) in places.enumerated() where c.size == 1 || number % 5 == c.size - 2 {
                let first = scene.make(folder, [])
                guard let point = try interrupt(first, scene, at: place, over: c) else { continue }
                let bytes = try Files.read(folder + "/stop.safetensors")
                // A second end, as the epochs before are over already: the checkpoint stays.
                try endEarly(scene.make(folder, []), scene, point, over: c)
                try require(
                    try Files.read(folder + "/stop.safetensors") == bytes, "\(place): the checkpoint has changed")
                try c.barrier()
                let second = scene.make(folder, [])
                try resume(second, scene, over: c)
                try compare(second, with: whole, "\(place), resumed at \(point)", 0)
            }
            try eachEpoch(scene, whole, folder, over: c)
        }
    }

    /// The checkpoints after every epoch, too, lead to the same end.
    private static func eachEpoch(
        _ scene: ResumeScene, _ whole: Learner, _ folder: String, over c: any Communicator
    ) throws {
        for last in 0..<2 {
            let first = scene.make(folder, [PreemptionCallback(saving: "stop", everyEpochs: 1, requested: { nil })])
            try first.on(.beforeBatch) { learner in
                // Killed, as far as the checkpoint knows.
                if learner.epoch == last + 1, learner.training, learner.iter == 1 { throw CancelSignal.fit }
            }
            try run(first, scene, over: c)
            let second = scene.make(folder, [])
            try resume(second, scene, over: c)
            try compare(second, with: whole, "after epoch \(last)", 0)
        }
    }

    private static func changeRanks(_ scene: ResumeScene, _ c: any Communicator) throws {
        try inSharedFolder(c) { folder in
            let whole = scene.make(folder, [])
            try run(whole, scene, over: c)
            for place in [Place(epoch: 1, batch: 1, isTraining: true), Place(epoch: 0, batch: 1, isTraining: false)] {
                if let two = try c.split(color: c.rank < 2 ? 0 : nil, key: c.rank) {
                    _ = try interrupt(scene.make(folder, []), scene, at: place, over: two)
                }
                try c.barrier()
                let second = scene.make(folder, [])
                try resume(second, scene, over: c)
                try compare(second, with: whole, "\(place), begun on two ranks", c.size <= 2 ? 0 : scene.tolerance)
            }
        }
    }

    // MARK: Runs

    static func run(
        _ learner: Learner, _ scene: ResumeScene, _ callbacks: [Callback] = [], resume: ResumePolicy = .never,
        over c: any Communicator
    ) throws {
        guard c.size > 1 else { return try scene.fit(learner, callbacks, resume) }
        try learner.addCallback(DistributedCallback(communicator: c, batchNorm: scene.batchNorm))
        defer { learner.detachDistributed() }
        try scene.fit(learner, callbacks, resume)
    }

    /// A run that is asked to stop in a batch, by the last rank; nil when the fit was over before it did.
    private static func interrupt(
        _ learner: Learner, _ scene: ResumeScene, at place: Place, over c: any Communicator
    ) throws -> ResumePoint? {
        var wanted: Int32?
        let preemption = PreemptionCallback(saving: "stop", everyEpochs: 1, console: Console { _ in }) { wanted }
        try learner.addCallback(preemption)
        try learner.on(.beforeBatch) { learner in
            if learner.epoch == place.epoch, learner.iter == place.batch, learner.training == place.isTraining,
                c.rank == c.size - 1
            {
                wanted = 15
            }
        }
        try run(learner, scene, over: c)
        return preemption.signal == nil ? nil : learner.place
    }

    private static func resume(_ learner: Learner, _ scene: ResumeScene, over c: any Communicator) throws {
        let point = try learner.loadResumePoint("stop")
        try run(learner, scene, [ResumeCallback(point)], over: c)
    }

    /// A resumed run that ends as soon as it begins to train, with a checkpoint after every epoch.
    private static func endEarly(
        _ learner: Learner, _ scene: ResumeScene, _ point: ResumePoint, over c: any Communicator
    ) throws {
        try learner.addCallback(PreemptionCallback(saving: "stop", everyEpochs: 1, requested: { nil }))
        try learner.on(.beforeTrain) { learner in if learner.epoch == point.epoch { throw CancelSignal.fit } }
        try resume(learner, scene, over: c)
    }

    // MARK: Comparison

    static func compare(
        _ resumed: Learner, with whole: Learner, _ what: String, _ tolerance: Double
    ) throws {
        func state(_ learner: Learner) -> [Double] {
            let moments =
                learner.optimizer?.stateDictionary.entries.flatMap { $0.tensors.flatMap { $0.tensor.doubles } } ?? []
            return learner.model.stateDictionary().flatMap { $0.tensor.doubles } + (tolerance == 0 ? moments : [])
        }
        func rows(_ learner: Learner) -> [[Double]] {
            (learner.recorder?.rows ?? []).map { [Double($0.epoch)] + $0.values.map { $0 ?? -1 } }
        }
        let (a, b) = (state(resumed), state(whole))
        let worst = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        try require(
            a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) },
            "\(what): the resumed run differs by \(worst)")
        let (own, all) = (rows(resumed), rows(whole))
        for row in own {
            let expected = all.first { $0[0] == row[0] } ?? []
            try require(
                row.count == expected.count
                    && zip(row, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) },
                "\(what): the row \(row), in the uninterrupted run \(expected)")
        }
        try require(own.map(\.[0]) == all.suffix(own.count).map(\.[0]), "\(what): rows of epochs \(own.map(\.[0]))")
    }

    /// The same name on every rank, in rank 0's folder.
    static func inSharedFolder(_ c: any Communicator, _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in try body(c.broadcast(folder.path, from: 0, name: "folder")) }
        try c.barrier()
    }
}
