// SPDX-License-Identifier: Apache-2.0
// Sizes along height and width in files: two numbers, or the word same.

extension Pair: Codable {
    /// Two numbers, the height first.
    public func encode(to encoder: any Encoder) throws { try [height, width].encode(to: encoder) }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let sizes = try [Int](from: decoder)
        guard sizes.count == 2 else {
            throw ExportError(.malformed, at: decoder.codingPath.place, "\(sizes.prefix(8)) are not two sizes")
        }
        self.init(sizes[0], sizes[1])
    }
}

extension Padding: Codable {
    /// Two numbers, or `same`.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .zeros(let size): try size.encode(to: encoder)
        case .same: try "same".encode(to: encoder)
        }
    }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        guard let word = try? decoder.singleValueContainer().decode(String.self) else {
            self = .zeros(try Pair(from: decoder))
            return
        }
        guard word == "same" else {
            throw ExportError(.malformed, at: decoder.codingPath.place, "“\(word)” is neither two sizes nor same")
        }
        self = .same
    }
}
