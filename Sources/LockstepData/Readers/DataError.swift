// SPDX-License-Identifier: Apache-2.0
// The one error type of this module: what is wrong, in which file, at which place, and what to do about it.

import LockstepTensor

/// An error caused by the world outside the program: a file that is missing, cut short, damaged or hostile, or data
/// that do not fit their use.
///
/// `description` is one sentence ready to be shown to a person: file, place, what is wrong, and a remedy when there
/// is a usual one.
public struct DataError: Error, Sendable, CustomStringConvertible {
    /// What kind of thing went wrong. New kinds may be added; compare with `==`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unreadable, unwritable, unwritten, truncated, malformed, tooLarge, checksum, unsupported, mismatch,
                item
        }
        private let kind: Kind

        /// The file cannot be opened or read; `reason` holds the system's words.
        public static let unreadable = Code(kind: .unreadable)
        /// The file cannot be created, opened for writing or removed.
        public static let unwritable = Code(kind: .unwritable)
        /// Writing to what could be opened has failed: the disk is full, nobody reads a pipe any more.
        public static let unwritten = Code(kind: .unwritten)
        /// The file ends before its own header says it should.
        public static let truncated = Code(kind: .truncated)
        /// The bytes do not follow the format.
        public static let malformed = Code(kind: .malformed)
        /// The contents exceed a limit that protects against hostile files.
        public static let tooLarge = Code(kind: .tooLarge)
        /// A stored checksum does not agree with the bytes.
        public static let checksum = Code(kind: .checksum)
        /// Correct, but a variant of the format that is not read here.
        public static let unsupported = Code(kind: .unsupported)
        /// Well formed, but it does not fit its use: wrong shape, missing column, differing counts.
        public static let mismatch = Code(kind: .mismatch)
        /// An item of a dataset could not be made or put into a batch.
        public static let item = Code(kind: .item)

        public var description: String { kind.rawValue }
    }

    /// Where in the file the trouble was met.
    public enum Place: Hashable, Sendable, CustomStringConvertible {
        /// Bytes from the start of the (decompressed, where that applies) file.
        case byte(Int)
        /// Line number, the first line is 1.
        case line(Int)

        public var description: String {
            switch self {
            case .byte(let offset): "byte \(offset)"
            case .line(let number): "line \(number)"
            }
        }
    }

    /// What kind of problem it is.
    public let code: Code
    /// Path of the file as the caller gave it, or a name for bytes that came from elsewhere.
    public let file: String
    /// Where in the file, if that is known.
    public let place: Place?
    /// What is wrong, in one sentence.
    public let reason: String
    /// What usually helps; a whole sentence.
    public let remedy: String?

    /// A problem with a file, and what to do about it.
    public init(_ code: Code, file: String, at place: Place? = nil, _ reason: String, remedy: String? = nil) {
        self.code = code
        self.file = file
        self.place = place
        self.reason = sentence(reason)
        self.remedy = remedy.map(sentence)
    }

    public var description: String {
        let location = place.map { "\(file): \($0): " } ?? "\(file): "
        return location + reason + (remedy.map { ". \($0)" } ?? "")
    }
}
