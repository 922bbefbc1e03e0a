// SPDX-License-Identifier: Apache-2.0
// Cutting a text into tokens, by character or by word, and putting it together again.

public import LockstepTensor

/// Cuts texts into tokens.
///
/// ```swift
/// Tokenizer.words.tokens("Oh, HELLO!")       // xxbos xxmaj oh , xxup hello !
/// Tokenizer.characters.tokens("Oh!")         // O h !
/// ```
///
/// fastai: `Tokenizer`, whose `fix_html` comes first (``HTMLText``). Characters are Unicode scalars, as in Python. Words are runs of letters, digits and `_`, with inner
/// apostrophes, and inner points and commas between digits; every other character but white space is a token of its own,
/// and so is a line's end. Words are lower-cased and what that loses is kept in ``SpecialToken``s.
public struct Tokenizer: Hashable, Codable, Sendable {
    /// What one token is.
    public enum Unit: String, CaseIterable, Codable, Sendable {
        case characters, words
    }

    /// What one token is.
    public let unit: Unit
    /// Whether a text of words begins with `xxbos`, case becomes `xxmaj` and `xxup`, and three or more of the same character or
    /// word become `xxrep` and `xxwrep`: fastai's default rules.
    public let usesRules: Bool

    /// Whether a text is mended first, as one from a web page needs it: ``HTMLText/mended(_:)``.
    public let mendsHTML: Bool

    /// - Parameters:
    ///   - usesRules: for words only; characters are always left as they are.
    ///   - mendsHTML: as `usesRules` when nil.
    public init(_ unit: Unit, usesRules: Bool = true, mendsHTML: Bool? = nil) {
        self.unit = unit
        self.usesRules = usesRules && unit == .words
        self.mendsHTML = mendsHTML ?? self.usesRules
    }

    /// A tokenizer as a file says it; one that says nothing of HTML leaves texts as they are.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try fields.decode(Unit.self, forKey: .unit), usesRules: try fields.decode(Bool.self, forKey: .usesRules),
            mendsHTML: try fields.decodeIfPresent(Bool.self, forKey: .mendsHTML) ?? false)
    }

    /// One token for each character.
    public static let characters = Tokenizer(.characters)
    /// One token for each word, by fastai's rules.
    public static let words = Tokenizer(.words)

    /// The tokens that a vocabulary for these texts reserves: all of fastai's, or for characters and without rules only the
    /// one for what is not in the vocabulary.
    public var reserved: [String] {
        usesRules ? SpecialToken.all : [SpecialToken.unknown.rawValue]
    }

    /// A text as it is cut.
    func mended(_ text: String) -> String { mendsHTML ? HTMLText.mended(text) : text }

    /// The tokens of `text`.
    public func tokens(_ text: String) -> [String] {
        var result: [String] = []
        forEachToken(in: text) { result.append($0) }
        return result
    }

    /// Calls `body` with one token after another; a long text needs no array of them.
    public func forEachToken(in text: String, _ body: (String) -> Void) {
        var stream = TokenStream(self)
        stream.take(text, body)
        stream.finish(body)
    }

    /// A text with these tokens. Characters give back the text exactly; words give it with spaces where one writes them.
    public func text(of tokens: some Sequence<String>) -> String {
        guard unit == .words else { return tokens.reduce(into: "") { $0 += $1 } }
        var writer = WordWriter(obeysRules: usesRules)
        for token in tokens { writer.write(token) }
        return writer.text
    }
}

extension Tokenizer: Transform {
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (text: String) in tokens(text) }] }
    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] { [TypedFunction { (tokens: [String]) in text(of: tokens) }] }
}

extension Tokenizer: Configurable {
    public static let configuration = Configuration(codable: Tokenizer.self) { tokenizer, fields in
        try fields.check(tokenizer.unit == .words || !tokenizer.usesRules, "characters have no rules")
    }
}
