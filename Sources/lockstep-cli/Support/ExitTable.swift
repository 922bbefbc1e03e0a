// SPDX-License-Identifier: Apache-2.0
// What the command ends with: the one table, which the page of help and docs/command.md show.

import Foundation

/// Codes and what they mean.
enum ExitTable {
    /// A code, or several that are computed alike.
    static let rows: [(code: String, meaning: String)] = [
        ("0", "done, and everything that was to be written was"),
        (
            "1",
            "failed for another reason, also predict whose answers are not finite numbers; the sentence says which"
        ),
        ("64", "words of the command line, or variables LOCKSTEP_…, that do not make sense"),
        (
            "65",
            "the training ended, but its final loss is not a finite number; or data that cannot be used; inspect: damaged, or nothing of Lockstep's; export: a learner that ONNX cannot say"
        ),
        ("66", "a file that is missing, damaged, or not what is needed"),
        ("69", "mpirun is missing"),
        ("70", "a mistake in a program: it stopped itself with a sentence"),
        ("71", "the system refuses to start a program, or to let it listen"),
        ("73", "a place that cannot be written to: found out before training"),
        ("74", "writing has failed: a full disk, an output that nobody reads"),
        ("75", "stopped as asked; a run or a sweep that had begun can be resumed"),
        ("128 + n", "ended by signal n"),
    ]

    /// As a part of a page of help.
    static var text: String {
        let width = rows.map(\.code.count).max() ?? 0
        let lead = String(repeating: " ", count: width + 4)
        let entries = rows.map { code, meaning in
            let first = "  " + code.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
            return first + lines(of: meaning, width: 79 - lead.count).joined(separator: "\n" + lead)
        }
        return "It ends with\n" + entries.joined(separator: "\n")
    }

    /// Cut between words.
    private static func lines(of text: String, width: Int) -> [String] {
        text.split(separator: " ").reduce(into: []) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
    }
}
