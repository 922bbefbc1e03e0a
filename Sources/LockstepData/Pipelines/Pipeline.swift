// SPDX-License-Identifier: Apache-2.0
// Transforms one after another: there in order, back in reverse.

import LockstepTensor

/// Transforms by `order`, equal ones as listed.
///
/// A value: a copy shares what its transforms have learned and changes no other. fastai's `Pipeline`.
public struct Pipeline {
    /// A transform with its functions, made once: a loader calls them for every item.
    private struct Stage {
        let transform: any Transform
        let encodes: [TypedFunction]
        let decodes: [TypedFunction]

        init(_ transform: any Transform) {
            (self.transform, encodes, decodes) = (transform, transform.encodes, transform.decodes)
        }

        func acts(on splitIndex: Int?) -> Bool { transform.splitIndex == nil || transform.splitIndex == splitIndex }
    }

    private var stages: [Stage] = []
    /// The types that the transforms were given for the first item at setup, and the type that came out; empty before.
    public private(set) var inputTypes: [String] = []

    /// - Parameter transforms: as they are; `setup` has them learn.
    public init(_ transforms: [any Transform] = []) { insert(transforms) }

    /// A pipeline as it was once set up: how exported ones are made again.
    public init(_ transforms: [any Transform], inputTypes: [String]) {
        insert(transforms)
        self.inputTypes = inputTypes
    }

    /// In the order in which they act.
    public var transforms: [any Transform] { stages.map(\.transform) }
    /// Whether there are no transforms.
    public var isEmpty: Bool { stages.isEmpty }

    /// What the last transform that knows says about the values that come out.
    public var targetKind: TargetKind? { stages.reversed().lazy.compactMap(\.transform.targetKind).first }
    /// The classes of the last transform that has any.
    public var vocabulary: [String]? { stages.reversed().lazy.compactMap(\.transform.vocabulary).first }

    /// Adds transforms that have learned already, or have nothing to learn.
    public mutating func insert(_ transforms: [any Transform]) {
        stages = (stages + transforms.map(Stage.init)).enumerated()
            .sorted { ($0.element.transform.order, $0.offset) < ($1.element.transform.order, $1.offset) }.map(\.element)
    }

    // MARK: There and back

    /// `value` through all transforms, or through those from number `start` on.
    ///
    /// - Throws: what a transform throws.
    public func encode(_ value: Any, context: TransformContext = TransformContext(), from start: Int = 0) throws -> Any
    {
        var value = value
        var context = context
        let use = context.use
        for (number, stage) in stages.enumerated() where number >= start && stage.acts(on: context.splitIndex) {
            context.use = use + UInt64(number)
            if let random = stage.transform as? any RandomTransform {
                value = try Pipeline.encode(value, stage.encodes, random, context)
            } else {
                value = try Pipeline.call(stage.encodes, stage.transform, value, context)
            }
        }
        return value
    }

    /// `value` back through all transforms, last first.
    ///
    /// - Parameters:
    ///   - full: whether to go all the way; otherwise only until the value is ``Showable``.
    ///   - splitIndex: the part of the data the value belongs to.
    public func decode(_ value: Any, full: Bool = true, splitIndex: Int? = nil) throws -> Any {
        var value = value
        let context = TransformContext(splitIndex: splitIndex)
        for stage in stages.reversed() {
            if !full, Pipeline.isShowable(value) { return value }
            guard stage.acts(on: splitIndex) else { continue }
            value = try Pipeline.call(stage.decodes, stage.transform, value, context)
        }
        return value
    }

    private static func isShowable(_ value: Any) -> Bool {
        if let tuple = value as? ItemTuple { return tuple.members.allSatisfy(isShowable) }
        return value is any Showable
    }

    private static func call(
        _ functions: [TypedFunction], _ transform: any Transform, _ value: Any, _ context: TransformContext
    ) throws -> Any {
        guard let tuple = tuple(value, functions), !(transform is any ItemTransform) else {
            return try TypedFunction.call(functions, on: value, context: context)
        }
        return ItemTuple(try tuple.members.map { try call(functions, transform, $0, context) })
    }

