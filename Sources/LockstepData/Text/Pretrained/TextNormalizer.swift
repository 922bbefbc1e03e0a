// SPDX-License-Identifier: Apache-2.0
// What is done to a text before it is cut: the `normalizer` of a tokenizer file.

/// A change of a text's characters.
indirect enum TextNormalizer: Sendable {
    case bert(BertNormalizer)
    case sequence([TextNormalizer])
    case lowercase
    /// Takes out every mark.
    case stripAccents
    /// Full canonical decomposition.
    case decompose
    case strip(left: Bool, right: Bool)
    case replace([UInt8], by: [UInt8])
    case prepend([UInt8])

    func apply(to text: inout AlignedText) {
        let table = UnicodeTable.shared
        switch self {
        case .sequence(let parts): for part in parts { part.apply(to: &text) }
        case .bert(let bert): bert.apply(to: &text)
        case .lowercase: text.map { scalar, emit in table.forEachLower(of: scalar, emit) }
        case .stripAccents:
            text.map { scalar, emit in if !table.classes(of: scalar).contains(.mark) { emit(scalar) } }
        case .decompose:
            text.map { scalar, emit in table.forEachDecomposed(of: scalar, emit) }
            text.order(table)
        case .replace(let pattern, let replacement): text.replace(pattern, by: replacement)
        case .prepend(let prefix): if !text.bytes.isEmpty { text.insert(prefix, at: [0]) }
        case .strip(let left, let right):
            var (first, last): (Int?, Int) = (nil, 0)
            text.forEachScalar { scalar, range in
                if table.classes(of: scalar).contains(.space) { return }
                if first == nil { first = range.lowerBound }
                last = range.upperBound
            }
            let (start, end) = (left ? first ?? text.bytes.count : 0, right ? last : text.bytes.count)
            text.keep(min(start, end)..<end)
        }
    }
}

/// BERT's cleaning: control characters go, white space becomes spaces, ideographs become words, accents and case go.
struct BertNormalizer: Sendable, Equatable {
    var cleansText = true
    var separatesIdeographs = true
    /// As ``lowercases`` where a file does not say.
    var stripsAccents = true
    var lowercases = true

    func apply(to text: inout AlignedText) {
        let table = UnicodeTable.shared
        if cleansText || separatesIdeographs {
            text.map { scalar, emit in
                var scalar = scalar
                let classes = table.classes(of: scalar)
                if cleansText {
                    if Self.isRemoved(scalar, classes) { return }
                    if classes.contains(.space) { scalar = 0x20 }
                }
                if separatesIdeographs, classes.contains(.ideograph) {
                    emit(0x20)
                    emit(scalar)
                    emit(0x20)
                } else {
                    emit(scalar)
                }
            }
        }
        if stripsAccents {
            TextNormalizer.decompose.apply(to: &text)
            text.map { scalar, emit in if !table.classes(of: scalar).contains(.accent) { emit(scalar) } }
        }
        if lowercases { TextNormalizer.lowercase.apply(to: &text) }
    }

    /// Whether cleaning takes a scalar out. Tab and the ends of lines are white space to it.
    @inline(__always)
    static func isRemoved(_ scalar: UInt32, _ classes: UnicodeTable.Classes) -> Bool {
        classes.contains(.control) && scalar != 9 && scalar != 10 && scalar != 13
    }
}
