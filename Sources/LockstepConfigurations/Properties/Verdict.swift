// SPDX-License-Identifier: Apache-2.0
// What came of a configuration.

internal import Foundation

/// What came of a configuration.
public enum Verdict: Codable, Sendable, Equatable {
    /// Every property holds; `excused` are those that do but for rounding that training amplifies.
    case passed(excused: [String])
    /// One process and several refuse it with the same sentence.
    case refused(String)
    /// A property does not hold.
    case failed(Failure)
}

/// A property that does not hold.
public struct Failure: Codable, Sendable, Equatable {
    /// What kind of failure it is: the same for the same cause, as far as that can be told.
    public let kind: String
    /// The numbers or sentences.
    public let detail: String

    /// A failure of a kind.
    public init(_ kind: String, _ detail: String) { (self.kind, self.detail) = (String(kind.prefix(120)), detail) }
}

extension String {
    /// A sentence without what differs between ranks: their numbers, sizes of their parts, the place in the source.
    var withoutNumbers: String {
        var text = self
        if let range = text.range(of: "Fatal error: ") { text = String(text[range.upperBound...]) }
        while let range = text.range(of: #"^rank [0-9]+: "#, options: .regularExpression) { text.removeSubrange(range) }
        text = text.replacingOccurrences(of: #"/[^ :]*"#, with: "FILE", options: .regularExpression)
        // Who raised a signal is known on its own rank only.
        text = text.replacingOccurrences(of: #", raised by [^,]*,"#, with: "", options: .regularExpression)
        return text.replacingOccurrences(
            of: #"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?"#, with: "#", options: .regularExpression)
    }
}
