// SPDX-License-Identifier: Apache-2.0
// The properties that every configuration must have.

import LockstepLearner

/// Runs a configuration in every way and compares.
public struct Examination {
    let configuration: Configuration
    /// Told what is about to be run: should it trap, this was it.
    private let announce: (String) -> Void
    private var excused: [String] = []
    private var badWriter: String?

    /// An examination of one configuration; `announce` is told what is about to be run.
    public init(_ configuration: Configuration, announce: @escaping (String) -> Void) {
        (self.configuration, self.announce) = (configuration, announce)
    }

    /// The numbers of ranks that are compared.
    private var worlds: [Int] { configuration["sums"] == "bitwise" ? [1, 2, 4, 8] : [1, 2, 3, 5] }

    /// How far results may be apart that differ in rounding only.
    private var tolerance: Double {
        if configuration["compression"] == "bf16", configuration["nodes"] == "each" { return 0.05 }
        switch configuration["precision"] {
        case "none": return configuration["dtype"] == "float64" ? 1e-8 : 2e-4
        default: return 0.03
        }
    }

    /// Whether ranks are meant to train what one process trains.
    private var equalsOneProcess: Bool {
        // What one rank alone raises reaches the others when they next meet.
        if configuration["signal"] != "none", configuration["signalRank"] != "all" { return false }
        if configuration["batchNorm"] != "sync" { return false }
        return !configuration.isPartitioned
    }

    /// What comes of it.
    public mutating func verdict() -> Verdict {
        do {
            return try examine()
        } catch let failure as Failure {
            return .failed(failure)
        } catch {
            return .failed(Failure("examination", "\(error)"))
        }
    }

    private mutating func examine() throws -> Verdict {
        let alone = run("one process", TrainingRun(configuration))
        switch alone {
        case .refused(let sentence):
            try checkSentence(sentence, "one process")
            for world in worlds.dropFirst() { try checkRefused(alike: sentence, world) }
            return .refused(sentence)
        case .finished(let records):
            try checkBits(run("one process again", TrainingRun(configuration)), records, "one process, again")
            var refusal: String?
            var first: [TrainingRecord]?
            for world in worlds {
                switch try examine(world, records, first) {
                case .finished(let records): first = first ?? records
                case .refused(let sentence): refusal = refusal ?? sentence
                }
                if let refusal, first != nil {
                    throw Failure("refused on some numbers of ranks", "\(world) ranks: \(refusal)")
                }
            }
            if let refusal { return .refused(refusal) }
            try examineResuming(records)
            try examineExport()
            if let badWriter { throw Failure("writers", badWriter) }
            return .passed(excused: excused)
        }
    }

    // MARK: Ranks

    /// Runs on `world` ranks and compares with one process, with itself, and with the first world.
    private mutating func examine(
        _ world: Int, _ alone: [TrainingRecord], _ first: [TrainingRecord]?
    ) throws -> Outcome {
        let outcome = run("\(world) ranks", TrainingRun(configuration, ranks: world))
        guard case .finished(let records) = outcome else {
            if case .refused(let sentence) = outcome {
                try checkSentence(sentence, "\(world) ranks")
                // Parts of a stream make other batches, with other places for a signal.
                if configuration.isPartitioned, sentence.contains("was caught by nobody") { return .finished([]) }
                guard configuration["sums"] == "bitwise", sentence.contains("bitwise") else {
                    throw Failure("refused on ranks only: \(sentence.withoutNumbers)", "\(world) ranks: \(sentence)")
                }
            }
            return outcome
        }
        for (rank, record) in records.enumerated().dropFirst() {
            if let difference = record.firstOtherBits(than: records[0], sharedOnly: true) {
                throw Failure(
                    "the ranks differ: \(difference.name)", "rank \(rank) of \(world): \(difference.detail)")
            }
        }
        if records.contains(where: { $0["writer"] == [0] }) { badWriter = "\(world) ranks: not exactly rank 0 writes" }
        let isBitwise = configuration["sums"] == "bitwise"
        if world == 1, !isBitwise { try checkBits(outcome, alone, "1 rank") }
        if isBitwise, let first, let difference = records[0].firstOtherBits(than: first[0], metricsToRounding: true) {
            throw Failure("bitwise: other bits in \(difference.name)", "\(world) ranks: \(difference.detail)")
        }
        if world > 1 || isBitwise { try checkAgainstOneProcess(records[0], alone[0], world) }
        if world == 3 || world == 4 {
            try checkBits(
                run("\(world) ranks again", TrainingRun(configuration, ranks: world)), records, "ranks, again")
        }
        return outcome
    }

