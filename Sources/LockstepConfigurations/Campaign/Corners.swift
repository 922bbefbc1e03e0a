// SPDX-License-Identifier: Apache-2.0
// Configurations kept in a file because they failed once.

internal import Foundation

/// Reads a file of configurations: a line is what was wrong, then the configuration. Empty lines and those that begin with # say nothing.
public enum Corners {
    /// The configurations of the file at `path`, in its order.
    ///
    /// - Throws: ``ConfigurationError`` with the number of a line that holds none, or where the file cannot be read.
    public static func read(_ path: String) throws(ConfigurationError) -> [Configuration] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw ConfigurationError("\(path) cannot be read")
        }
        var found: [Configuration] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            do {
                found.append(try Configuration(line: String(line[(line.firstIndex(of: "{") ?? line.startIndex)...])))
            } catch {
                throw ConfigurationError("\(path):\(number + 1): \(error)")
            }
        }
        return found
    }
}
