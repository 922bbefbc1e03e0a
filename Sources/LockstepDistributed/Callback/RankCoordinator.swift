// SPDX-License-Identifier: Apache-2.0
// How ranks agree: on signals, on metric values, on who writes.

import LockstepComm
import LockstepLearner
import LockstepTensor

/// The learner's seam to the other ranks.
///
/// Ranks agree up to three times a batch; where, says ``AgreementTable``. All agreements are the same collective, a sum of two numbers with a
/// word of flags in its header, so that a rank that is leaving agrees with the others wherever they are; what one of them wants, all of
/// them then throw. Every other collective of the learner begins with one.
final class RankCoordinator: TrainingCoordinator {
    let communicator: any Communicator
    /// Where this rank agrees with the others.
    private var table = AgreementTable()
    /// Whether layers of the model communicate.
    var runsEmptyParts = false
    /// Whether callbacks that see the reduced gradient may still cancel the step.
    var agreesBeforeUpdate: Bool {
        get { table.agreesBeforeUpdate }
        set { table.agreesBeforeUpdate = newValue }
    }
    /// Whether this rank cannot go on sharing parameters; asked, and told to all, in every agreement.
    var hasLeftSharing: () -> Bool = { false }
    /// Called on every rank when one of them cannot.
    var endSharing: () -> Void = {}
    /// What lies in this rank's gradients; told where a batch begins.
    var kept = KeptGradients.nothing
    /// Called where a batch begins if something is kept here: whether by all ranks. Every rank that keeps something calls it
    /// at the same point.
    var prepareKept: (_ byAll: Bool) throws -> Void = { _ in }

    /// Whether batches train: the ranks then agree in their middle, too.
    var trains: Bool {
        get { table.trains }
        set { table.trains = newValue }
    }
    /// An agreement that this rank was at before its time: the next one it would come to.
    private var attended: Agreed?

    /// What the ranks have told each other.
    struct Agreed {
        let signal: CancelSignal?
        let loss: Double?
        let weight: Double
        let status: StatusWord
    }

    /// What this rank may come to want; told to all in every agreement.
    private var wishes = Wishes()
    /// What any rank has wanted, as all ranks have learned in the same agreement.
    private var granted: StatusWord = []

    /// Whether the last thing the ranks did was to fail alike, in writing or reading a file.
    private var failedTogether = false
    /// Whether an error has ended the fit at hand for all ranks.
    private(set) var isAbandoned = false

    init(_ communicator: any Communicator) { self.communicator = communicator }

    var isWriter: Bool { communicator.rank == 0 }
    var rankCount: Int { communicator.size }
    var rank: Int { communicator.rank }
    var keptGradientWeight: Double {
        if case .parts(let weight, areEven: false) = kept { weight } else { 1 }
    }

    /// Forgets where an earlier fit ended.
    func reset() {
        isAbandoned = false
        (table, kept) = (AgreementTable(), .nothing)
        (attended, granted) = (nil, [])
    }

    // MARK: Agreements

    func enter(_ phase: Phase) throws {
        guard case .agrees = table.enter(phase) else { return }
        let agreed = try agree(nil, saying: phase == .batch ? kept.status : [])
        try throwing(agreed.signal)
        if phase == .batch, kept != .nothing { try prepareKept(kept.isShared(agreed.status)) }
    }

    func average(_ value: Double, weight: Double) throws -> (mean: Double?, weight: Double) {
        let agreed = try agree(nil, loss: value, weight: weight)
        try throwing(agreed.signal)
        return (agreed.loss, agreed.weight)
    }

    func mergedLoss(_ loss: Double?, weight: Double) throws -> (loss: Double?, weight: Double) {
        let agreed = try agree(nil, loss: loss ?? 0, weight: weight, saying: loss == nil ? [] : .hasLoss)
        try throwing(agreed.signal)
        return (try self.loss(of: agreed, own: loss), agreed.weight)
    }

    /// The loss that was agreed on; where none of the ranks' counts anything, the mean of what they say of it.
    private func loss(of agreed: Agreed, own: Double?) throws -> Double? {
        if agreed.loss != nil || !agreed.status.contains(.hasLoss) { return agreed.loss }
        let mean = try agree(nil, loss: own ?? 0, weight: own == nil ? 0 : 1)
        try throwing(mean.signal)
        return mean.loss
    }

