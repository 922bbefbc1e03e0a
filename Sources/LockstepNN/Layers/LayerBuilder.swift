// SPDX-License-Identifier: Apache-2.0
// Lists of layers written as a block, with `if` and `for`.

/// Builds the list of layers for a ``Sequential``. There is no limit on its length.
@resultBuilder
public enum LayerBuilder {
    public static func buildExpression(_ layer: any UnaryLayer) -> [any UnaryLayer] { [layer] }
    public static func buildExpression(_ layers: [any UnaryLayer]) -> [any UnaryLayer] { layers }
    public static func buildBlock(_ parts: [any UnaryLayer]...) -> [any UnaryLayer] { Array(parts.joined()) }
    public static func buildOptional(_ part: [any UnaryLayer]?) -> [any UnaryLayer] { part ?? [] }
    public static func buildEither(first part: [any UnaryLayer]) -> [any UnaryLayer] { part }
    public static func buildEither(second part: [any UnaryLayer]) -> [any UnaryLayer] { part }
    public static func buildArray(_ parts: [[any UnaryLayer]]) -> [any UnaryLayer] { Array(parts.joined()) }
    public static func buildLimitedAvailability(_ part: [any UnaryLayer]) -> [any UnaryLayer] { part }
}
