// SPDX-License-Identifier: Apache-2.0
// What the process of one configuration does.

import Foundation
import LockstepComm

/// Examines one configuration in this process and prints what came of it as the last line.
public enum ChildProgram {
    /// Prints a line `at …` before each run, and the verdict as JSON at the end.
    public static func examine(_ configuration: Configuration) {
        var examination = Examination(configuration) { say("at \($0)") }
        let verdict = examination.verdict()
        guard let bytes = try? JSONEncoder().encode(verdict) else { return }
        say(String(decoding: bytes, as: UTF8.self))
    }

    /// Trains on two ranks, threads unless a launcher has started two processes, and prints a word that stands for every bit
    /// of rank 0's results.
    public static func digest(_ configuration: Configuration) {
        let run = TrainingRun(configuration, ranks: 2)
        guard ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil else {
            guard case .finished(let records) = run.outcome() else { return say("refused") }
            return say("digest \(records[0].digest)")
        }
        World.runOnEveryRank { ranks in
            let record = try withFolder { try run.record(over: ranks, $0) }
            if ranks.rank == 0 { say("digest \(record.digest)") }
        }
    }

    /// Only trains on `ranks` ranks, and prints how that ended.
    public static func train(_ configuration: Configuration, ranks: Int) {
        switch TrainingRun(configuration, ranks: ranks).outcome() {
        case .finished: say("finished")
        case .refused(let sentence): say("refused: \(sentence)")
        }
    }
}

/// Prints a line at once: what follows may trap.
package func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
