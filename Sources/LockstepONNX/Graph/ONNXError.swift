// SPDX-License-Identifier: Apache-2.0
// What cannot be said in ONNX, by name.

import LockstepTensor

/// Why a model or learner is not written as ONNX: what, where, and what helps.
public struct ONNXError: Error, CustomStringConvertible, Sendable {
    /// What kind of thing went wrong. New kinds may be added.
    public struct Code: Hashable, Sendable {
        private enum Kind { case unsupported, function, inputs, size }
        private let kind: Kind
        /// A layer, loss or transform that has no form in ONNX here.
        public static let unsupported = Code(kind: .unsupported)
        /// A function: code cannot be stored.
        public static let function = Code(kind: .function)
        /// What the model takes is not known, or not what it takes.
        public static let inputs = Code(kind: .inputs)
        /// More than a file of this format can hold.
        public static let size = Code(kind: .size)
    }
    /// What kind of thing went wrong.
    public let code: Code
    /// Which part: `model.layers.2`, `loss`, `data`; empty for the whole.
    public let place: String
    /// What is wrong.
    public let reason: String
    /// What helps; a whole sentence.
    public let remedy: String?

    /// An error of a layer of one's own.
    public init(_ code: Code, at place: String = "", _ reason: String, remedy: String? = nil) {
        (self.code, self.place) = (code, sentence(place))
        (self.reason, self.remedy) = (sentence(reason), remedy.map { sentence($0) })
    }

    public var description: String {
        "ONNX: " + (place.isEmpty ? "" : "\(place): ") + reason + (remedy.map { ". \($0)" } ?? "")
    }
}