    private mutating func checkAgainstOneProcess(_ record: TrainingRecord, _ alone: TrainingRecord, _ world: Int) throws
    {
        guard equalsOneProcess else { return }
        var reference = alone
        if configuration["convention"] == "perRank", world > 1 {
            var run = TrainingRun(configuration)
            run.batchFactor = world
            guard case .finished(let records) = self.run("one process, larger batches", run) else { return }
            reference = records[0]
        }
        var again = TrainingRun(configuration)
        if configuration["convention"] == "perRank" { again.batchFactor = world }
        // One process loses its weights to a batch without anything to count; ranks leave such parts out.
        if configuration["loss"] == "customHole", reference["weights"]?.contains(where: \.isNaN) == true { return }
        try checkClose(record, reference, "ranks", "\(world) ranks", again)
    }

    private mutating func checkRefused(alike sentence: String, _ world: Int) throws {
        switch run("\(world) ranks", TrainingRun(configuration, ranks: world)) {
        case .finished where configuration["convention"] == "perRank" || configuration.isPartitioned: return
        case .finished:
            throw Failure("refused in one process only: \(sentence.withoutNumbers)", "\(world) ranks finish")
        case .refused(let other):
            if Examination.isAlike(other, sentence) { return }
            if Examination.isRanksOwn(other, configuration) { return }
            try checkSentence(other, "\(world) ranks")
            throw Failure(
                "refused in other words: \(sentence.withoutNumbers)",
                "\(world) ranks say “\(other)”, one process “\(sentence)”")
        }
    }

    /// Whether ranks refuse a configuration, one process with another mistake in it too, for a reason of their own.
    static func isRanksOwn(_ sentence: String, _ configuration: Configuration) -> Bool {
        configuration["sums"] == "bitwise" && sentence.contains("bitwise reduction: ")
            || configuration["metrics"] == "stateless" && sentence.contains("cannot be merged over ranks")
    }

    static func isAlike(_ a: String, _ b: String) -> Bool {
        let (a, b) = (a.withoutNumbers, b.withoutNumbers)
        if a.isEmpty || b.isEmpty { return false }
        return a == b || a.contains(b) || b.contains(a)
    }

    // MARK: Resuming and giving away

    private mutating func examineResuming(_ alone: [TrainingRecord]) throws {
        guard configuration["resume"] != "none" else { return }
        let isBitwise = configuration["sums"] == "bitwise"
        let pairs: [(Int?, Int?)] = isBitwise ? [(nil, nil), (2, 4)] : [(nil, nil), (2, 2), (2, 3), (3, nil)]
        // Ranks with batches of their own have other batches on other numbers of ranks.
        for (first, second) in pairs where configuration["convention"] == "global" || first == second {
            let name = "\(first.map { "\($0) ranks" } ?? "one process"), resumed on \(second ?? 1)"
            announce(name)
            guard let outcome = ResumedRun(configuration: configuration, first: first, second: second).outcome() else {
                continue
            }
            guard case .finished(let resumed) = outcome else {
                if case .refused(let sentence) = outcome {
                    throw Failure("resumed: \(sentence.withoutNumbers)", "\(name): \(sentence)")
                }
                return
            }
            let whole: Outcome =
                second == nil
                ? .finished(alone) : run("\(second ?? 1) ranks", TrainingRun(configuration, ranks: second))
            guard case .finished(let uninterrupted) = whole else { continue }
            let expected = ResumedRun.part(of: uninterrupted)
            if first == second {
                try checkBits(.finished(resumed), expected, "resumed on as many ranks")
            } else if equalsOneProcess, configuration["convention"] == "global" {
                try checkClose(resumed[0], expected[0], "resumed on other ranks", name, TrainingRun(configuration))
            }
        }
    }

