// SPDX-License-Identifier: Apache-2.0
// The types an exported learner may hold, and how their values are described and made again.

import LockstepNN
import LockstepTensor
import Synchronization

/// The types whose values an exported learner may hold.
///
/// Everything in this package is registered. Register types of your own in the program that exports and in the one that
/// loads, before either:
///
/// ```swift
/// ExportRegistry.register(Net.self) { _ in Net() }                             // a model without options
/// ExportRegistry.register(Scale.self) { ["factor": $0.factor] } make: {        // a layer, loss, metric, … with one
///     Scale(factor: try $0("factor"))
/// }
/// ExportRegistry.register(AvgMetric.self, called: "log error") {               // a function, by its name
///     AvgMetric("log error") { pred, target in (pred - target).abs().log1p().mean() }
/// }
/// ```
///
/// Weights and buffers need no mention: they are stored by name. Parts (layers in a layer) do when they are arguments;
/// wrap them in ``ExportPart``. May be used from any thread.
public enum ExportRegistry {
    /// The arguments a value is made of, by name: `["inputs": 64, "bias": true]`.
    public struct Arguments: ExpressibleByDictionaryLiteral {
        var list: [(name: String, value: any Encodable)]

        public init(dictionaryLiteral elements: (String, any Encodable)...) {
            list = elements.map { (name: $0.0, value: $0.1) }
        }

        /// The arguments of both; a base's, and what a kind of it adds.
        public static func + (a: Arguments, b: Arguments) -> Arguments {
            var sum = a
            sum.list += b.list
            return sum
        }
    }

    /// Makes `type` known.
    ///
    /// - Parameters:
    ///   - name: What files call it; the type's name when nil.
    ///   - arguments: What `make` needs to make the value again.
    ///   - make: Makes a value; the file may be hostile, so check arguments that would trap.
    /// - Precondition: no other type has the name.
    public static func register<Value>(
        _ type: Value.Type, as name: String? = nil,
        arguments: @escaping @Sendable (_ value: Value) throws -> Arguments = { _ in [:] },
        make: @escaping @Sendable (_ fields: ExportFields) throws -> Value,
        file: StaticString = #fileID, line: UInt = #line
    ) {
        let entry = Entry(type, as: name, arguments, make)
        let isFree = own.withLock { $0.add(entry) }
        require(
            isFree && builtIn.isFree(entry),
            "ExportRegistry: the name \(entry.name) belongs to another type; choose one with as:", file: file,
            line: line)
    }

    /// Makes a codable `type` known.
    public static func register<Value: Codable & SendableMetatype>(
        _ type: Value.Type, as name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        let entry = Entry(codable: type, as: name)
        let isFree = own.withLock { $0.add(entry) }
        require(
            isFree && builtIn.isFree(entry),
            "ExportRegistry: the name \(entry.name) belongs to another type; choose one with as:", file: file,
            line: line)
    }

    /// Makes a value known that consists of a function: an ``AvgMetric``, ``AccumMetric``, `CustomLoss`, `Apply`, ….
    ///
    /// - Parameter label: The value's name. A value of this type and name counts as what `make` makes.
    public static func register<Value>(
        _ type: Value.Type, called label: String, make: @escaping @Sendable () -> Value
    ) {
        own.withLock { $0.functions[functionName("\(type)", label)] = { _ in make() } }
    }

    // MARK: Use

