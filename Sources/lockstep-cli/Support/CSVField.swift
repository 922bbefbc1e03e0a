// SPDX-License-Identifier: Apache-2.0
// A text as a field of the CSV files that the command writes.

extension String {
    /// Quoted where a comma, a quote or a line end is in it (RFC 4180), or a space at an end, which readers drop.
    var csvField: String {
        let isPlain = !contains { ",\"".contains($0) || $0.isNewline } && first != " " && last != " "
        return isPlain ? self : "\"" + replacing("\"", with: "\"\"") + "\""
    }
}
