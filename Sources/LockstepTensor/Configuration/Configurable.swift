// SPDX-License-Identifier: Apache-2.0
// A type that says what its values are made of: once, beside itself.

/// A layer, loss, metric, callback or transform that says what its values are made of.
///
/// One declaration serves all that ask: arguments in logs of experiments (`gatherArguments()`), exported learners, which
/// are described by it and made again, and the lines in which ranks, and runs that go on, compare how they were set up.
///
/// ```swift
/// final class Scale: Module, UnaryLayer, Configurable {
///     let factor: Double
///     init(factor: Double) { self.factor = factor }
///     func callAsFunction(_ x: Tensor) -> Tensor { x * factor }
///
///     static let configuration = Configuration(Scale.self) {
///         Field("factor", \.factor, .positive)
///     } make: {
///         Scale(factor: try $0("factor"))
///     }
/// }
/// ```
///
/// A program that loads exported learners makes the type known by name first: `ExportRegistry.register(Scale.self)`. A class
/// that others inherit from declares a `class var`, and each heir that is exported overrides it.
public protocol Configurable: SendableMetatype {
    /// What values of the type are made of.
    static var configuration: Configuration { get }
}
