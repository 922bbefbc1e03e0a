// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a learner that is to be exported, or with a bundle that is to be loaded.

/// A learner cannot be exported as it is, or a bundle does not hold one.
public struct ExportError: Error, CustomStringConvertible, Sendable {
    /// What kind of thing went wrong. New kinds may be added.
    public struct Code: Hashable, Sendable {
        private enum Kind { case unregistered, function, malformed, version, checksum }
        private let kind: Kind
        /// A type that the program does not know.
        public static let unregistered = Code(kind: .unregistered)
        /// A function: code cannot be stored.
        public static let function = Code(kind: .function)
        /// The file holds no learner, or one that contradicts itself.
        public static let malformed = Code(kind: .malformed)
        /// Written in a newer format.
        public static let version = Code(kind: .version)
        /// The description was changed or damaged after it was written.
        public static let checksum = Code(kind: .checksum)
    }
    /// What kind of thing went wrong.
    public let code: Code
    /// The file; nil while a learner is being described.
    public package(set) var file: String?
    /// Which part of the learner: `model.layers.2`, `metrics.0`; empty for the whole.
    public let place: String
    /// What is wrong.
    public let reason: String
    /// What helps; a whole sentence.
    public let remedy: String?

    package init(_ code: Code, file: String? = nil, at place: String = "", _ reason: String, remedy: String? = nil) {
        (self.code, self.file, self.place) = (code, file, sentence(place))
        (self.reason, self.remedy) = (sentence(reason), remedy.map { sentence($0) })
    }

    public var description: String {
        let start = (file.map { "\($0): " } ?? "") + (place.isEmpty ? "" : "\(place): ")
        return start + reason + (remedy.map { ". \($0)" } ?? "")
    }
}

extension [any CodingKey] {
    /// `model.layers.2`.
    package var place: String { map { key in key.intValue.map(String.init) ?? key.stringValue }.joined(separator: ".") }
}
