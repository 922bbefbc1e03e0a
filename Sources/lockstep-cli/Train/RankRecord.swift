// SPDX-License-Identifier: Apache-2.0
// Leaves what each rank ran on and what its time went into, for the page of the run.

import Foundation
import Lockstep
import LockstepTensor

/// Keeps `ranks.json` in the run's folder: machine and threads of each rank, and the seconds of all epochs since the run was
/// started for the last time.
///
/// The file is written anew after an epoch, once a second at most (a millisecond is long beside a small model's epoch), and when a
/// fit ends. It is a figure on a page: where it cannot be written the run goes on without.
final class RankRecord: Callback {
    static let file = "ranks.json"

    private let times: TimeReport
    private let folder: String
    private let ranks: any Communicator
    private var machines: [String] = []
    /// For each epoch of this process a row per rank.
    private var epochs: [[TimeReport.Row]] = []
    private var written: ContinuousClock.Instant?

    init(_ times: TimeReport, in folder: String, over ranks: any Communicator) {
        (self.times, self.folder, self.ranks) = (times, folder, ranks)
        super.init()
    }

    /// No: what is timed is a run.
    override var isExported: Bool { false }
    override var runsAfter: [Callback.Type] { [TimeReport.self] }
    override var takesPartInInference: Bool { false }
    override var gradientNeeds: GradientNeeds { [] }

    override func beforeFit(_ learner: Learner) throws {
        guard machines.isEmpty else { return }
        let own = "\(ranks.placement.host)\t\(MachineFacts.processor)\t\(ComputeContext.current.threads)"
        machines = try ranks.allGather(own, name: "machines")
    }

    override func afterEpoch(_ learner: Learner) {
        guard ranks.isRankZero, let last = times.epochs.last else { return }
        epochs.append(last)
        if written.map({ .now - $0 >= .seconds(1) }) ?? true { write() }
    }

    override func afterFit(_ learner: Learner) { if ranks.isRankZero, !epochs.isEmpty { write() } }

    private func write() {
        try? Output.write(json, to: "\(folder)/\(Self.file)")
        written = .now
    }

    private var json: String {
        let rows = machines.enumerated().map { rank, machine in
            let facts = machine.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            func seconds(_ part: KeyPath<TimeReport.Row, Double>) -> JSONValue {
                .number(epochs.reduce(0) { $0 + $1[rank][keyPath: part] })
            }
            return JSONValue.object([
                ("host", .text(facts[0])), ("processor", .text(facts[1])), ("threads", .whole(Int(facts[2]) ?? 1)),
                ("steps", seconds(\.steps)), ("training", seconds(\.total)), ("data", seconds(\.data)),
                ("forward", seconds(\.forward)), ("backward", seconds(\.backward)), ("step", seconds(\.step)),
                ("communication", seconds(\.communication)), ("waiting", seconds(\.wait)),
                ("validation", seconds(\.validation)), ("mebibytes", .number(epochs.last?[rank].memory)),
            ])
        }
        return JSONValue.object([
            ("system", .text(MachineFacts.system)), ("swift", .text(MachineFacts.swift)),
            ("epochs", .whole(epochs.count)), ("ranks", .list(rows)),
        ]).text + "\n"
    }
}
