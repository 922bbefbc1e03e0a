// SPDX-License-Identifier: Apache-2.0
// The types an exported learner may hold, by name.

import LockstepData
import LockstepModels
import LockstepNN
public import LockstepTensor
import Synchronization

/// The types whose values an exported learner may hold.
///
/// Everything in this package is known. Register types of your own in the program that exports and in the one that
/// loads, before either: one that is `Configurable` by itself, others with what their values are made of.
///
/// ```swift
/// ExportRegistry.register(Options.self)                                        // Configurable, or Codable
/// ExportRegistry.register(Net.self) { _ in Net() }                             // a model without options
/// ExportRegistry.register(Scale.self) { ["factor": $0.factor] } make: {        // a layer, loss, metric, … with one
///     Scale(factor: try $0("factor"))
/// }
/// ExportRegistry.register(AvgMetric.self, called: "log error") {               // a function, by its name
///     AvgMetric("log error") { pred, target in (pred - target).abs().log1p().mean() }
/// }
/// ```
///
/// Weights and buffers need no mention: they are stored by name. Parts (layers in a layer) do when they are fields. May be
/// used from any thread.
public enum ExportRegistry {
    /// The arguments a value is made of, by name: `["inputs": 64, "bias": true]`.
    public struct Arguments: ExpressibleByDictionaryLiteral {
        let list: [(name: String, value: any Encodable)]

        /// Names and values; numbers, words, arrays, `ExportPart`s.
        public init(dictionaryLiteral elements: (String, any Encodable)...) {
            list = elements.map { (name: $0.0, value: $0.1) }
        }
    }

    /// Makes a type known that says what its values are made of.
    ///
    /// - Precondition: its configuration makes values, and no other type has its name.
    public static func register<Value: Configurable>(
        _ type: Value.Type, file: StaticString = #fileID, line: UInt = #line
    ) {
        add(described: type, file, line)
    }

    /// Makes a type known that says what its values are made of, and codes itself for other ends.
    public static func register<Value: Configurable & Codable & SendableMetatype>(
        _ type: Value.Type, file: StaticString = #fileID, line: UInt = #line
    ) {
        add(described: type, file, line)
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
        add(Configuration(type, as: name, reading: { try arguments($0).list }, make: make), file, line)
    }

    /// Makes a codable `type` known.
    public static func register<Value: Codable & SendableMetatype>(
        _ type: Value.Type, as name: String? = nil, file: StaticString = #fileID, line: UInt = #line
    ) {
        add(Configuration(codable: type, as: name), file, line)
    }

    /// Makes a value known that consists of a function: an ``AvgMetric``, ``AccumMetric``, `CustomLoss`, `Apply`, ….
    ///
    /// - Parameter label: The value's name. A value of this type and name counts as what `make` makes.
    public static func register<Value>(
        _ type: Value.Type, called label: String, make: @escaping @Sendable () -> Value
    ) {
        own.withLock { $0.functions[functionName("\(type)", label)] = { _ in make() } }
    }

    private static func add<Value: Configurable>(described type: Value.Type, _ file: StaticString, _ line: UInt) {
        let configuration = type.configuration
        require(
            configuration.isMade && configuration.type == type,
            "ExportRegistry: the configuration of \(type) makes no value of it", file: file, line: line)
        add(configuration, file, line)
    }

    private static func add(_ configuration: Configuration, _ file: StaticString, _ line: UInt) {
        let isFree = own.withLock { $0.add(configuration) }
        require(
            isFree && builtIn.isFree(configuration),
            "ExportRegistry: the name \(configuration.name) belongs to another type; choose one with as:", file: file,
            line: line)
    }

    // MARK: Use

