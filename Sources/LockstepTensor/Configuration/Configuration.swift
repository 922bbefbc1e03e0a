// SPDX-License-Identifier: Apache-2.0
// What the values of one type are made of: a name, fields, and how a value is made again of them.

/// What the values of a type are made of, and how one is made again; see ``Configurable``.
///
/// - ``init(_:as:fields:make:)`` for a type whose values come back from files,
/// - ``init(_:as:fields:)`` for one that only tells its arguments: it belongs to a run or holds functions,
/// - ``init(codable:as:checking:)`` for a `Codable` type.
public struct Configuration: Sendable {
    /// What files call the type.
    public let name: String
    /// The type.
    package let type: any Any.Type
    /// Whether it is of a function's results, and ``type`` that of the function's options.
    package let isFunction: Bool
    /// Names of the fields in files, and of the arguments told.
    package let fieldNames: [String], argumentNames: [String]
    private let read: @Sendable (Any) throws -> [(name: String, value: any Encodable)]?
    private let tell: @Sendable (Any) -> [(name: String, value: ConfigValue)]?
    private let construct: (@Sendable (ExportFields) throws -> Any)?

    private init<Value>(
        _ type: Value.Type, _ name: String?, _ fields: [Field<Value>],
        _ construct: (@Sendable (ExportFields) throws -> Any)?, isFunction: Bool = false
    ) {
        (self.name, self.type, self.construct, self.isFunction) = (name ?? "\(type)", type, construct, isFunction)
        (fieldNames, argumentNames) = (fields.compactMap(\.name), fields.compactMap(\.argument))
        read = { value in
            guard let value = value as? Value else { return nil }
            return try fields.compactMap { field in
                guard let name = field.name, !field.isLeftOut(value) else { return nil }
                return (name, try field.read(value))
            }
        }
        tell = { value in
            guard let value = value as? Value else { return nil }
            return fields.compactMap { field in
                guard let name = field.argument, let told = field.tell(value) else { return nil }
                return (name, told)
            }
        }
    }

    /// What a value is made of, and how it is made again.
    ///
    /// - Parameters:
    ///   - name: What files call the type; its own name when nil.
    ///   - fields: What `make` needs, with the ranges in which it is taken.
    ///   - make: A value of fields that lie in their ranges. The file may be hostile: check what else would trap, and
    ///     ``ExportFields/claim(_:)`` weights before they are made.
    public init<Value>(
        _ type: Value.Type, as name: String? = nil, @FieldBuilder<Value> fields: () -> [Field<Value>],
        make: @escaping @Sendable (_ fields: ExportFields) throws -> Value
    ) {
        let fields = fields()
        self.init(type, name, fields, Configuration.checking(fields, make))
    }

    /// A type without options.
    public init<Value>(
        _ type: Value.Type, as name: String? = nil, make: @escaping @Sendable (_ fields: ExportFields) throws -> Value
    ) {
        self.init(type, as: name, fields: { [Field<Value>]() }, make: make)
    }

    /// A type that tells its arguments, but does not come back from files.
    public init<Value>(
        _ type: Value.Type, as name: String? = nil, @FieldBuilder<Value> fields: () -> [Field<Value>]
    ) {
        self.init(type, name, fields(), nil)
    }

    /// A type that codes itself. Its arguments are what it stores.
    ///
    /// - Parameter check: Throws for values that the type's own initialiser would not take.
    public init<Value: Codable & SendableMetatype>(
        codable type: Value.Type, as name: String? = nil,
        checking check: @escaping @Sendable (_ value: Value, _ fields: ExportFields) throws -> Void = { _, _ in }
    ) {
        (self.name, self.type, isFunction) = (name ?? "\(type)", type, false)
        (fieldNames, argumentNames) = (["value"], [])
        read = { value in (value as? Value).map { [("value", $0)] } }
        tell = { value in (value as? Value).map(Configuration.stored) }
        construct = { fields in
            let value: Value = try fields("value")
            try check(value, fields)
            return value
        }
    }

    /// A function's results, which remember the function's arguments: see the learner's `Metric.made(by:of:)`.
    package init<Options, Made>(
        function name: String, of options: Options.Type, @FieldBuilder<Options> fields: () -> [Field<Options>],
        make: @escaping @Sendable (_ fields: ExportFields) throws -> Made
    ) {
        let fields = fields()
        self.init(options, name, fields, Configuration.checking(fields, make), isFunction: true)
    }

    /// A type whose arguments are given as a whole.
    package init<Value>(
        _ type: Value.Type, as name: String?,
        reading: @escaping @Sendable (Value) throws -> [(name: String, value: any Encodable)],
        make: @escaping @Sendable (ExportFields) throws -> Value
    ) {
        (self.name, self.type, construct, isFunction) = (name ?? "\(type)", type, make, false)
        (fieldNames, argumentNames) = ([], [])
        read = { value in try (value as? Value).map(reading) }
        tell = { _ in nil }
    }

    // MARK: Use

    /// That of `type`; nil when files do not hold its values, or it has none of its own but its base's.
    package static func made(_ type: any Any.Type) -> Configuration? {
        guard let configuration = (type as? any Configurable.Type)?.configuration else { return nil }
        return configuration.isMade && configuration.type == type ? configuration : nil
    }

    /// Whether files may hold it.
    package var isMade: Bool { construct != nil }

    /// What files say of `value`; nil when they do not, or it is a value of another type.
    package func arguments(in value: Any) throws -> [(name: String, value: any Encodable)]? {
        isMade ? try read(value) : nil
    }

    /// What logs say of `value`, under the names that the arguments have in Python.
    package func told(by value: Any) -> [(name: String, value: ConfigValue)]? { tell(value) }

    /// A value of what a file says; nil when files cannot hold one.
    package func make(_ fields: ExportFields) throws -> Any? { try construct?(fields) }

    /// `make`, of fields that lie where they may.
    private static func checking<Value, Made>(
        _ fields: [Field<Value>], _ make: @escaping @Sendable (ExportFields) throws -> Made
    ) -> @Sendable (ExportFields) throws -> Any {
        let checks = fields.compactMap(\.check)
        var absent: [String: any Sendable] = [:]
        for field in fields { if let name = field.name, let value = field.absent { absent[name] = value } }
        return { [absent] read in
            var read = read
            read.absent = absent
            for check in checks { try check(read) }
            return try make(read)
        }
    }

    /// The stored properties that a log can hold.
    private static func stored(_ value: Any) -> [(name: String, value: ConfigValue)] {
        Mirror(reflecting: value).children.compactMap { child in
            guard let label = child.label, let told = ConfigValue(of: child.value) else { return nil }
            return (snakeCase(label), told)
        }
    }
}
