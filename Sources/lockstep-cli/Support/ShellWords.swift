// SPDX-License-Identifier: Apache-2.0
// Words as a shell takes them.

/// Commands that can be copied into a shell.
enum ShellWords {
    /// A word, in quotes unless it stands for itself.
    static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0) }
        return plain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
}
