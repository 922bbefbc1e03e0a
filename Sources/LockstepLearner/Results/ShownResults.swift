// SPDX-License-Identifier: Apache-2.0
// Items with what they are and what the model takes them for, to be looked at.

import LockstepData
import LockstepTensor

/// Some items, their targets and predictions: ``text(width:usesColor:)`` for a terminal, ``html(title:)`` for a browser.
public struct ShownResults: Sendable {
    /// A value to be looked at.
    public enum Content: Equatable, Sendable {
        case picture(Pixels)
        case text(String)
    }
    /// One item.
    public struct Item: Equatable, Sendable {
        /// What the model was given.
        public let inputs: [Content]
        /// What it is, once for each target; none for unlabelled items.
        public let targets: [Content]
        /// What the model takes it for, once for each output; none where no model was asked.
        public let predictions: [Content]
        /// How probable the model finds its decision, if it is one among classes.
        public let probability: Double?
        /// Whether prediction and target are the same class; nil where there are no classes, or no target.
        public let isRight: Bool?

        /// The first target; nil for unlabelled items.
        public var target: Content? { targets.first }
        /// What the model takes it for by its first output; nil where no model was asked.
        public var prediction: Content? { predictions.first }
    }
    /// The items, in the order in which they are shown.
    public let items: [Item]
}

extension ShownResults: CustomStringConvertible {
    public var description: String { text() }
}

extension ShownResults.Content {
    /// What a person is shown of `value`: pictures of tensors with two or three axes, text of all else.
    init(_ value: Any) {
        switch value {
        case let image as TensorImage: self = .init(picture: image.tensor) ?? .text("\(image.tensor.shape)")
        case let mask as TensorMask: self = .init(picture: mask.tensor) ?? .text("\(mask.tensor.shape)")
        case let tensor as Tensor: self = .init(picture: tensor) ?? .text(numbers(of: tensor))
        case let text as any Showable: self = .text(text.shown)
        default: self = .text("\(value)")
        }
    }

    private init?(picture tensor: Tensor) {
        // A table of a few columns is no picture.
        guard tensor.rank >= 2, tensor.shape[tensor.rank - 1] > 3, tensor.shape[tensor.rank - 2] > 3,
            let pixels = Pixels(tensor)
        else { return nil }
        self = .picture(pixels)
    }
}

/// The elements of a tensor in few words: the first six of many.
private func numbers(of tensor: Tensor) -> String {
    func number(_ value: Double) -> String {
        tensor.dtype.isFloatingPoint ? label(value) : tensor.dtype == .bool ? "\(value != 0)" : "\(Int(value))"
    }
    let values = tensor.doubles
    if values.count == 1 { return number(values[0]) }
    return "[" + values.prefix(6).map(number).joined(separator: ", ")
        + (values.count > 6 ? ", … (\(values.count))" : "") + "]"
}
