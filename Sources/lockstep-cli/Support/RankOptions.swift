// SPDX-License-Identifier: Apache-2.0
// How many ranks, and whether they are processes or threads.

import ArgumentParser
import Glibc
import Lockstep

/// `--ranks` and `--in-process`.
struct RankOptions: SettingGroup {
    static let ranks = count(
        "ranks", "Processes: the command starts itself again under mpirun (default: 1).",
        most: Launcher.mostRanks(onHosts: false))
    @Option(RankOptions.ranks) var ranks: Int?

    static let inProcess = count(
        "inProcess", "Ranks that are threads of one process, to debug with (default: 1).",
        most: InProcessWorld.mostRanks)
    @Option(RankOptions.inProcess) var inProcess: Int?

    /// No settings of a run: it goes on with any number of either.
    static var calls: [BoundSetting<Self>] {
        [BoundSetting(optional: ranks, \.ranks), BoundSetting(optional: inProcess, \.inProcess)]
    }

    private static func count(_ key: String, _ help: String, most: Int) -> Setting<Int> {
        Setting(key, 1, help: help, valueName: "n", showsDefault: false) { count in
            count < 1 ? "at least 1 is needed" : count > most ? "at most \(most) are possible" : nil
        }
    }

    func validate() throws {
        try checkGiven()
        if ranks != nil, inProcess != nil { throw ValidationError("--ranks and --in-process exclude each other") }
        if inProcess ?? 1 > 1, Launcher.startedRanks != nil {
            throw ValidationError(
                "--in-process \(inProcess ?? 1): mpirun has started ranks already; leave one of them out")
        }
    }

    /// Runs `body` on every rank asked for, or on those a launcher has started.
    ///
    /// With `--ranks N` the process is replaced by mpirun, and `body` runs in the ranks: check options before. What a rank
    /// throws ends all of them.
    func run(_ body: @escaping @Sendable (any Communicator) throws -> Void) throws {
        if let inProcess, inProcess > 1 {
            try InProcessWorld(inProcess).run { communicator in try body(communicator) }
            return
        }
        if let ranks { try Launcher.ensure(ranks: ranks) }
        Lockstep.run { try body(World.current()) }
    }
}
