// SPDX-License-Identifier: Apache-2.0
// What each rank ran on and what its time went into, read from the file that training keeps, and shown on the page of its run.

import Foundation
import Lockstep
import LockstepData

/// The contents of `ranks.json`.
struct RankFacts: Decodable {
    struct Rank: Decodable {
        let host, processor: String
        let threads: Int
        /// Seconds, but for steps and mebibytes; nil where a clock gave no number.
        let steps, training, data, forward, backward, step, communication, waiting, validation, mebibytes: Double?
    }
    let system, swift: String
    let epochs: Int
    let ranks: [Rank]

    /// Nil when there is no such file.
    /// - Throws: ``Failure`` (66) for one that holds something else.
    init?(in folder: String) throws {
        let path = "\(folder)/\(RankRecord.file)"
        guard Files.exists(path) else { return nil }
        let bytes = try Files.read(path, limit: 64 << 20)
        guard let facts = try? JSONDecoder().decode(Self.self, from: Data(bytes)), !facts.ranks.isEmpty else {
            throw Failure.noInput("\(path): is not what training leaves there")
        }
        self = facts
    }

    /// The machines; the seconds of each rank, or of some of very many: those that waited least and most.
    var html: String { machine + times }

    private static let mostRows = 64

    private var machine: String {
        let hosts = Dictionary(grouping: ranks, by: \.host)
        let rows = hosts.keys.sorted().prefix(Self.mostRows).map { host in
            let here = hosts[host] ?? []
            let threads = Set(here.map(\.threads)).sorted().map { "\($0)" }.joined(separator: ", ")
            let words = "\(here.count) rank\(here.count == 1 ? "" : "s"), threads each: \(threads)"
            return HTMLPage.row(host, "\(here.first?.processor ?? ""); \(words)")
        }
        let more = hosts.count > Self.mostRows ? [HTMLPage.row("and more", "\(hosts.count - Self.mostRows)")] : []
        let all = rows + more + [HTMLPage.row("system", system), HTMLPage.row("Swift", swift)]
        return HTMLPage.section("Machine", "<table class=\"pairs\">\(all.joined(separator: "\n"))</table>")
    }

    private var times: String {
        let names = [
            "rank", "steps", "training", "data", "forward", "backward", "step", "communication", "waiting",
            "validation",
            "MiB",
        ]
        var shown = Array(ranks.enumerated())
        if shown.count > Self.mostRows {
            shown.sort { ($0.element.waiting ?? 0, $0.offset) < ($1.element.waiting ?? 0, $1.offset) }
            shown = Array(shown.prefix(Self.mostRows / 2) + shown.suffix(Self.mostRows / 2))
        }
        let rows = shown.map { rank, row in
            let cells =
                [row.steps.map { decimals($0, 0) }]
                + [
                    row.training, row.data, row.forward, row.backward, row.step, row.communication, row.waiting,
                    row.validation,
                ].map { $0.map { decimals($0, 2) } } + [row.mebibytes.map { decimals($0, 0) }]
            return "<tr><th>\(rank)</th>\(cells.map { "<td>\($0 ?? "–")</td>" }.joined())</tr>"
        }
        let header = names.map { "<th>\($0)</th>" }.joined()
        return HTMLPage.section(
            "Seconds of each rank, in \(epochs) epoch\(epochs == 1 ? "" : "s") since the run was last started",
            "<table><tr>\(header)</tr>\(rows.joined(separator: "\n"))</table>")
    }
}
