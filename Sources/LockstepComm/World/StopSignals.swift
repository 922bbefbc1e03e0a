// SPDX-License-Identifier: Apache-2.0
// Requests of the system to end: Ctrl-C, a batch system that takes the node back, a time limit.
internal import CMPI
internal import Foundation

/// Signals by which the system asks a program to end soon: SIGTERM, SIGINT (Ctrl-C), SIGUSR1 and SIGUSR2 (Slurm's
/// `--signal`), SIGXCPU.
///
/// While they are watched, the first one only leaves a note, which the program looks at where it can stop. A second one,
/// more than a second later, ends the process at once; but for SIGXCPU, which the kernel repeats with every second of
/// computing beyond the limit, until it kills.
public enum StopSignals {
    private static let numbers: [Int32] = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU]

    /// Watches from now on. Calls nest.
    public static func watch() {
        cmpi_watch_stop_signals()
        _ = tellsOnce
    }

    private static let tellsOnce: Void = LauncherRecord.watchingHere.tell()

    /// Lets the signals reach this program, and what it may become, though it was started with them blocked.
    package static func unblock() { cmpi_unblock_signals(numbers, CInt(numbers.count)) }

    /// Whether they are watched: the program means to stop in good order.
    package static var areWatched: Bool { cmpi_signals_are_watched() != 0 }

    /// Undoes one `watch()`; what the signals did before the first one they do again after the last.
    public static func unwatch() { cmpi_unwatch_signals() }

    /// The signal that came first while they were watched; nil when none has. For the whole process: ranks that are threads
    /// share it.
    public static var received: Int32? {
        let number = cmpi_signal_seen()
        return number == 0 ? nil : number
    }

    /// Forgets the signal that came, so that training can begin anew.
    public static func clear() { cmpi_clear_signal() }

    /// The signal's name in C.
    public static func name(of signal: Int32) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGUSR1: "SIGUSR1"
        case SIGUSR2: "SIGUSR2"
        case SIGXCPU: "SIGXCPU"
        default: "signal \(signal)"
        }
    }
}
