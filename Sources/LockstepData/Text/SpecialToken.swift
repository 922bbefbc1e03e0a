// SPDX-License-Identifier: Apache-2.0
// Words that stand for something else than themselves, as fastai spells them.

/// The reserved tokens of fastai's text applications.
public enum SpecialToken: String, CaseIterable, Codable, Sendable {
    /// A token that is not in the vocabulary.
    case unknown = "xxunk"
    /// Fills a short text up to the length of the others.
    case padding = "xxpad"
    /// A text begins.
    case beginning = "xxbos"
    /// A text ends.
    case end = "xxeos"
    /// A field of a record begins.
    case field = "xxfld"
    /// `xxrep 4 o`: the character `o` four times.
    case repeatedCharacter = "xxrep"
    /// `xxwrep 3 ha`: the word `ha` three times.
    case repeatedWord = "xxwrep"
    /// The next word is in capitals.
    case upper = "xxup"
    /// The next word begins with a capital.
    case capitalized = "xxmaj"

    /// All of them, in the order in which a vocabulary begins.
    public static let all = allCases.map(\.rawValue)
}
