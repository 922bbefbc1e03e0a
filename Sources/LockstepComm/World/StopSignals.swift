// SPDX-License-Identifier: Apache-2.0
// Requests of the system to end: Ctrl-C, a batch system that takes the node back, a time limit.
internal import CMPI

/// Signals by which the system asks a program to end soon: SIGTERM, SIGINT (Ctrl-C), SIGUSR1 and SIGUSR2 (Slurm's
/// `--signal`), SIGXCPU.
///
/// While they are watched, the first one only sets a flag, which the program looks at where it can stop. A second one,
/// more than a second later, ends the process at once; but for SIGXCPU, which the kernel repeats with every second of
/// computing beyond the limit, until it kills.
public enum StopSignals {
    /// Their numbers and names in C, in no particular order.
    private static let all: [(number: Int32, name: String)] = {
        var count: CInt = 0
        let signals = cmpi_stop_signals(&count)
        return (0..<Int(count)).map { (signals[$0].number, String(cString: signals[$0].name)) }
    }()

    /// The numbers of these signals.
    package static let numbers = all.map(\.number)

    /// Watches from now on. Calls nest.
    public static func watch() {
        cmpi_watch_signals()
        _ = tellsOnce
    }

    private static let tellsOnce: Void = LauncherRecord.watchingHere.tell()

    /// Lets the signals reach this program, and what it may become, though it was started with them blocked.
    package static func unblock() { cmpi_unblock_signals() }

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
        all.first { $0.number == signal }?.name ?? "signal \(signal)"
    }
}
