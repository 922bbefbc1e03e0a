// SPDX-License-Identifier: Apache-2.0
// A part of a module that is saved under another name than its property's.

/// Gives a part of a module (a module, or an optional, array or dictionary of them) its name in saved files.
///
/// ```swift
/// @Submodule("out_proj") var outputProjection = Linear(64, 64)
/// ```
///
/// The empty name leaves a level out: the layers of a ``Sequential`` are called `0`, `1`, … because of it.
@propertyWrapper
public struct Submodule<Part> {
    /// The part.
    public var wrappedValue: Part
    /// The name in saved files.
    public let savedName: String

    /// A part that files know by another name.
    public init(wrappedValue: Part, _ savedName: String) {
        self.wrappedValue = wrappedValue
        self.savedName = savedName
    }
}
