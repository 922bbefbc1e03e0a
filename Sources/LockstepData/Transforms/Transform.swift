// SPDX-License-Identifier: Apache-2.0
// A reversible step on the way from a raw item to a tensor, chosen by the type of what it is given.

/// One step of a ``Pipeline``: functions there and back, each for one type of value.
///
/// ```swift
/// struct AddOne: Transform {
///     var encodes: [TypedFunction] { [TypedFunction { (x: Int) in x + 1 }, TypedFunction { (x: Tensor) in x + 1 }] }
///     var decodes: [TypedFunction] { [TypedFunction { (x: Int) in x - 1 }, TypedFunction { (x: Tensor) in x - 1 }] }
/// }
/// ```
///
/// The function for the most specific type that fits is called; a value that none fits passes through unchanged. An
/// ``ItemTuple`` is taken member by member, tuples in it likewise, unless the transform is an ``ItemTransform``. After `setup` a transform does not
/// change: loaders call it from several threads. A transform with state that is to be exported conforms to `Codable` too.
///
/// fastai's `Transform`.
public protocol Transform {
    /// What happens on the way to the model.
    var encodes: [TypedFunction] { get }
    /// What happens on the way back to a person.
    var decodes: [TypedFunction] { get }
    /// Learns what it has to from items as the transforms before it leave them: the training items where `trainSetup` says so.
    mutating func setup(_ items: ItemList) throws
    /// Learns what it has to from a loader whose pipelines hold the transforms before it.
    mutating func setup(loader: TransformedDataLoader) throws
    /// The place in a pipeline: lower first, equal ones as listed.
    var order: Int { get }
    /// Acts only on this part of the data: 0 for training, 1 for validation; on everything when nil.
    var splitIndex: Int? { get }
    /// Whether `setup` sees the training items only; as the pipeline is told when nil.
    var trainSetup: Bool? { get }
    /// What the values it makes mean as targets, from which the learner infers its loss.
    var targetKind: TargetKind? { get }
    /// The classes that encoded numbers stand for, after setup.
    var vocabulary: [String]? { get }
}

extension Transform {
    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] { [] }
    /// The default: nothing to learn.
    public mutating func setup(_ items: ItemList) throws {}
    /// The default: nothing to learn.
    public mutating func setup(loader: TransformedDataLoader) throws {}
    /// The place in a pipeline: lower first.
    public var order: Int { 0 }
    /// The part of the data: 0 for training, 1 for validation; nil for any.
    public var splitIndex: Int? { nil }
    /// The default: as the pipeline is told.
    public var trainSetup: Bool? { nil }
    /// What the targets mean, from which a learner infers its loss.
    public var targetKind: TargetKind? { nil }
    /// The classes that numbers stand for.
    public var vocabulary: [String]? { nil }
}

/// A transform with one type on either side.
///
/// ```swift
/// struct Celsius: TypedTransform {
///     func encode(_ kelvin: Double, context: TransformContext) -> Double { kelvin - 273.15 }
///     func decode(_ celsius: Double) -> Double { celsius + 273.15 }
/// }
/// ```
public protocol TypedTransform<Input, Output>: Transform {
    associatedtype Input
    associatedtype Output
    /// The way to the model.
    func encode(_ value: Input, context: TransformContext) throws -> Output
    /// The way back.
    func decode(_ value: Output) throws -> Input
}

extension TypedTransform {
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [TypedFunction { (value: Input, context: TransformContext) in try encode(value, context: context) }]
    }
    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] { [TypedFunction { (value: Output) in try decode(value) }] }
}

/// A transform that is given an ``ItemTuple`` whole.
public protocol ItemTransform: Transform {}

/// A transform with random parameters, which come from its `TransformContext`: functions of (seed, epoch, item), never of the
/// rank or the thread. It acts on training items, each with a certain probability.
///
/// All members of an item see the same random numbers, so that an image and its mask stay together. Among a loader's
/// `afterBatch` transforms it is called for every row by itself, unless `takesBatches`.
public protocol RandomTransform: Transform {
    /// How often an item is changed, 0 … 1.
    var probability: Double { get }
    /// Whether the functions take whole batches too, and then choose the rows themselves (`TransformContext.chosen`).
    var takesBatches: Bool { get }
}

extension RandomTransform {
    /// The part of the data: 0 for training, 1 for validation; nil for any.
    public var splitIndex: Int? { 0 }
    /// How often it acts.
    public var probability: Double { 1 }
    /// Whether it takes whole batches.
    public var takesBatches: Bool { false }
}

/// A transform made of closures. It cannot be exported; a type of its own can.
///
/// ```swift
/// let negate = FunctionTransform { (x: Int) in -x }      // decodes as identity
/// ```
public struct FunctionTransform: Transform {
    /// What it does on the way to the model.
    public let encodes: [TypedFunction]
    /// What it does on the way back to a person.
    public let decodes: [TypedFunction]
    /// The place in a pipeline: lower first.
    public let order: Int
    /// The part of the data: 0 for training, 1 for validation; nil for any.
    public let splitIndex: Int?

    /// - Parameter order: the place in a pipeline, lower first.
    public init<Input, Output>(
        order: Int = 0, splitIndex: Int? = nil, _ encode: @escaping (Input) throws -> Output
    ) {
        (encodes, decodes) = ([TypedFunction(encode)], [])
        (self.order, self.splitIndex) = (order, splitIndex)
    }

    /// A transform made of a function, and of its way back.
    public init<Input, Output, Back>(
        order: Int = 0, splitIndex: Int? = nil, _ encode: @escaping (Input) throws -> Output,
        decode: @escaping (Output) throws -> Back
    ) {
        (encodes, decodes) = ([TypedFunction(encode)], [TypedFunction(decode)])
        (self.order, self.splitIndex) = (order, splitIndex)
    }

    /// A transform made of functions for several types.
    public init(
        order: Int = 0, splitIndex: Int? = nil, encodes: [TypedFunction], decodes: [TypedFunction] = []
    ) {
        (self.encodes, self.decodes) = (encodes, decodes)
        (self.order, self.splitIndex) = (order, splitIndex)
    }
}
