// SPDX-License-Identifier: Apache-2.0
// Tensors of one element as Swift's numbers, and as places in its arrays: `names[scores.argmax()]`.

extension Double {
    /// The only element.
    /// - Precondition: exactly one element.
    public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        self = tensor.item(file: file, line: line)
    }
}

extension Float {
    /// The only element.
    /// - Precondition: exactly one element.
    public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        self.init(tensor.item(file: file, line: line))
    }
}

extension Int {
    /// The only element, towards zero.
    /// - Precondition: exactly one element, and an `Int` holds it.
    public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        let number = tensor.item(file: file, line: line)
        if !tensor.dtype.isFloatingPoint {
            self = tensor.ints[0]  // also those that no Double holds
            return
        }
        require(
            number >= -0x1p63 && number < 0x1p63, "Int: \(number) is no whole number that an Int holds", file: file,
            line: line)
        self.init(number)
    }
}

extension Bool {
    /// Whether the only element is another than 0.
    /// - Precondition: exactly one element.
    public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
        self = tensor.item(file: file, line: line) != 0
    }
}

extension Array {
    /// The element at the place that a tensor of one integer holds, as `argmax` gives it.
    ///
    /// ```swift
    /// let names = ["cat", "dog"]
    /// print(names[Tensor([0.2, 0.8]).argmax()])    // dog
    /// ```
    /// - Precondition: one integer from 0 to below the array's count.
    public subscript(index: Tensor, file file: StaticString = #fileID, line line: UInt = #line) -> Element {
        require(
            index.dtype.isInteger && index.count == 1,
            "subscript: an array's place is one integer, not a tensor \(index.shape) of \(index.dtype)", file: file,
            line: line)
        let place = index.ints[0]
        require(
            indices.contains(place), "subscript: there is no element \(place) among \(count)", file: file, line: line)
        return self[place]
    }
}