    /// The middle of a batch, before gradients are reduced. Throws the signal of whichever rank is leaving the batch.
    ///
    /// - Parameter hasGradient: whether the part's loss depends on what trains; nil without a part.
    /// - Returns: as ``mergedLoss(_:weight:)``.
    func middle(loss: Double?, weight: Double, hasGradient: Bool?) throws -> Double? {
        table.middle()
        var status: StatusWord = loss == nil ? [] : .hasLoss
        if let hasGradient { status.insert(hasGradient ? .hasGradient : .lacksGradient) }
        let agreed = try agree(nil, loss: loss ?? 0, weight: weight, saying: status)
        try throwing(agreed.signal)
        // One process would stop where no part of its batch does.
        LockstepTensor.require(
            !agreed.status.contains(.lacksGradient) || agreed.status.contains(.hasGradient),
            "backward: this tensor does not depend on anything that requires a gradient")
        return try self.loss(of: agreed, own: loss)
    }

    func agree(on signal: CancelSignal?, leaving phase: Phase) throws -> CancelSignal? {
        switch table.leave(phase, with: signal) {
        case .goesOn(let signal): return signal
        case .agrees(let signal): return conclude(try agree(signal).signal, phase)
        case .agreesLate(let signal): return try raiseLate(signal)
        case .escapes(let signal): throw signal
        }
    }

    private func conclude(_ signal: CancelSignal?, _ phase: Phase) -> CancelSignal? {
        table.left(phase, with: signal)
        return signal
    }

    /// A signal raised when the others may be through with the batch: it agrees with them where they do next. If all ranks come
    /// here, all leave the batch. Otherwise this one ends it as the others have, and what it wants happens where they are.
    private func raiseLate(_ signal: CancelSignal) throws -> CancelSignal? {
        let isOfBatch = [.batch, .step, .backward].contains(signal)
        let agreed = try agree(isOfBatch ? nil : signal, isLate: true)
        guard agreed.status.contains(.goesOn) else { return conclude(agreed.signal ?? signal, .batch) }
        attended = agreed
        if kept != .nothing { try prepareKept(false) }
        return nil
    }

    func throwing(_ signal: CancelSignal?) throws {
        guard let signal else { return }
        table.throwing(signal)
        throw signal
    }

    func agree(
        _ signal: CancelSignal?, loss: Double = 0, weight: Double = 0, saying status: StatusWord = [],
        isLate: Bool = false
    ) throws -> Agreed {
        failedTogether = false
        if let attended = attended.take() {
            learn(attended.status)
            return attended
        }
        var sums: InlineArray<2, Double> = [weight > 0 ? loss * weight : 0, weight]
        communicator.outgoingStatus = status.union(signal?.status ?? [])
        if !isLate { communicator.outgoingStatus.insert(.goesOn) }
        if hasLeftSharing() { communicator.outgoingStatus.insert(.leavesSharing) }
        wishes.forEachWanted { communicator.outgoingStatus.insert($0.status) }
        defer { communicator.outgoingStatus = [] }
        let agreement = try withUnsafeMutableBytes(of: &sums) {
            try communicator.allReduce($0, as: .float64, .sum, name: "step")
        }
        if agreement.status.contains(.leavesSharing) { endSharing() }
        // Who is here before its time has learned it when it comes here in the course of things.
        if !isLate { learn(agreement.status) }
        let mean = sums[1] > 0 ? sums[0] / sums[1] : nil
        return Agreed(
            signal: CancelSignal(strongestIn: agreement.status), loss: mean, weight: sums[1], status: agreement.status)
    }

    // MARK: Metrics and rows

    func values(of metrics: [Metric]) throws -> [Double?] {
        try throwing(agree(nil).signal)
        try verifyMergeable(metrics)
        var writer = WireWriter()
        for metric in metrics { writer.write(metric.state) }
        var answer = [Double](repeating: 0, count: 2 * metrics.count)  // value, known
        if let parts = try communicator.gatherVariable(writer.bytes, to: 0, name: "metrics") {
            var readers = parts.map(WireReader.init)
            for (index, metric) in metrics.enumerated() {
                let own = metric.state
                metric.state = .merged(readers.indices.map { readers[$0].readState() })
                if let value = metric.value { (answer[2 * index], answer[2 * index + 1]) = (value, 1) }
                metric.state = own
            }
        }
        try communicator.broadcast(&answer, from: 0, name: "metric values")
        return metrics.indices.map { answer[2 * $0 + 1] == 1 ? answer[2 * $0] : nil }
    }

