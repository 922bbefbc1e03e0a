// SPDX-License-Identifier: Apache-2.0
// Where the ranks of a job run, and where they run when a machine is gone.

import Foundation

/// One machine and how many ranks it takes.
struct HostSlots: Equatable {
    let host: String
    let slots: Int
}

/// How many ranks run, and where.
package struct Placement: Equatable {
    package let ranks: Int
    /// The machines, first come first filled; nil where they are not listed: this machine, or the batch system's.
    let hosts: [HostSlots]?

    /// - Parameter hostfile: the text of Open MPI's hostfile; nil where there is none.
    package init(ranks: Int, hostfile: String?) {
        self.init(ranks: ranks, hosts: hostfile.map { Placement.hosts(in: $0, ranks: ranks) })
    }

    init(ranks: Int, hosts: [HostSlots]?) { (self.ranks, self.hosts) = (ranks, hosts) }

    /// The machines of a hostfile. A line without `slots` takes its share of the ranks; one that comes again adds to its slots.
    private static func hosts(in text: String, ranks: Int) -> [HostSlots] {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace) }
            .filter { !$0.isEmpty }
        let share = (ranks + max(lines.count, 1) - 1) / max(lines.count, 1)
        var hosts: [HostSlots] = []
        for words in lines {
            let slots = words.dropFirst().lazy.filter { $0.hasPrefix("slots=") }.compactMap { Int($0.dropFirst(6)) }
                .first
            let host = String(words[0])
            if let index = hosts.firstIndex(where: { $0.host == host }) {
                hosts[index] = HostSlots(host: host, slots: hosts[index].slots + (slots ?? 1))
            } else {
                hosts.append(HostSlots(host: host, slots: slots ?? share))
            }
        }
        return hosts
    }

    /// The same without a machine, with as many ranks as are left room for; nil where that is less than `fewest`, or where the
    /// machine is not listed.
    func without(_ lost: String, fewest: Int) -> Placement? {
        func name(_ host: String) -> Substring { host.prefix { $0 != "." } }
        guard let hosts else { return nil }
        let left = hosts.filter { $0.host != lost && name($0.host) != name(lost) }
        let room = min(ranks, left.map(\.slots).reduce(0, +))
        guard left.count < hosts.count, room >= max(fewest, 1) else { return nil }
        return Placement(ranks: room, hosts: left)
    }

    /// The machines as Open MPI reads them.
    var hostfile: String { (hosts ?? []).map { "\($0.host) slots=\($0.slots)\n" }.joined() }
}
