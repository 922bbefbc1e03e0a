// SPDX-License-Identifier: Apache-2.0
// Where text for people goes, and what it can show.

import Glibc
public import LockstepData
import LockstepTensor
import Synchronization

/// A place to write text to.
public struct Console: Sendable {
    /// Writes text as it is and makes it visible at once.
    public let write: @Sendable (String) -> Void
    /// Whether a person is watching: lines can be rewritten.
    public let isTerminal: Bool
    /// Whether colour is wanted.
    public let usesColor: Bool

    /// A console of your own: `write` gets every text as it is.
    public init(isTerminal: Bool = false, usesColor: Bool = false, write: @escaping @Sendable (String) -> Void) {
        (self.write, self.isTerminal, self.usesColor) = (write, isTerminal, usesColor)
    }

    /// Standard output; colour unless it is no terminal or `NO_COLOR` is set. Every write is checked: ``outputFailure``.
    public static let standardOutput = of(STDOUT_FILENO) { text in
        // At once: under mpirun and in pipes a line must not wait for a full buffer.
        writeToStandardOutput(Array(text.utf8))
    }

    /// Writes to standard output what is no text, perhaps.
    package static func writeToStandardOutput(_ bytes: [UInt8]) {
        do throws(DataError) { try StandardOutput.write(bytes) } catch {
            if hasTold.exchange(true, ordering: .relaxed) { return }
            standardError.write("lockstep: \(error)\n")
        }
    }

    private static let hasTold = Atomic(false)

    /// Why standard output could not be written: a full disk, a reader that has gone. Nil while everything could be. What is
    /// written afterwards is dropped; that it is has been said once on standard error.
    public static var outputFailure: DataError? { StandardOutput.failure }

    /// Standard error.
    public static let standardError = of(STDERR_FILENO) { text in
        fflush(nil)  // what was printed before comes before
        writeToStandardError(text)
    }

    private static func of(_ descriptor: Int32, _ write: @escaping @Sendable (String) -> Void) -> Console {
        // A terminal that nobody names is none, either.
        let isTerminal = isatty(descriptor) == 1 && (getenv("TERM").map { String(cString: $0) } ?? "dumb") != "dumb"
        let refusesColor = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        return Console(isTerminal: isTerminal, usesColor: isTerminal && !refusesColor, write: write)
    }

    /// Number of columns of the terminal; 80 where that cannot be known.
    var width: Int {
        var size = winsize()
        guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