    /// What files call the type of `value`, and its arguments.
    static func describe(_ value: Any, at place: String) throws -> (name: String, arguments: Arguments) {
        if let recipe = (value as? Metric)?.recipe { return (recipe.name, recipe.arguments) }
        let type = type(of: value)
        if let label = label(ofFunction: value) {
            let name = functionName("\(type)", label)
            if own.withLock({ $0.functions[name] != nil }) { return (name, [:]) }
            throw ExportError(
                .function, at: place, "\(type) “\(label)” consists of a function, and code cannot be stored",
                remedy: "Make it known with ExportRegistry.register(\(type).self, called: \"\(label)\") { … }")
        }
        guard let entry = own.withLock({ $0.entry(of: type) }) ?? builtIn.entry(of: type) else {
            throw ExportError(
                .unregistered, at: place, "the type \(type) is not registered, so it cannot be stored",
                remedy: "Make it known with ExportRegistry.register(\(type).self) { … }")
        }
        do { return (entry.name, try entry.arguments(value)) } catch let error as ExportError {
            throw error.place.isEmpty ? ExportError(error.code, at: place, error.reason, remedy: error.remedy) : error
        }
    }

    static func make(_ name: String, from fields: ExportFields) throws -> Any {
        if let make = own.withLock({ $0.functions[name] ?? $0.byName[name]?.make }) ?? builtIn.byName[name]?.make {
            return try make(fields)
        }
        throw ExportError(
            .unregistered, at: fields.place, "the type \(name) is not registered in this program",
            remedy: "Call ExportRegistry.register for it before loading")
    }

    /// Whether files may hold a type of this name.
    static func knows(_ name: String) -> Bool { own.withLock { $0.byName[name] != nil } || builtIn.byName[name] != nil }

    /// Values that are functions with a name.
    private static func label(ofFunction value: Any) -> String? {
        switch value {
        case let metric as AvgMetric: metric.name
        case let metric as ValueMetric: metric.name
        case let metric as LossMetric: metric.name
        case let metric as AccumMetric where type(of: metric) == AccumMetric.self: metric.name
        case let loss as CustomLoss: loss.name
        case let layer as Apply: layer.name
        default: nil
        }
    }

    private static func functionName(_ type: String, _ label: String) -> String { "\(type)(\(label))" }

    private static let own = Mutex(Table())
    private static let builtIn = Table(Entry.layers + Entry.losses + Entry.metrics + Entry.callbacks)
}

extension ExportRegistry {
    /// One type.
    struct Entry: Sendable {
        let name: String
        let type: ObjectIdentifier
        let arguments: @Sendable (Any) throws -> Arguments
        let make: @Sendable (ExportFields) throws -> Any

        init<Value>(
            _ type: Value.Type, as name: String? = nil,
            _ arguments: @escaping @Sendable (Value) throws -> Arguments = { _ in [:] },
            _ make: @escaping @Sendable (ExportFields) throws -> Value
        ) {
            (self.name, self.type, self.make) = (name ?? "\(type)", ObjectIdentifier(type), make)
            self.arguments = { value in
                guard let value = value as? Value else { return [:] }
                return try arguments(value)
            }
        }

        init<Value: Codable & SendableMetatype>(codable type: Value.Type, as name: String? = nil) {
            self.init(type, as: name) {
                ["value": $0]
            } _: {
                try $0("value")
            }
        }

        /// A metric that remembers how it was made; see ``Metric/remembering(_:_:)``.
        init(metric name: String, _ make: @escaping @Sendable (ExportFields) throws -> Metric) {
            (self.name, type, self.make) = (name, ObjectIdentifier(Never.self), make)
            arguments = { _ in [:] }
        }
    }

    struct Table: Sendable {
        private var byType: [ObjectIdentifier: Entry] = [:]
        private(set) var byName: [String: Entry] = [:]
        var functions: [String: @Sendable (ExportFields) throws -> Any] = [:]

        init(_ entries: [Entry] = []) { for entry in entries { _ = add(entry) } }

        func entry(of type: Any.Type) -> Entry? { byType[ObjectIdentifier(type)] }

        func isFree(_ entry: Entry) -> Bool { byName[entry.name].map { $0.type == entry.type } ?? true }

        /// False, and nothing is added, when the name belongs to another type.
        mutating func add(_ entry: Entry) -> Bool {
            guard isFree(entry) else { return false }
            byName[entry.name] = entry
            byType[entry.type] = entry
            return true
        }
    }
}
