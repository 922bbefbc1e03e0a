// SPDX-License-Identifier: Apache-2.0
// Lists of layers written as a block, with `if` and `for`.

/// Builds the list of layers for a ``Sequential``. There is no limit on its length.
@resultBuilder
public enum LayerBuilder {
    /// A layer on a line of its own.
    public static func buildExpression(_ layer: any UnaryLayer) -> [any UnaryLayer] { [layer] }
    /// Several layers on a line of their own.
    public static func buildExpression(_ layers: [any UnaryLayer]) -> [any UnaryLayer] { layers }
    /// The layers of all lines.
    public static func buildBlock(_ parts: [any UnaryLayer]...) -> [any UnaryLayer] { Array(parts.joined()) }
    /// The layers of an `if`, or none.
    public static func buildOptional(_ part: [any UnaryLayer]?) -> [any UnaryLayer] { part ?? [] }
    /// The layers of an `if` that holds.
    public static func buildEither(first part: [any UnaryLayer]) -> [any UnaryLayer] { part }
    /// The layers of its `else`.
    public static func buildEither(second part: [any UnaryLayer]) -> [any UnaryLayer] { part }
    /// The layers of a loop.
    public static func buildArray(_ parts: [[any UnaryLayer]]) -> [any UnaryLayer] { Array(parts.joined()) }
    /// The layers of an `if #available`.
    public static func buildLimitedAvailability(_ part: [any UnaryLayer]) -> [any UnaryLayer] { part }
}
