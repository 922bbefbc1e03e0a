// SPDX-License-Identifier: Apache-2.0
// Sizes along the height and width of an image, and how an image is padded.

/// A size along the height and one along the width. `3` means both; `[3, 1]` gives each.
public struct Pair: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, CustomStringConvertible
{
    /// Along the height.
    public var height: Int
    /// Along the width.
    public var width: Int

    /// The same size along both axes.
    public init(_ size: Int) {
        height = size
        width = size
    }

    /// Two sizes.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    /// The same along both.
    public init(integerLiteral value: Int) { self.init(value) }

    /// - Precondition: one or two sizes.
    public init(arrayLiteral elements: Int...) {
        require(
            elements.count == 1 || elements.count == 2, "Pair: \(elements) has \(elements.count) sizes, not one or two")
        self.init(elements[0], elements[elements.count - 1])
    }

    public var description: String { height == width ? "\(height)" : "[\(height), \(width)]" }
}

/// What surrounds an image in a convolution. `1` and `[1, 2]` add zeros on both sides of height and width.
public enum Padding: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// Zeros on both sides of each axis.
    case zeros(Pair)
    /// As many zeros as keep the size of the image; an odd one goes behind. Needs stride 1.
    case same

    /// The same number of zeros on all sides.
    public init(_ size: Int) { self = .zeros(Pair(size)) }
    /// The same along both.
    public init(integerLiteral value: Int) { self = .zeros(Pair(value)) }
    /// - Precondition: one or two sizes.
    public init(arrayLiteral elements: Int...) {
        require(
            elements.count == 1 || elements.count == 2,
            "Padding: \(elements) has \(elements.count) sizes, not one or two")
        self = .zeros(Pair(elements[0], elements[elements.count - 1]))
    }
}