    private mutating func examineExport() throws {
        guard configuration.has("export"), !configuration.has("mcDropout") else { return }
        for ranks in configuration["sums"] == "bitwise" ? [nil] : [nil, 2] as [Int?] {
            let name = "exported by \(ranks ?? 1)"
            announce(name)
            let outcome = ExportedRun(configuration: configuration, ranks: ranks).outcome()
            guard case .finished(let own) = outcome.own, case .finished(let loaded) = outcome.loaded else {
                if case .refused(let sentence) = outcome.own {
                    throw Failure("export: \(sentence.withoutNumbers)", "\(name): \(sentence)")
                }
                return
            }
            // A learner that is given away computes in float32.
            let difference =
                configuration["dtype"] == "float64" || ranks != nil
                ? loaded[0].firstFar(from: own[0], tolerance: 1e-4) : loaded[0].firstOtherBits(than: own[0])
            // The rounded products of reduced precision stay behind.
            if let difference, configuration["precision"] == "none" {
                throw Failure("exported: \(difference.name)", "\(name): \(difference.detail)")
            }
        }
    }

    // MARK: Comparing

    private func run(_ name: String, _ run: TrainingRun) -> Outcome {
        announce(name)
        return run.outcome()
    }

    private func checkBits(_ outcome: Outcome, _ expected: [TrainingRecord], _ what: String) throws {
        switch outcome {
        case .refused(let sentence): throw Failure("\(what): \(sentence.withoutNumbers)", sentence)
        case .finished(let records):
            for (record, other) in zip(records, expected) {
                if let difference = record.firstOtherBits(than: other) {
                    throw Failure("\(what): other bits in \(difference.name)", difference.detail)
                }
            }
        }
    }

    /// Compares to rounding. Where training amplifies rounding, one process whose weights begin a little apart ends as far.
    private mutating func checkClose(
        _ record: TrainingRecord, _ expected: TrainingRecord, _ kind: String, _ name: String, _ again: TrainingRun
    ) throws {
        guard let difference = record.firstFar(from: expected, tolerance: tolerance) else { return }
        let distances = record.distances(from: expected)
        var response: [String: Double] = [:]
        for seed in 1...4 {
            var run = again
            run.disturbance = noise
            run.disturbanceSeed = UInt64(seed)
            guard case .finished(let records) = self.run("disturbed", run) else { continue }
            let disturbed = kind == "ranks" ? records[0] : ResumedRun.part(of: records)[0]
            for (name, distance) in disturbed.distances(from: expected) {
                response[name] = max(response[name] ?? 0, distance)
            }
        }
        let isAmplified = distances.allSatisfy { $0.value <= tolerance || $0.value <= 30 * (response[$0.key] ?? 0) }
        guard !isAmplified else { return excused.append("\(kind): \(difference.name)") }
        throw Failure("\(kind): \(difference.name)", "\(name): \(difference.detail)")
    }

    /// About what rounding changes.
    private var noise: Double {
        switch configuration["precision"] {
        case "none": configuration["dtype"] == "float64" ? 1e-15 : 2e-7
        default: 1e-3
        }
    }

    private func checkSentence(_ sentence: String, _ what: String) throws {
        if let failure = Examination.failure(sayingSo: sentence, what) { throw failure }
    }

    /// What is wrong with a sentence that stops ranks: they got out of step, or nobody should have stopped; nil if nothing is.
    static func failure(sayingSo sentence: String, _ what: String) -> Failure? {
        if sentence.contains("“valid_los”") {
            return Failure("a caught error ends later work", "\(what): \(sentence)")
        }
        let wrong = [
            "the ranks disagree", "has not come within", "has ended its program", "no longer equal",
            "set up differently", "Index out of range", "Unexpectedly found nil",
        ]
        if let word = wrong.first(where: sentence.contains) {
            let names = Set(sentence.split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
            return Failure("ranks fail: \(word) \(names.sorted().joined(separator: ", "))", "\(what): \(sentence)")
        }
        if sentence.contains("\n") || sentence.isEmpty { return Failure("not one sentence", "\(what): \(sentence)") }
        return nil
    }
}

extension Failure: Error {}
