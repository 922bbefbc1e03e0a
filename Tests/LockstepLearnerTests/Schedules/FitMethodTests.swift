// SPDX-License-Identifier: Apache-2.0
// Flat-cosine, warm restarts and fine-tuning: the rates and momenta really used.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTesting
import Testing

/// Every group's rate and momentum in each training batch, over all fits.
final class HyperTape: Callback {
    var lrs: [[Double]] = []
    var moms: [[Double]] = []
    var frozen: [Int] = []
    override var order: Int { 65 }
    override func afterBatch(_ learner: Learner) {
        guard learner.training, let optimizer = learner.optimizer else { return }
        lrs.append(optimizer.hypers.map { $0["lr"] ?? .nan })
        moms.append(optimizer.hypers.map { $0["mom"] ?? .nan })
        frozen.append(optimizer.frozenIndex)
    }
}

/// A model of `groups` linear layers, a group each, with `batches` training batches.
func groupedLearner(_ groups: Int, batches: Int = 4, _ callbacks: [Callback] = []) -> Learner {
    let learner = Learner(
        dls: DataLoaders(
            DataLoader(lineDataset(2 * batches), batchSize: 2), DataLoader(lineDataset(2), batchSize: 2)),
        model: Sequential((0..<groups).map { _ in Linear(1, 1) }), loss: .mse, optimizer: .sgd(mom: 0.9),
        splitter: .parts { (model: Sequential) in model.children() }, callbacks: [Recorder()] + callbacks,
        defaultCallbacks: .core)
    learner.logger = SilentLogger()
    return learner
}

@Suite("Fit methods")
struct FitMethodTests {
    @Test("[SCH-02] flat, then a cosine: golden values of §9.4")
    func flatCosine() throws {
        let learner = goldenLearner(batchSize: 2, trainRows: 10)
        try learner.fitFlatCos(2, lr: 1e-2)
        expectClose(
            try #require(learner.recorder?.hps["lr"]), Array(repeating: 0.01, count: 8) + [0.00904509, 0.00345498],
            relative: 1e-5)
    }

    @Test("[SCH-11] flat-cosine honours the epoch it starts at")
    func flatCosineResumed() throws {
        let (whole, rest) = (goldenLearner(batchSize: 2, trainRows: 10), goldenLearner(batchSize: 2, trainRows: 10))
        try whole.fitFlatCos(3, lr: 1e-2)
        try rest.fitFlatCos(3, lr: 1e-2, startEpoch: 1)
        expectClose(
            try #require(rest.recorder?.hps["lr"]), Array(try #require(whole.recorder?.hps["lr"])[5...]), relative: 1e-9
        )
        #expect(rest.recorder?.rows.map(\.epoch) == [1, 2])
    }

    @Test("[SCH-03] warm restarts: golden values of §9.5")
    func sgdr() throws {
        let learner = goldenLearner(batchSize: 2, trainRows: 10)
        try learner.fitSGDR(cycles: 2, cycleLength: 1, lrMax: 1e-2)
        #expect(learner.recorder?.rows.count == 3)
        expectClose(
            try #require(learner.recorder?.hps["lr"]),
            [
                0.01, 0.00904508, 0.00654508, 0.00345492, 0.00095491, 0.01, 0.00975528, 0.00904508, 0.00793893,
                0.00654508, 0.005, 0.00345491, 0.00206107, 0.00095491, 0.00024472,
            ], relative: 2e-5, absolute: 1e-7)
    }

    @Test("[SCH-04] equal cycles; a single one")
    func equalCycles() throws {
        let learner = goldenLearner(batchSize: 2, trainRows: 4)
        try learner.fitSGDR(cycles: 3, cycleLength: 2, lrMax: 1e-2, cycleMultiplier: 1)
        #expect(learner.recorder?.rows.count == 6)
        let rates = try #require(learner.recorder?.hps["lr"])
        expectClose(Array(rates[4..<8]), Array(rates[0..<4]), relative: 1e-9)
        try learner.fitSGDR(cycles: 1, cycleLength: 1)
        #expect(learner.recorder?.rows.count == 1)
    }

