// SPDX-License-Identifier: Apache-2.0
// Values that can show themselves as text.

import LockstepTensor

/// A value that a person can read as it is: decoding need not go further back.
public protocol Showable {
    /// The value in few words.
    var shown: String { get }
}

extension String: Showable {
    /// What a terminal shows.
    public var shown: String { self }
}

extension Array: Showable where Element: Showable {
    /// What a terminal shows.
    public var shown: String { map(\.shown).joined(separator: "; ") }
}

extension TensorImage: Showable {
    /// What a terminal shows.
    public var shown: String { "image \(tensor.shape)" }
}

extension TensorMask: Showable {
    /// What a terminal shows.
    public var shown: String { "mask \(tensor.shape)" }
}

/// `value` in few words, whatever it is: the elements of a small tensor, the shape of a large one.
func textShown(_ value: Any) -> String {
    if let showable = value as? any Showable { return showable.shown }
    guard let tensor = value as? Tensor else { return "\(value)" }
    guard tensor.rank == 0 || tensor.count <= 8 && tensor.rank == 1 else { return "\(tensor.dtype) \(tensor.shape)" }
    func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e6 else { return "\(Float(value))" }
        return "\((value * 1e4).rounded() / 1e4)"
    }
    // Integers not by way of floats, which lack the last digits of large ones.
    let words =
        tensor.dtype == .bool
        ? tensor.bools.map(String.init)
        : tensor.dtype.isFloatingPoint ? tensor.doubles.map(number) : tensor.ints.map(String.init)
    return tensor.rank == 0 ? words[0] : "[" + words.joined(separator: ", ") + "]"
}
