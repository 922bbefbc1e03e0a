// SPDX-License-Identifier: Apache-2.0
// The accounts in which Open MPI 4's mpirun tells of a failed job: known by their words, between lines of so many dashes.

/// Finds mpirun's boxes among lines of others.
///
/// A box is a line of 74 dashes, text that begins as one of mpirun's does, and another such line. Whatever else ranks print,
/// lines of dashes included, comes out again as it went in.
struct MpirunBox {
    /// How the texts begin that are read here, words apart by one space; `mpirun` stands for whatever it is called.
    private static let openings = [
        "MPI_ABORT was invoked on rank", "mpirun noticed that process rank", "mpirun noticed that the job aborted",
        "Primary job terminated normally, but",
        "mpirun detected that one or more processes exited with non-zero status",
        "mpirun has exited due to process rank", "ORTE has lost communication with a remote daemon.",
        "ORTE was unable to reliably start one or more daemons.", "An ORTE daemon has unexpectedly failed after launch",
        "ORTE does not know how to route a message", "ORTE is unable to establish a communication connection",
        "One or more daemons could not be ordered to", "mpirun was unable to cleanly terminate the daemons",
        "An MPI communication peer process has unexpectedly disconnected.",
        "WARNING: Open MPI failed to TCP connect to a peer MPI process",
    ]
    /// More lines than any of them has.
    private static let longest = 60

    /// What has become of a line.
    enum Reading: Equatable {
        /// These lines are nobody's box.
        case lines([String])
        /// A whole box, without its dashes.
        case box([String])
        /// The line may be part of one.
        case held
    }

    private var held: [String] = []

    /// A line of mpirun's dashes.
    static let dashes = String(repeating: "-", count: 74)

    /// Takes the next line.
    mutating func read(_ line: String) -> Reading {
        switch held.count {
        case 0:
            guard line == Self.dashes else { return .lines([line]) }
        case 1:
            guard Self.begins(line) else {
                if line == Self.dashes { return .lines([line]) }
                return .lines(release() + [line])
            }
        default:
            if line == Self.dashes {
                defer { held = [] }
                return .box(Array(held.dropFirst()))
            }
            if held.count > Self.longest { return .lines(release() + [line]) }
        }
        held.append(line)
        return .held
    }

    /// What was held back for a box that has not come to its end.
    mutating func release() -> [String] {
        defer { held = [] }
        return held
    }

    private static func begins(_ line: String) -> Bool {
        let text = line.split(separator: " ").joined(separator: " ")
        return openings.contains { text.hasPrefix($0) }
    }
}