    @Test("[SCH-05] fine-tuning: golden values of §9.6")
    func fineTune() throws {
        let tape = HyperTape()
        let learner = groupedLearner(2, [tape])
        try learner.fineTune(1)
        let golden: [[Double]] = [
            [8e-6, 8e-5], [3.6658e-5, 3.6658e-4], [1.0552e-4, 1.0552e-3], [1.7348e-4, 1.7348e-3],
            [2e-6, 2e-4], [9.4641e-6, 9.4641e-4], [8.1175e-6, 8.1175e-4], [2.8307e-6, 2.8307e-4],
        ]
        #expect(tape.lrs.count == 8)
        for (actual, wanted) in zip(tape.lrs, golden) { expectClose(actual, wanted, relative: 5e-5) }
        expectClose(
            tape.moms.map { $0[0] }, [0.95, 0.93507, 0.89921, 0.86381, 0.95, 0.8567, 0.86883, 0.92169], relative: 1e-5)
        #expect(tape.frozen == [1, 1, 1, 1, 0, 0, 0, 0])
    }

    @Test("[SCH-12] slices reach the groups")
    func slices() throws {
        let tape = HyperTape()
        let learner = groupedLearner(3, batches: 2, [tape])
        try learner.fitFlatCos(1, lr: .slice(1e-5, 1e-3), pctStart: 1)
        expectClose(tape.lrs[0], [1e-5, 1e-4, 1e-3], relative: 1e-9)
        try learner.fitOneCycle(1, lrMax: .slice(1e-3), div: 10)
        expectClose(tape.lrs[2], [1e-5, 1e-5, 1e-4], relative: 1e-9)
    }

    @Test("[SCH-13] the recorder keeps the last group's values")
    func lastGroup() throws {
        let learner = groupedLearner(3, batches: 2)
        try learner.fitFlatCos(1, lr: .slice(1e-5, 1e-3), pctStart: 1)
        expectClose(try #require(learner.recorder?.hps["lr"]), [1e-3, 1e-3], relative: 1e-9)
        expectClose(try #require(learner.recorder?.lrs), [1e-3, 1e-3], relative: 1e-9)
    }

    @Test("[SCH-14] a fit after one cycle has the optimizer's own momentum again")
    func momentum() throws {
        let tape = HyperTape()
        let learner = groupedLearner(1, [tape])
        try learner.fitOneCycle(1, lrMax: 1e-2)
        try learner.fit(1)
        #expect(tape.moms.suffix(4).allSatisfy { $0 == [0.9] })
    }

    /// What fastai's fit methods used, as the committed script recorded it.
    private struct Recorded: Decodable {
        struct Fit: Decodable {
            let lr: [[Double]]
            let mom: [[Double]]
        }
        let fits: [String: Fit]
    }

    @Test("[SCH-01] every fit method uses fastai's rates and momenta, batch by batch and group by group")
    func recorded() throws {
        let data = try Data(contentsOf: Reference.folder.appendingPathComponent("schedules.json"))
        let fits = try JSONDecoder().decode(Recorded.self, from: data).fits
        let ours: [String: (groups: Int, batches: Int, fit: (Learner) throws -> Void)] = [
            "fitOneCycle 2x5 lrMax=1e-2": (1, 5, { try $0.fitOneCycle(2, lrMax: 1e-2) }),
            "fitOneCycle 1x4 lrMax=1e-2 moms=.8,.7,.8 pctStart=.5 div=10 divFinal=100": (
                1, 4,
                { try $0.fitOneCycle(1, lrMax: 1e-2, div: 10, divFinal: 100, pctStart: 0.5, moms: (0.8, 0.7, 0.8)) }
            ),
            "fitOneCycle 1x6 lrMax=slice(1e-4,1e-2) 3 groups": (
                3, 6, { try $0.fitOneCycle(1, lrMax: .slice(1e-4, 1e-2)) }
            ),
            "fitOneCycle 1x4 lrMax=slice(1e-2) 3 groups": (3, 4, { try $0.fitOneCycle(1, lrMax: .slice(1e-2)) }),
            "fitFlatCosine 2x5 1e-2": (1, 5, { try $0.fitFlatCos(2, lr: 1e-2) }),
            "fitSGDR 2 cycles of 1 x5 1e-2": (1, 5, { try $0.fitSGDR(cycles: 2, cycleLength: 1, lrMax: 1e-2) }),
            "fineTune 1 x4 2 groups": (2, 4, { try $0.fineTune(1) }),
        ]
        #expect(Set(ours.keys) == Set(fits.keys))
        for (name, golden) in fits {
            guard let run = ours[name] else { continue }
            let tape = HyperTape()
            try run.fit(groupedLearner(run.groups, batches: run.batches, [tape]))
            expectClose(tape.lrs.flatMap { $0 }, golden.lr.flatMap { $0 }, name, relative: 2e-5, absolute: 1e-7)
            expectClose(tape.moms.flatMap { $0 }, golden.mom.flatMap { $0 }, name, relative: 2e-6)
        }
    }
}
