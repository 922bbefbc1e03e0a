// SPDX-License-Identifier: Apache-2.0
// Texts that are the same only if their characters are: what Unicode calls equivalent are two tokens.

/// A text as a key. Swift holds `"Å"` (U+00C5) and `"Å"` (U+212B) for equal, and Python, whose vocabularies these are, does not.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ExactText, b: ExactText) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(UInt8(0xFF))
    }
}
