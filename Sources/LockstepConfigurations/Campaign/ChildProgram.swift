// SPDX-License-Identifier: Apache-2.0
// What the process of one configuration does.

import Foundation

/// Examines one configuration in this process and prints what came of it as the last line.
public enum ChildProgram {
    /// Prints a line `at …` before each run, and the verdict as JSON at the end.
    public static func examine(_ configuration: Configuration) {
        var examination = Examination(configuration) { say("at \($0)") }
        let verdict = examination.verdict()
        guard let bytes = try? JSONEncoder().encode(verdict) else { return }
        say(String(decoding: bytes, as: UTF8.self))
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
