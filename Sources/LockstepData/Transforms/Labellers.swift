// SPDX-License-Identifier: Apache-2.0
// Finding the label of an item: the folder it lies in, a part of its name, columns of its row.

public import LockstepTensor

/// The path of a file to the name of the folder it lies in. fastai's `parent_label`.
public struct ParentLabel: Transform, Codable, Hashable, Sendable {
    /// The name of the folder a file is in.
    public init() {}

    /// The folder's name; empty where the path has none.
    public static func label(of path: String) -> String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[parts.count - 2]) : ""
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (path: String) in Self.label(of: path) }] }
}

extension ParentLabel: Configurable {
    public static let configuration = Configuration(codable: ParentLabel.self)
}

/// Text to what the first group of a regular expression matches in it. fastai's `RegexLabeller`.
///
/// ```swift
/// let breed = try RegexLabeller(#"/([^/]+)_\d+\.jpg$"#)
/// ```
public struct RegexLabeller: Transform, Codable {
    /// The regular expression; its first group is the label.
    public let pattern: String
    /// Whether the match must begin at the start of the text.
    public let atStart: Bool
    private let regex: Regex<AnyRegexOutput>

    /// - Throws: `DataError` when the pattern is not a regular expression with a group.
    public init(_ pattern: String, atStart: Bool = false) throws(DataError) {
        (self.pattern, self.atStart) = (pattern, atStart)
        do {
            regex = try Regex(pattern)
        } catch {
            throw DataError(.malformed, file: "RegexLabeller", "“\(pattern)” is not a regular expression: \(error)")
        }
    }

    /// - Throws: `DataError` naming pattern and text where nothing matches.
    public func label(of text: String) throws -> String {
        let match = atStart ? try regex.prefixMatch(in: text) : try regex.firstMatch(in: text)
        guard let match, match.output.count > 1, let group = match.output[1].substring else {
            throw DataError(.mismatch, file: "RegexLabeller", "“\(pattern)” finds no group in “\(text)”")
        }
        return String(group)
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (text: String) in try label(of: text) }] }

    private enum CodingKeys: CodingKey { case pattern, atStart }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(values.decode(String.self, forKey: .pattern), atStart: values.decode(Bool.self, forKey: .atStart))
    }
}

extension RegexLabeller: Configurable {
    public static let configuration = Configuration(codable: RegexLabeller.self)
}

/// A row of a table to the values of columns. fastai's `ColReader`.
///
/// One column gives its value (text when there is a prefix, suffix or delimiter), several an array of texts. With a
/// delimiter the text is split into a list of labels; empty text gives an empty list.
public struct ColumnReader: Transform, Codable, Hashable, Sendable {
    /// The columns that are read.
    public let columns: [String]
    /// Put before every value.
    public let prefix: String
    /// Put after every value.
    public let suffix: String
    /// What separates several labels in one value.
    public let delimiter: String?

    /// Reads these columns of a row.
    public init(_ columns: String..., prefix: String = "", suffix: String = "", delimiter: String? = nil) {
        (self.columns, self.prefix, self.suffix, self.delimiter) = (columns, prefix, suffix, delimiter)
    }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (row: TableRow) throws -> Any in
                if columns.count == 1 { return try value(row, columns[0]) }
                return try columns.map { Labels.text(try value(row, $0)) }
            }
        ]
    }

    private func value(_ row: TableRow, _ column: String) throws -> Any {
        if let delimiter {
            let text = try row.text(column) ?? ""
            return text.isEmpty
                ? [] : text.split(separator: delimiter, omittingEmptySubsequences: false).map(String.init)
        }
        if prefix.isEmpty && suffix.isEmpty { return try row.value(column) }
        return prefix + Labels.text(try row.value(column)) + suffix
    }
}

extension ColumnReader: Configurable {
    public static let configuration = Configuration(codable: ColumnReader.self)
}
