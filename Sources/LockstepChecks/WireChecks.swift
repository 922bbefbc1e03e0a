// SPDX-License-Identifier: Apache-2.0
// Checks of what travels between nodes, and of the probe that decides who updates.

public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// Checks of `GradientCompression` and of the choice that `UpdatePolicy/automatic` makes; each is collective.
public enum WireChecks {
    /// Every check, with the promise it checks.
    public static let all: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("sums in bf16 between nodes keep their bound, and the same bits everywhere", compressedSums),
        ("training in bf16 between nodes stays near, and is the same within one", compressedTraining),
        ("what is measured about updates touches nothing, and is the same everywhere", updateProbe),
    ]

    private static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
        if !condition { throw CheckFailure(message()) }
    }

    /// Which ranks exchange through shared memory: those whose numbers are equal.
    private static func sharingPlaces(_ c: any Communicator) throws -> [Int] {
        try c.allGather([Int64(c.allocateShared(byteCount: 1).ranks[0])], name: "places").map(Int.init)
    }

    // MARK: Compression

    /// What rank `rank` holds at `index`: magnitudes over a wide range, both signs.
    private static func value(_ rank: Int, _ index: Int) -> Float {
        let mantissa = Float((index &* 40_503 &+ rank &* 2_654_435_761) & 0xFFFF) / 65_536 - 0.5
        return mantissa * (index % 3 == 0 ? 1e6 : index % 3 == 1 ? 1 : 1e-20)
    }

    @Sendable static func compressedSums(_ c: any Communicator) throws {
        let places = try sharingPlaces(c)
        let nodes = Set(places).sorted()
        for count in [1, 2, 31, 32, 33, 1009, 300_007] {
            let plain = try SharedReducer(over: c, floatCount: count + 2)
            let reducer = try SharedReducer(over: c, floatCount: count + 2, compression: .bf16)
            for arena in [plain.arena, reducer.arena] {
                for index in 0..<count { arena[index] = value(c.rank, index) }
                (arena[count], arena[count + 1]) = (1001, Float(c.rank))
            }
            let weight = Double(c.rank + 1)
            try plain.reduce(weight: weight, tailCount: 2)
            try reducer.reduce(weight: weight, tailCount: 2)
            try require(
                Array(reducer.arena[count...]) == Array(plain.arena[count...]), "the tail is rounded, \(count) floats")
            if nodes.count == 1 {
                try require(
                    reducer.arena.map(\.bitPattern) == plain.arena.map(\.bitPattern),
                    "rounded inside a node, \(count) floats")
                continue
            }
            let total = Double(c.size * (c.size + 1) / 2)
            for index in stride(from: 0, to: count, by: count > 10_000 ? 7 : 1) {
                var (sums, magnitude) = ([Double](repeating: 0, count: c.size), 0.0)
                for rank in 0..<c.size {
                    let term = Double(rank + 1) / total * Double(value(rank, index))
                    sums[places[rank]] += term
                    magnitude += abs(term)
                }
                let exact = sums.reduce(0, +)
                let bound =
                    (sums.reduce(0) { $0 + abs($1) } + (nodes.count > 2 ? abs(exact) : 0)) * (1 / 256 + 5e-5)
                    + magnitude * 1e-6
                let error = abs(Double(reducer.arena[index]) - exact)
                try require(error <= bound, "float \(index) of \(count): off by \(error), allowed \(bound)")
            }
            let own = reducer.arena.map { UInt64($0.bitPattern) }
            var (high, low) = (own, own)
            try c.allReduce(&high, .max)
            try c.allReduce(&low, .min)
            try require(high == low, "ranks hold different bits, \(count) floats")
        }
        try specialValues(c, isRounded: nodes.count > 1)
    }

    /// One rank counts, the others hold nonsense: what comes out is its value, rounded.
    private static func specialValues(_ c: any Communicator, isRounded: Bool) throws {
        let ulp: Float = 1 / 128
        let cases: [(value: Float, rounded: Float)] = [
            (0, 0), (1, 1), (-2.5, -2.5), (1 + ulp / 2, 1), (1 + 3 * ulp / 2, 1 + 2 * ulp), (1 + ulp * 0.51, 1 + ulp),
            (.infinity, .infinity), (-.infinity, -.infinity), (.greatestFiniteMagnitude, .infinity), (.nan, .nan),
            (1e-30, 1e-30),
        ]
        let reducer = try SharedReducer(over: c, floatCount: cases.count, compression: .bf16)
        for (index, item) in cases.enumerated() { reducer.arena[index] = c.rank == 0 ? item.value : .nan }
        try reducer.reduce(weight: c.rank == 0 ? 1 : 0)
        for (index, item) in cases.enumerated() {
            let (found, wanted) = (reducer.arena[index], isRounded ? item.rounded : item.value)
            let isRight =
                wanted.isNaN
                ? found.isNaN : found == wanted || abs(found - wanted) <= abs(wanted) / 256 && wanted == 1e-30
            try require(isRight, "\(item.value) becomes \(found), not \(wanted)")
        }
    }

    // MARK: Training

    private static func learner(width: Int = 19, batchSize: Int = 8) -> Learner {
        setSeed(11)
        let model = Sequential {
            Linear(5, width); ReLU(); Linear(width, 3)
        }
        let data = DataLoader(
            TensorDataset(inputs: [sample([40, 5], seed: 1)], targets: [sampleIntegers([40], seed: 2, in: 0..<3)]),
            batchSize: batchSize, shuffle: true, seed: 3)
        return Learner(
            dls: DataLoaders(data, data), model: model, loss: .crossEntropy, optimizer: .sgd(), lr: 0.05,
            callbacks: [Recorder()], metrics: [.accuracy], defaultCallbacks: .core)
    }

    private static func parameters(_ learner: Learner) -> [Double] {
        learner.model.namedParameters().flatMap { $0.parameter.value.doubles }
    }

    @Sendable static func compressedTraining(_ c: any Communicator) throws {
        func fit(_ compression: GradientCompression, _ update: UpdatePolicy) throws -> [Double] {
            let learner = learner()
            try learner.withoutLogging {
                try learner.distributed(over: c, update: update, compression: compression) { try learner.fit(2) }
            }
            return parameters(learner)
        }
        let isRounded = Set(try sharingPlaces(c)).count > 1
        for update in [UpdatePolicy.automatic, .replicated] {
            let (plain, rounded) = (try fit(.none, update), try fit(.bf16, update))
            let worst = zip(plain, rounded).map { abs($0 - $1) }.max() ?? 0
            try require(worst <= 2e-3, "weights off by \(worst) after 10 steps")
            try require((worst > 0) == isRounded, "bf16 was \(worst > 0 ? "" : "not ")used: weights differ by \(worst)")
            let all = try c.allGather(rounded)
            try require(all.indices.allSatisfy { all[$0] == rounded[$0 % rounded.count] }, "the ranks' weights differ")
        }
        do {
            let learner = learner()
            try learner.withoutLogging {
                try learner.distributed(over: c, reduction: .bitwise, compression: .bf16) { try learner.fit(1) }
            }
        } catch {
            return try require("\(error)".contains("leave compression out"), "the error says: \(error)")
        }
        throw CheckFailure("bitwise training with compression was not refused")
    }

    // MARK: Probe

    @Sendable static func updateProbe(_ c: any Communicator) throws {
        func run(_ update: UpdatePolicy, width: Int) throws -> (weights: [Double], drawn: [Float], divides: Bool) {
            let learner = learner(width: width)
            var divides = false
            try learner.on(.afterBatch) { learner in
                divides = divides || learner.callback(ofType: DistributedCallback.self)?.dividesUpdates ?? false
            }
            try learner.withoutLogging {
                try learner.distributed(over: c, update: update) { try learner.fit(1) }
            }
            return (parameters(learner), Initializer.normal()([16]).floats, divides)
        }
        let possible = try c.size > 1 && c.nodeCount == 1 && Set(sharingPlaces(c)).count == 1
        // 9 · 8000 + 3 parameters: enough to be measured.
        let (large, owner, copies) = (
            try run(.automatic, width: 8000), try run(.owner, width: 8000), try run(.replicated, width: 8000)
        )
        let same = zip(large.weights, owner.weights).allSatisfy { abs($0 - $1) <= 1e-6 }
        try require(same && large.drawn == owner.drawn && large.drawn == copies.drawn, "the probe has left traces")
        try require(owner.divides == possible && !copies.divides, "a policy was not followed")
        let choices = try c.allGather([UInt8(large.divides ? 1 : 0)])
        try require(Set(choices).count == 1 && (possible || !large.divides), "ranks chose \(choices)")
        try require(try run(.automatic, width: 19).divides == possible, "owners do not update a small model")
        try measured(c, possible: possible)
    }

    private static func measured(_ c: any Communicator, possible: Bool) throws {
        for count in [100, 65_535, 70_000, 1_100_000] {
            let parameter = Parameter(wrappedValue: sample([count], seed: 1))
            let optimizer = OptimizerFactory.adam()([[parameter]], lr: 0.1)
            let exchange = try GradientExchange(optimizer.arena, over: c)
            let ear = Ear()
            let before = c.observers
            c.observers = [ear]
            let probe = try exchange.probeUpdates(of: optimizer)
            try require(ear.heard == 0 && (c.size == 1 || c.observers.count == 1), "observers heard of the probe")
            c.observers = before
            try require(
                (probe != nil) == (possible && count > UpdateProbe.fewest), "\(count) parameters: probe \(probe as Any)"
            )
            try require(parameter.value.floats == sample([count], seed: 1).floats, "values have changed")
            try require(!optimizer.hasState && parameter.gradient == nil, "the optimizer has stepped")
            guard let probe else { continue }
            let times = [probe.owner, probe.replicated]
            let all = try c.allGather(times)
            try require(all.indices.allSatisfy { all[$0] == times[$0 % 2] }, "ranks measured \(all)")
            try require(
                times.allSatisfy { $0 > 0 } && probe.elements == min(optimizer.arena.count, UpdateProbe.most),
                "\(probe)")
            let again = try exchange.probeUpdates(of: optimizer)
            try require(again?.owner == probe.owner, "measured twice")
        }
        try require(
            UpdateProbe.isMeasured(UpdateProbe.memoryDecides - 1) && !UpdateProbe.isMeasured(UpdateProbe.memoryDecides),
            "memory decides from \(UpdateProbe.memoryDecides) on")
        // Where nothing is measured, nothing can be found out.
        guard possible else { return }
        let large = OptimizerFactory.sgd()([[Parameter(wrappedValue: .zeros([UpdateProbe.memoryDecides]))]], lr: 0.1)
        let exchange = try GradientExchange(large.arena, over: c)
        try require(try exchange.probeUpdates(of: large) == nil, "what memory decides was measured")
    }

    /// Counts the collectives it hears of.
    private final class Ear: CommunicationObserver {
        var heard = 0
        func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64) { heard += 1 }
    }
}