    /// What files call the type of `value`, and its arguments.
    static func describe(
        _ value: Any, at place: String
    ) throws -> (
        name: String, arguments: [(name: String, value: any Encodable)]
    ) {
        if let origin = (value as? Metric)?.origin { return (origin.function.name, try origin.arguments()) }
        let type = type(of: value)
        if let label = label(ofFunction: value) {
            let name = functionName("\(type)", label)
            if own.withLock({ $0.functions[name] != nil }) { return (name, []) }
            throw ExportError(
                .function, at: place, "\(type) “\(label)” consists of a function, and code cannot be stored",
                remedy: "Make it known with ExportRegistry.register(\(type).self, called: \"\(label)\") { … }")
        }
        if value is FunctionTransform || value is ClosureCallback || value is BeforeBatchCallback {
            throw ExportError(
                .function, at: place, "a \(type) consists of functions, and code cannot be stored",
                remedy: "Make it a type of its own and register that")
        }
        guard let known = own.withLock({ $0.configuration(of: type) }) ?? builtIn.configuration(of: type) else {
            throw ExportError(
                .unregistered, at: place, "the type \(type) is not registered, so it cannot be stored",
                remedy:
                    "Make it known with ExportRegistry.register(\(type).self)\(value is any Configurable ? "" : " { … }")"
            )
        }
        do { return (known.name, try known.arguments(in: value) ?? []) } catch let error as ExportError {
            throw error.place.isEmpty ? ExportError(error.code, at: place, error.reason, remedy: error.remedy) : error
        }
    }

    static func make(_ name: String, from fields: ExportFields) throws -> Any {
        if let make = own.withLock({ $0.functions[name] }) { return try make(fields) }
        let known = own.withLock({ $0.byName[name] }) ?? builtIn.byName[name]
        if let value = try known?.make(fields) { return value }
        throw ExportError(
            .unregistered, at: fields.place, "the type \(name) is not registered in this program",
            remedy: "Call ExportRegistry.register for it before loading")
    }

    /// Values that are functions with a name.
    private static func label(ofFunction value: Any) -> String? {
        switch value {
        case let metric as AvgMetric: metric.name
        case let metric as ValueMetric: metric.name
        case let metric as LossMetric where metric.attribute == nil: metric.name
        case let metric as AccumMetric where type(of: metric) == AccumMetric.self: metric.name
        case let loss as CustomLoss: loss.name
        case let layer as Apply: layer.name
        default: nil
        }
    }

    private static func functionName(_ type: String, _ label: String) -> String { "\(type)(\(label))" }

    /// Everything in this package that comes back from files.
    static let builtInTypes: [Configuration] =
        LayerExample.known.compactMap(\.configuration) + LossExample.all.compactMap(\.configuration)
        + TransformExample.all.map(\.configuration) + MetricExample.all.compactMap(\.configuration)
        + CallbackExample.all.compactMap(\.configuration)

    private static let own = Mutex(Table())
    private static let builtIn = Table(builtInTypes)
}

/// What writes and reads parts asks here.
struct RegistryCatalog: PartCatalog {
    func describe(
        _ value: Any, at place: String
    ) throws -> (
        name: String, arguments: [(name: String, value: any Encodable)]
    ) {
        try ExportRegistry.describe(value, at: place)
    }
    func make(_ name: String, from fields: ExportFields) throws -> Any {
        try ExportRegistry.make(name, from: fields)
    }
}

extension ExportRegistry {
    /// Types by themselves and by name.
    private struct Table: Sendable {
        private var byType: [ObjectIdentifier: Configuration] = [:]
        private(set) var byName: [String: Configuration] = [:]
        var functions: [String: @Sendable (ExportFields) throws -> Any] = [:]

        init(_ configurations: [Configuration] = []) { for configuration in configurations { _ = add(configuration) } }

        func configuration(of type: Any.Type) -> Configuration? { byType[ObjectIdentifier(type)] }

        func isFree(_ new: Configuration) -> Bool {
            byName[new.name].map { $0.type == new.type && $0.isFunction == new.isFunction } ?? true
        }

        /// False, and nothing is added, when the name belongs to another type.
        mutating func add(_ new: Configuration) -> Bool {
            guard isFree(new) else { return false }
            byName[new.name] = new
            // What a function has made says so itself; the type of its options is anything's.
            if !new.isFunction { byType[ObjectIdentifier(new.type)] = new }
            return true
        }
    }
}
