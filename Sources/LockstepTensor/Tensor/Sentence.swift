// SPDX-License-Identifier: Apache-2.0
// What errors quote from files and command lines is cut: a name can be as long as the file that it comes from.

/// The most that a sentence quotes of one name, and the most that it holds in all, in characters of Unicode.
package enum SentenceLimit {
    package static let quote = 60
    package static let whole = 2000
}

/// `text` with every quote “…” of more than some dozens of characters cut, and itself where that is not enough; on one line
/// where a quote has several.
///
/// For the initialisers of errors: whoever makes a message need not think of it.
package func sentence(_ text: String) -> String {
    if text.utf8.count <= SentenceLimit.quote, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.unicodeScalars.firstIndex(of: "“"),
        let close = rest[open...].unicodeScalars.firstIndex(of: "”")
    {
        let inside = rest.unicodeScalars.index(after: open)
        result += rest[..<inside]
        result += shortened(rest[inside..<close])
        rest = rest[close...]
        // The closing mark itself.
        result.unicodeScalars.append(rest.unicodeScalars.removeFirst())
    }
    result += rest
    let scalars = result.unicodeScalars
    guard result.utf8.count > SentenceLimit.whole,
        let cut = scalars.index(
            scalars.startIndex, offsetBy: SentenceLimit.whole, limitedBy: scalars.endIndex), cut < scalars.endIndex
    else { return result }
    // The end has the remedy.
    let head = scalars.index(scalars.startIndex, offsetBy: SentenceLimit.whole * 3 / 4)
    let tail = scalars.index(scalars.endIndex, offsetBy: -SentenceLimit.whole / 5)
    return String(scalars[..<head]) + " … " + String(scalars[tail...])
}

/// `name` as it may stand in a sentence: some dozens of characters, none that moves the cursor.
package func shortened(_ name: some StringProtocol) -> String {
    let scalars = name.unicodeScalars
    let limit = SentenceLimit.quote
    let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex)
    var shown = String.UnicodeScalarView()
    for scalar in scalars.prefix(end == nil || end == scalars.endIndex ? limit : limit - 1) {
        shown.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
    }
    return String(shown) + (end == nil || end == scalars.endIndex ? "" : "…")
}