    func gather(_ rows: BatchRows) throws -> BatchRows {
        try throwing(agree(nil).signal)
        var writer = WireWriter()
        writer.write(rows)
        guard let parts = try communicator.gatherVariable(writer.bytes, to: 0, name: "predictions") else {
            return BatchRows()
        }
        return .interleaved(
            parts.map { bytes in
                var reader = WireReader(bytes)
                return reader.readRows()
            })
    }

    // MARK: Wishes

    func watch(_ wish: Wish, _ isWanted: (() -> Bool)?) { wishes[wish] = isWanted }
    func isAgreed(_ wish: Wish) -> Bool { granted.contains(wish.status) }
    func fulfil(_ wish: Wish) { granted.remove(wish.status) }
    private func learn(_ status: StatusWord) { granted.formUnion(status.intersection(.wishes)) }

    // MARK: Files

    func saved(step: Int) { LauncherRecord.saved(step: step).tell() }

    func snapshotMemory(byteCount: Int) throws -> SnapshotMemory {
        try throwing(agree(nil).signal)
        let segment = try communicator.allocateShared(byteCount: isWriter ? byteCount : 0)
        // Ranks elsewhere have nothing to copy: the writer's node has all of it.
        guard let writer = segment.ranks.firstIndex(of: 0), segment.peers[writer].count >= byteCount else {
            return SnapshotMemory()
        }
        return SnapshotMemory(
            segment.peers[writer], share: segment.localRank, of: segment.peers.count, owner: segment.owner)
    }

    func gatherParts(_ bytes: [UInt8]) throws -> [[UInt8]] {
        try communicator.gatherVariable(bytes, to: 0, name: "state") ?? []
    }

    func write(_ body: () throws -> Void) throws {
        try throwing(agree(nil).signal)
        try together { try communicator.onRankZero("write") { try body() } }
    }

    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] {
        try throwing(agree(nil).signal)
        let bytes = try together { try communicator.onRankZero("read") { try body() } }
        return try communicator.broadcast(bytes: bytes, from: 0, name: "read")
    }

    func isSameEverywhere(_ text: String) throws -> Bool {
        try throwing(agree(nil).signal)
        return try communicator.isSameEverywhere(text)
    }

    private func together<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            failedTogether = true
            throw error
        }
    }

    func abandon(because error: any Error) {
        // What every rank has found alike needs no telling: the ranks stay together and can go on.
        if failedTogether || (error as? CallbackError)?.underlying is ReplicaError { return failedTogether = false }
        isAbandoned = true
        communicator.failTogether(error, during: "fit")
    }
}

extension Communicator {
    /// Whether every rank says what rank 0 says. Collective.
    fileprivate func isSameEverywhere(_ text: String) throws -> Bool {
        let said = try allGather(text, name: "file")
        return said.allSatisfy { $0 == said.first }
    }
}

/// After a distributed scope: every rank has the same model and works alone, but only rank 0 writes.
final class WriterCoordinator: TrainingCoordinator {
    private let communicator: any Communicator
    private var wishes = Wishes()

    init(_ communicator: any Communicator) { self.communicator = communicator }

    var isWriter: Bool { communicator.rank == 0 }
    func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
    func watch(_ wish: Wish, _ isWanted: (() -> Bool)?) { wishes[wish] = isWanted }
    func isAgreed(_ wish: Wish) -> Bool { wishes[wish]?() ?? false }
    func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
    func gather(_ rows: BatchRows) -> BatchRows { rows }
    func write(_ body: () throws -> Void) throws { try communicator.onRankZero("write") { try body() } }
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] {
        let bytes = try communicator.onRankZero("read") { try body() }
        return try communicator.broadcast(bytes: bytes, from: 0, name: "read")
    }
    func isSameEverywhere(_ text: String) throws -> Bool { try communicator.isSameEverywhere(text) }
    /// Each rank works on its own: nobody waits, and a program that goes on can.
    func abandon(because error: any Error) {}
}