    /// The value as members to be taken one by one, if it is one: a tuple of Swift, too, unless a function takes it whole.
    private static func tuple(_ value: Any, _ functions: [TypedFunction]) -> ItemTuple? {
        if let tuple = value as? ItemTuple { return tuple }
        guard !functions.isEmpty, !(value is any SemanticTensor), !functions.contains(where: { $0.takes(value) }) else {
            return nil
        }
        return ItemTuple.members(ofSwiftTuple: value).map { ItemTuple($0) }
    }

    /// A random transform, if the item's turn comes up; of a batch every row by itself.
    private static func encode(
        _ value: Any, _ functions: [TypedFunction], _ random: any RandomTransform, _ context: TransformContext
    ) throws -> Any {
        if !context.isBatch {
            guard context.isChosen(context.items.first, random.probability) else { return value }
            return try call(functions, random, value, context)
        }
        if random.takesBatches { return try call(functions, random, value, context) }
        return try Decollation.mapped(value) { row, index in
            try encode(row, functions, random, context.row(index))
        }
    }

    // MARK: Learning

    /// Has every transform learn from items as those before it leave them.
    ///
    /// - Parameters:
    ///   - training: the items for training, which transforms learn from unless `trainSetup` is false; all when nil.
    ///   - trainSetup: what holds for transforms that do not say themselves.
    /// - Throws: what a transform throws.
    public mutating func setup(_ items: ItemList, training: ItemList? = nil, trainSetup: Bool = true) throws {
        let all = transforms
        stages = []
        try add(all, items: items, training: training, trainSetup: trainSetup)
    }

    /// Adds transforms, each of which learns from what comes out of those before.
    public mutating func add(
        _ more: [any Transform], items: ItemList, training: ItemList? = nil, trainSetup: Bool = true
    ) throws {
        for transform in Pipeline(more).transforms {
            let former = self
            let isTraining = transform.trainSetup ?? trainSetup
            let context = TransformContext(splitIndex: isTraining && training != nil ? 0 : nil)
            let seen = isTraining ? training ?? items : items
            var transform = transform
            var made = former.isEmpty ? seen : seen.mapped { try former.encode($0, context: context) }
            made.vocabulary = former.vocabulary
            try transform.setup(made)
            insert([transform])
        }
        inputTypes = try types(of: items)
    }

    /// What every transform is given, and what comes out at the end, for the first item that is not skipped.
    private func types(of items: ItemList) throws -> [String] {
        for index in 0..<items.count {
            do {
                var value = try items[index]
                var types = [Pipeline.typeName(value)]
                for stage in stages {
                    if stage.acts(on: nil) {
                        value = try Pipeline.call(stage.encodes, stage.transform, value, TransformContext())
                    }
                    types.append(Pipeline.typeName(value))
                }
                return types
            } catch is SkipItem {
                continue
            }
        }
        return []
    }

    private static func typeName(_ value: Any) -> String { String(reflecting: type(of: value)) }

    /// The number of the first transform that takes what `value` is: new items may come in half transformed.
    ///
    /// - Throws: `DataError` listing the types that are taken.
    public func start(for value: Any) throws(DataError) -> Int {
        if inputTypes.isEmpty { return 0 }
        let name = Pipeline.typeName(value)
        if let exact = inputTypes.firstIndex(of: name) { return exact }
        // What was not among the items may still be what the first transform is for: an image's bytes in place of its path.
        if let first = stages.first, first.encodes.contains(where: { $0.input == type(of: value) }) { return 0 }
        let tensor = String(reflecting: Tensor.self)
        if value is any SemanticTensor, let start = inputTypes.firstIndex(of: tensor) { return start }
        var distinct: [String] = []
        for type in inputTypes where !distinct.contains(type) { distinct.append(type) }
        throw DataError(
            .mismatch, file: "item", "is a \(name); the transforms take \(distinct.joined(separator: " or "))")
    }
}
